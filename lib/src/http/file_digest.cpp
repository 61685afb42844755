// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "file_digest.hpp"

#include <array>
#include <stdexcept>

namespace cofutures::http::detail {

namespace {

const EVP_MD* method_of(checksum::algorithm kind)
{
    switch (kind) {
    case checksum::algorithm::md5:
        return EVP_md5();
    case checksum::algorithm::sha1:
        return EVP_sha1();
    case checksum::algorithm::sha256:
        return EVP_sha256();
    case checksum::algorithm::sha512:
        return EVP_sha512();
    }
    return nullptr;
}

} // namespace

file_digest::file_digest(checksum::algorithm kind) : kind_(kind), context_(EVP_MD_CTX_new())
{
    restart();
}

void file_digest::restart()
{
    if (EVP_DigestInit_ex(context_.get(), method_of(kind_), nullptr) != 1) {
        throw std::runtime_error("OpenSSL cannot make this kind of checksum");
    }
}

void file_digest::add(std::string_view bytes)
{
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string file_digest::take()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
    std::string digits;
    for (unsigned i = 0; i < size; ++i) {
        digits += "0123456789abcdef"[bytes[i] >> 4];
        digits += "0123456789abcdef"[bytes[i] & 0x0f];
    }
    restart();
    return digits;
}

} // namespace cofutures::http::detail
