// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "serve/generated_flag.hpp"

#include <array>
#include <cstdint>

namespace downloader {

namespace {

constexpr std::uint32_t width = 48;
constexpr std::uint32_t height = 36;

void append_big_endian(std::string& out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift & 0xff);
    }
}

std::uint32_t crc32(std::string_view bytes)
{
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
        }
    }
    return ~crc;
}

std::uint32_t adler32(std::string_view bytes)
{
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (const char c : bytes) {
        a = (a + static_cast<unsigned char>(c)) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

void append_chunk(std::string& png, std::string_view type, std::string_view data)
{
    append_big_endian(png, static_cast<std::uint32_t>(data.size()));
    const std::string content = std::string(type) + std::string(data);
    png += content;
    append_big_endian(png, crc32(content));
}

// One zlib stream with one stored block, which holds up to 65535 bytes: enough for this size.
std::string stored(std::string_view raw)
{
    const auto size = static_cast<std::uint16_t>(raw.size());
    std::string out = "\x78\x01\x01";
    for (const auto word : {size, static_cast<std::uint16_t>(~size)}) {
        out += static_cast<char>(word & 0xff);
        out += static_cast<char>(word >> 8);
    }
    out += raw;
    append_big_endian(out, adler32(raw));
    return out;
}

} // namespace

std::string generated_flag(std::string_view code)
{
    constexpr std::size_t bytes_per_colour = 3;
    const std::uint32_t seed = crc32(code);
    std::string raw;
    for (std::uint32_t y = 0; y < height; ++y) {
        raw += '\0'; // no filter
        const std::uint32_t colour = seed * (1 + 2 * (3 * y / height));
        for (std::uint32_t x = 0; x < width; ++x) {
            for (std::size_t channel = 0; channel < bytes_per_colour; ++channel) {
                raw += static_cast<char>(colour >> (8 * channel) & 0xff);
            }
        }
    }
    std::string header;
    append_big_endian(header, width);
    append_big_endian(header, height);
    header +=
        std::string("\x08\x02\0\0\0", 5); // 8 bits, red green blue, the only methods there are

    std::string png = "\x89PNG\r\n\x1a\n";
    append_chunk(png, "IHDR", header);
    append_chunk(png, "IDAT", stored(raw));
    append_chunk(png, "IEND", "");
    return png;
}

} // namespace downloader
