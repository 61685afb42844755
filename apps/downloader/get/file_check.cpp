// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/file_check.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>

namespace downloader {

namespace {

const EVP_MD* algorithm_of(const cofutures::http::checksum& expected)
{
    using algorithm = cofutures::http::checksum::algorithm;
    switch (expected.kind()) {
    case algorithm::md5:
        return ::EVP_md5();
    case algorithm::sha1:
        return ::EVP_sha1();
    case algorithm::sha256:
        return ::EVP_sha256();
    case algorithm::sha512:
        return ::EVP_sha512();
    }
    return nullptr;
}

struct context_closer {
    void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

} // namespace

bool adds_up(const std::filesystem::path& path,
             const cofutures::http::checksum& expected,
             const std::stop_token& stop)
{
    const std::unique_ptr<EVP_MD_CTX, context_closer> context(::EVP_MD_CTX_new());
    std::ifstream file(path, std::ios::binary);
    if (!context || !file ||
        ::EVP_DigestInit_ex(context.get(), algorithm_of(expected), nullptr) != 1) {
        return false;
    }
    std::array<char, 64 * 1024> block;
    while (file) {
        if (stop.stop_requested()) {
            return false;
        }
        file.read(block.data(), block.size());
        ::EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(file.gcount()));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (file.bad() || ::EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
        return false;
    }
    std::string digits;
    for (unsigned i = 0; i < size; ++i) {
        digits += fmt::format("{:02x}", digest.at(i));
    }
    return digits == expected.digits();
}

} // namespace downloader
