// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "content_decoder.hpp"

#include <new>

#include <zstd.h>

namespace cofutures::http::detail {

namespace {

constexpr int largest_window = 23; // as a power of two

struct context_free {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class zstd_decoder final : public content_decoder {
public:
    zstd_decoder() : context_(ZSTD_createDCtx())
    {
        if (!context_) {
            throw std::bad_alloc();
        }
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, largest_window);
    }

    bool step(std::string_view& input, std::string& output) override
    {
        if (input.empty() && !more_) {
            return false;
        }
        const std::size_t before = output.size();
        output.resize(before + step_size);
        ZSTD_inBuffer in{input.data(), input.size(), 0};
        ZSTD_outBuffer out{output.data() + before, step_size, 0};
        const std::size_t outcome = ZSTD_decompressStream(context_.get(), &out, &in);
        input.remove_prefix(in.pos);
        output.resize(before + out.pos);
        if (ZSTD_isError(outcome) != 0) {
            fail_decoding(ZSTD_getErrorName(outcome));
        }
        complete_ = outcome == 0; // further input begins another frame
        more_ = !complete_ && out.pos == step_size;
        return more_ || !input.empty();
    }

    bool complete() const noexcept override { return complete_; }

private:
    bool complete_ = false;
    bool more_ = false;
    std::unique_ptr<ZSTD_DCtx, context_free> context_;
};

} // namespace

std::unique_ptr<content_decoder> make_zstd_decoder()
{
    return std::make_unique<zstd_decoder>();
}

} // namespace cofutures::http::detail
