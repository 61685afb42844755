// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "content_decoder.hpp"

#include <zlib.h>

#include <limits>
#include <new>

namespace cofutures::http::detail {

namespace {

// What zlib calls its formats: the size of the window and a flag in one number.
constexpr int gzip_format = 15 + 16;
constexpr int zlib_format = 15;
constexpr int raw_format = -15;

// Tells zlib's frame from bare deflate data by its first two bytes (RFC 1950 section 2.2).
bool has_zlib_frame(unsigned char first, unsigned char second)
{
    return (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
}

class zlib_decoder final : public content_decoder {
public:
    explicit zlib_decoder(bool gzip) : gzip_(gzip)
    {
        if (inflateInit2(&stream_, gzip ? gzip_format : zlib_format) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~zlib_decoder() override { inflateEnd(&stream_); }

    zlib_decoder(const zlib_decoder&) = delete;
    zlib_decoder& operator=(const zlib_decoder&) = delete;

    bool step(std::string_view& input, std::string& output) override
    {
        if (!gzip_ && start_.size() < 2) {
            return look_at_start(input, output);
        }
        return inflate_some(input, output);
    }

    bool complete() const noexcept override { return complete_; }

private:
    bool look_at_start(std::string_view& input, std::string& output)
    {
        const std::size_t wanted = 2 - start_.size();
        start_ += input.substr(0, wanted);
        input.remove_prefix(std::min(wanted, input.size()));
        if (start_.size() < 2) {
            return false;
        }
        if (!has_zlib_frame(static_cast<unsigned char>(start_[0]),
                            static_cast<unsigned char>(start_[1]))) {
            inflateReset2(&stream_, raw_format);
        }
        std::string_view start = start_;
        inflate_some(start, output);
        return true;
    }

    bool inflate_some(std::string_view& input, std::string& output)
    {
        if (complete_) {
            if (input.empty()) {
                return false;
            }
            if (!gzip_) {
                fail_decoding("bytes after the end of the coded data");
            }
            inflateReset(&stream_); // the next member
            complete_ = false;
        }
        const std::size_t before = output.size();
        output.resize(before + step_size);
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
        stream_.avail_in = static_cast<uInt>(
            std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max()));
        const uInt offered = stream_.avail_in;
        stream_.next_out = reinterpret_cast<Bytef*>(output.data() + before);
        stream_.avail_out = step_size;
        const int outcome = inflate(&stream_, Z_NO_FLUSH);
        input.remove_prefix(offered - stream_.avail_in);
        output.resize(before + step_size - stream_.avail_out);
        complete_ = outcome == Z_STREAM_END;
        // Z_BUF_ERROR only says that nothing could be done.
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) {
            fail_decoding(stream_.msg != nullptr ? stream_.msg : "not the data it claims to be");
        }
        return stream_.avail_out == 0 || !input.empty();
    }

    bool gzip_;
    bool complete_ = false;
    std::string start_;
    z_stream stream_{};
};

} // namespace

std::unique_ptr<content_decoder> make_gzip_decoder()
{
    return std::make_unique<zlib_decoder>(true);
}

std::unique_ptr<content_decoder> make_deflate_decoder()
{
    return std::make_unique<zlib_decoder>(false);
}

} // namespace cofutures::http::detail
