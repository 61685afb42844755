// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "content_decoder.hpp"

#include <cstdint>
#include <new>

#include <brotli/decode.h>

namespace cofutures::http::detail {

namespace {

struct state_free {
    void operator()(BrotliDecoderState* state) const noexcept
    {
        BrotliDecoderDestroyInstance(state);
    }
};

class brotli_decoder final : public content_decoder {
public:
    brotli_decoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr))
    {
        if (!state_) {
            throw std::bad_alloc();
        }
    }

    bool step(std::string_view& input, std::string& output) override
    {
        if (complete()) {
            if (!input.empty()) {
                fail_decoding("bytes after the end of the coded data");
            }
            return false;
        }
        const std::size_t before = output.size();
        output.resize(before + step_size);
        std::size_t in_left = input.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
        std::size_t out_left = step_size;
        auto* out = reinterpret_cast<std::uint8_t*>(output.data() + before);
        const BrotliDecoderResult outcome =
            BrotliDecoderDecompressStream(state_.get(), &in_left, &in, &out_left, &out, nullptr);
        input.remove_prefix(input.size() - in_left);
        output.resize(before + step_size - out_left);
        if (outcome == BROTLI_DECODER_RESULT_ERROR) {
            fail_decoding(BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_.get())));
        }
        return outcome == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || !input.empty();
    }

    bool complete() const noexcept override
    {
        return BrotliDecoderIsFinished(state_.get()) == BROTLI_TRUE;
    }

private:
    std::unique_ptr<BrotliDecoderState, state_free> state_;
};

} // namespace

std::unique_ptr<content_decoder> make_brotli_decoder()
{
    return std::make_unique<brotli_decoder>();
}

} // namespace cofutures::http::detail
