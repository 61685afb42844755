// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Checksums of what passes by.

#include <cofutures/http/file_options.hpp>

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// The checksum of bytes that come piece by piece.
///
/// **Throws** `std::runtime_error` where OpenSSL is configured without the algorithm.
class file_digest {
public:
    explicit file_digest(checksum::algorithm kind);

    void add(std::string_view bytes);

    /// The digits in lower case; afterwards the digest begins anew.
    std::string take();

    void restart();

private:
    struct context_free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };

    checksum::algorithm kind_;
    std::unique_ptr<EVP_MD_CTX, context_free> context_;
};

} // namespace cofutures::http::detail
