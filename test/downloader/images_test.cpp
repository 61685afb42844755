// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/country_codes.hpp"
#include "serve/flag_images.hpp"
#include "serve/generated_flag.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace downloader {

namespace {

namespace fs = std::filesystem;

std::uint32_t number_at(const std::string& bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
    }
    return value;
}

// Walks over the chunks of a PNG file, checks each sum, and returns the pixels' compressed data.
std::string checked_pixel_data(const std::string& png)
{
    EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
    std::string pixels;
    std::string types;
    std::size_t at = 8;
    while (at < png.size()) {
        const std::uint32_t size = number_at(png, at);
        const std::string content = png.substr(at + 4, 4 + size);
        const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
        EXPECT_EQ(number_at(png, at + 8 + size),
                  ::crc32(0, bytes, static_cast<uInt>(content.size())));
        types += content.substr(0, 4) + " ";
        if (content.starts_with("IDAT")) {
            pixels = content.substr(4);
        }
        at += 12 + size;
    }
    EXPECT_EQ(types, "IHDR IDAT IEND ");
    return pixels;
}

TEST(GeneratedFlag, IsAValidPngThatZlibUnpacks)
{
    const std::string png = generated_flag("br");

    const std::string packed = checked_pixel_data(png);
    const std::uint32_t width = number_at(png, 16);
    const std::uint32_t height = number_at(png, 20);
    std::string raw(height * (1 + 3 * width) + 1, '\0');
    uLongf size = raw.size();
    EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(raw.data()),
                           &size,
                           reinterpret_cast<const Bytef*>(packed.data()),
                           packed.size()),
              Z_OK);
    EXPECT_EQ(size, height * (1 + 3 * width));
}

TEST(GeneratedFlag, DiffersFromCountryToCountryAndIsAlwaysTheSame)
{
    EXPECT_EQ(generated_flag("br"), generated_flag("br"));
    EXPECT_NE(generated_flag("br"), generated_flag("cn"));
}

class FlagImagesFolder : public testing::Test {
protected:
    FlagImagesFolder()
        : folder(fs::temp_directory_path() / ("cofutures_images_" + std::to_string(::getpid())))
    {
        fs::create_directory(folder);
    }
    ~FlagImagesFolder() override { fs::remove_all(folder); }

    fs::path folder;
};

TEST_F(FlagImagesFolder, GivesTheFilesNamedLikeCodes)
{
    std::ofstream(folder / "br.png") << "image";
    std::ofstream(folder / "_generic.png") << "no";
    std::ofstream(folder / "brl.png") << "no";
    std::ofstream(folder / "cn.gif") << "no";
    const flag_images images(folder);

    EXPECT_EQ(images.size(), 1u);
    EXPECT_FALSE(images.generated());
    ASSERT_NE(images.find("br"), nullptr);
    EXPECT_EQ(*images.find("br"), "image");
    EXPECT_EQ(images.find("cn"), nullptr);
}

TEST_F(FlagImagesFolder, MustHoldImages)
{
    EXPECT_THROW(flag_images{folder}, std::runtime_error);
}

TEST_F(FlagImagesFolder, MustExistIfNamed)
{
    EXPECT_THROW(flag_images{folder / "missing"}, std::runtime_error);
}

TEST_F(FlagImagesFolder, IsReplacedByGeneratedImagesOnRequest)
{
    const flag_images images("generated");

    EXPECT_TRUE(images.generated());
    EXPECT_EQ(images.size(), known_codes().size());
    ASSERT_NE(images.find("zw"), nullptr);
    EXPECT_EQ(*images.find("zw"), generated_flag("zw"));
}

} // namespace

} // namespace downloader
