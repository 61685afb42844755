// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/error.hpp>

#include "content_codings.hpp"
#include "http/content_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

namespace cofutures::http::detail {

namespace {

using test::brotlied;
using test::deflated;
using test::gzipped;
using test::zstandard;
using test::zstandard_with_window;

// Feeds a decoder in pieces and takes all steps.
std::string
decoded(content_decoder& decoder, std::string_view coded, std::size_t piece = std::string::npos)
{
    std::string output;
    while (!coded.empty()) {
        std::string_view next = coded.substr(0, piece);
        coded.remove_prefix(next.size());
        std::size_t before = output.size();
        while (decoder.step(next, output)) {
            EXPECT_LE(output.size() - before, content_decoder::step_size);
            before = output.size();
        }
        EXPECT_TRUE(next.empty());
    }
    return output;
}

std::string large_text()
{
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) {
        text += std::to_string(i * 7919) + "\n";
    }
    return text;
}

struct coding {
    const char* name;
    const char* token;
    std::string (*encode)(const std::string&);
};

void PrintTo(const coding& shown, std::ostream* out)
{
    *out << shown.name;
}

class HttpDecoder : public testing::TestWithParam<coding> {
protected:
    std::unique_ptr<content_decoder> decoder = make_decoder(GetParam().token);
    const std::string text = large_text();
    const std::string coded = GetParam().encode(text);
};

TEST_P(HttpDecoder, GivesBackWhatWasEncoded)
{
    EXPECT_EQ(decoded(*decoder, coded), text);
    EXPECT_TRUE(decoder->complete());
}

TEST_P(HttpDecoder, TakesPiecesOfAnySize)
{
    const std::string small = GetParam().encode("a few words");
    EXPECT_EQ(decoded(*decoder, small, 1), "a few words");
    EXPECT_TRUE(decoder->complete());
    EXPECT_EQ(decoded(*make_decoder(GetParam().token), coded, 1000), text);
}

TEST_P(HttpDecoder, DecodesNothingToNothing)
{
    EXPECT_EQ(decoded(*decoder, GetParam().encode("")), "");
    EXPECT_TRUE(decoder->complete());
}

TEST_P(HttpDecoder, IsIncompleteUntilTheLastByte)
{
    EXPECT_FALSE(decoder->complete());
    decoded(*decoder, std::string_view(coded).substr(0, coded.size() - 1));
    EXPECT_FALSE(decoder->complete());
}

TEST_P(HttpDecoder, RefusesNonsense)
{
    const std::string nonsense(1000, '\xfe');
    EXPECT_THROW(decoded(*decoder, nonsense), std::system_error);
}

TEST_P(HttpDecoder, RefusesNonsenseAfterTheEnd)
{
    EXPECT_THROW(decoded(*decoder, coded + "and more, which is not coded"), std::system_error);
}

// Changed bytes may go unnoticed by codings without a checksum; what matters is that nothing
// worse than an error happens, which the sanitizers see.
TEST_P(HttpDecoder, SurvivesEveryChangedByte)
{
    const std::string good = GetParam().encode("a few words, a few words, a few words");
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char change : {'\x01', '\x80', '\xff'}) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ change);
            try {
                decoded(*make_decoder(GetParam().token), bad);
            } catch (const std::system_error& error) {
                EXPECT_EQ(error.code(), errc::decoding_failed);
            }
        }
    }
}

std::string zlib_framed(const std::string& text)
{
    return deflated(text, 15);
}

std::string bare(const std::string& text)
{
    return deflated(text, -15);
}

std::string coding_name(const testing::TestParamInfo<coding>& tested)
{
    return tested.param.name;
}

INSTANTIATE_TEST_SUITE_P(Codings,
                         HttpDecoder,
                         testing::Values(coding{"Gzip", "gzip", gzipped},
                                         coding{"OldGzip", "X-GZip", gzipped},
                                         coding{"Deflate", "deflate", zlib_framed},
                                         coding{"BareDeflate", "deflate", bare},
                                         coding{"Brotli", "br", brotlied},
                                         coding{"Zstandard", "zstd", zstandard}),
                         coding_name);

TEST(HttpDecoders, AreMadeForWhatIsAskedForOnly)
{
    for (const char* coding : {"", "identity", "compress", "gzip, br", "gz"}) {
        EXPECT_EQ(make_decoder(coding), nullptr) << coding;
    }
}

TEST(HttpDecoders, ReadSeveralMembersAsOneBody)
{
    EXPECT_EQ(decoded(*make_decoder("gzip"), gzipped("one ") + gzipped("two")), "one two");
    EXPECT_EQ(decoded(*make_decoder("zstd"), zstandard("one ") + zstandard("two")), "one two");
}

TEST(HttpDecoders, RefuseAWindowThatTakesTooMuchMemory)
{
    EXPECT_EQ(decoded(*make_decoder("zstd"), zstandard_with_window(23)), "hello");
    EXPECT_THROW(decoded(*make_decoder("zstd"), zstandard_with_window(24)), std::system_error);
}

} // namespace

} // namespace cofutures::http::detail
