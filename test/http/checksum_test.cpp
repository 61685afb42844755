// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/file_options.hpp>

#include "http/file_digest.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace cofutures::http {

namespace {

const std::string md5_of_abc = "900150983cd24fb0d6963f7d28e17f72";
const std::string sha1_of_abc = "a9993e364706816aba3e25717850c26c9cd0d89d";
const std::string sha256_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string sha512_of_abc =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

TEST(HttpChecksum, IsReadWithOrWithoutItsName)
{
    EXPECT_EQ(checksum("md5:" + md5_of_abc).name(), "md5");
    EXPECT_EQ(checksum("SHA-1=" + sha1_of_abc).name(), "sha1");
    EXPECT_EQ(checksum(sha256_of_abc).name(), "sha256");
    EXPECT_EQ(checksum("sha512:" + sha512_of_abc).digits(), sha512_of_abc);
    EXPECT_EQ(checksum("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
              checksum("sha256:" + sha256_of_abc));
}

TEST(HttpChecksum, RefusesWhatIsNone)
{
    for (const std::string& text : {std::string(),
                                    std::string("sha256"),
                                    std::string("sha256:"),
                                    "sha256:" + sha1_of_abc,
                                    "crc32:" + sha1_of_abc,
                                    "x" + sha256_of_abc.substr(1),
                                    sha256_of_abc + "0",
                                    sha256_of_abc + " "}) {
        EXPECT_THROW(checksum{text}, std::invalid_argument) << text;
    }
}

TEST(HttpChecksum, IsFoundForANameThatLooksLikeTheOtherForm)
{
    const std::string line = sha256_of_abc + "  f (1) = x";

    EXPECT_EQ(find_checksum(line, "f (1) = x"), checksum(sha256_of_abc));
    EXPECT_EQ(find_checksum(line, "1"), std::nullopt);
}

TEST(HttpChecksum, IsFoundInListsOfBothForms)
{
    const std::string list = "# made by sha256sum\n" + sha256_of_abc + "  abc.txt\n" + sha1_of_abc +
                             " *image.png\r\n" + "SHA512 (a (1).txt) = " + sha512_of_abc +
                             "\nMD5 (last) = " + md5_of_abc;

    EXPECT_EQ(find_checksum(list, "abc.txt"), checksum(sha256_of_abc));
    EXPECT_EQ(find_checksum(list, "image.png"), checksum(sha1_of_abc));
    EXPECT_EQ(find_checksum(list, "a (1).txt"), checksum(sha512_of_abc));
    EXPECT_EQ(find_checksum(list, "last"), checksum(md5_of_abc));
    for (const char* absent : {"abc", "txt", "", "a", "made by sha256sum"}) {
        EXPECT_EQ(find_checksum(list, absent), std::nullopt) << absent;
    }
    EXPECT_EQ(find_checksum("", "abc"), std::nullopt);
    EXPECT_EQ(find_checksum("SHA3 (x) = " + sha256_of_abc, "x"), std::nullopt);
}

TEST(HttpFileDigest, AddsUpWhatComesInPieces)
{
    using detail::file_digest;
    for (const std::string& wanted : {md5_of_abc, sha1_of_abc, sha256_of_abc, sha512_of_abc}) {
        file_digest digest(checksum(wanted).kind());
        digest.add("ab");
        digest.add("c");
        EXPECT_EQ(digest.take(), wanted);
        digest.add("something else");
        digest.restart();
        digest.add("abc");
        EXPECT_EQ(digest.take(), wanted);
    }
}

} // namespace

} // namespace cofutures::http
