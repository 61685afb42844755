// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Encoders for what the client is to decode.

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include <brotli/encode.h>
#include <zstd.h>

namespace cofutures::test {

/// `format` is what deflateInit2 calls the size of the window: 31 gzip, 15 zlib, -15 bare.
inline std::string deflated(const std::string& text, int format)
{
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("deflateInit2 failed");
    }
    std::string coded(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(coded.data());
    stream.avail_out = static_cast<uInt>(coded.size());
    const int outcome = deflate(&stream, Z_FINISH);
    coded.resize(stream.total_out);
    deflateEnd(&stream);
    if (outcome != Z_STREAM_END) {
        throw std::runtime_error("deflate failed");
    }
    return coded;
}

inline std::string gzipped(const std::string& text)
{
    return deflated(text, 31);
}

inline std::string brotlied(const std::string& text)
{
    std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
    std::string coded(size, '\0');
    if (BrotliEncoderCompress(5,
                              BROTLI_DEFAULT_WINDOW,
                              BROTLI_MODE_GENERIC,
                              text.size(),
                              reinterpret_cast<const std::uint8_t*>(text.data()),
                              &size,
                              reinterpret_cast<std::uint8_t*>(coded.data())) != BROTLI_TRUE) {
        throw std::runtime_error("BrotliEncoderCompress failed");
    }
    coded.resize(size);
    return coded;
}

inline std::string zstandard(const std::string& text)
{
    std::string coded(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size = ZSTD_compress(coded.data(), coded.size(), text.data(), text.size(), 3);
    if (ZSTD_isError(size) != 0) {
        throw std::runtime_error("ZSTD_compress failed");
    }
    coded.resize(size);
    return coded;
}

/// A frame that announces a window of 2 to the power of `window` and holds "hello" as it is.
inline std::string zstandard_with_window(int window)
{
    std::string coded = {'\x28', '\xb5', '\x2f', '\xfd', '\0'}; // no checksum, no size
    coded += static_cast<char>((window - 10) << 3);
    return coded + std::string{'\x29', '\0', '\0'} + "hello"; // the last block: raw, 5 bytes
}

} // namespace cofutures::test
