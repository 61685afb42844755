// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "content_decoder.hpp"

#include <cofutures/http/error.hpp>

#include "token.hpp"

namespace cofutures::http::detail {

std::unique_ptr<content_decoder> make_decoder(std::string_view coding)
{
    if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) {
        return make_gzip_decoder();
    }
    if (equal_ignoring_case(coding, "deflate")) {
        return make_deflate_decoder();
    }
    if (equal_ignoring_case(coding, "br")) {
        return make_brotli_decoder();
    }
    if (equal_ignoring_case(coding, "zstd")) {
        return make_zstd_decoder();
    }
    return nullptr;
}

void fail_decoding(std::string_view why)
{
    throw std::system_error(make_error_code(errc::decoding_failed), std::string(why));
}

} // namespace cofutures::http::detail
