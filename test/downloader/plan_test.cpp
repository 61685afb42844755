// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/country_codes.hpp"
#include "flags/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace downloader {

namespace {

flags_options asking_for(std::vector<std::string> codes)
{
    flags_options options;
    options.codes = std::move(codes);
    return options;
}

flags_plan planned(const flags_options& options, mode how = mode::coroutines)
{
    return make_plan(options, how, "http://remote.test/flags");
}

TEST(CountryCodes, AreSortedUniqueAndAsManyAsTheBooksSay)
{
    const auto known = known_codes();
    EXPECT_EQ(known.size(), 194u);
    EXPECT_TRUE(std::is_sorted(known.begin(), known.end()));
    EXPECT_EQ(std::set<std::string_view>(known.begin(), known.end()).size(), known.size());
    EXPECT_EQ(known.front(), "AD");
    EXPECT_EQ(known.back(), "ZW");

    const auto populous = populous_codes();
    EXPECT_EQ(populous.size(), 20u);
    EXPECT_TRUE(std::is_sorted(populous.begin(), populous.end()));
    EXPECT_TRUE(std::includes(known.begin(), known.end(), populous.begin(), populous.end()));

    EXPECT_EQ(every_code().size(), 676u);
}

TEST(DownloaderCodes, AreUpperCaseSortedAndWithoutRepetition)
{
    EXPECT_EQ(expand_codes(asking_for({"cn", "BR", "Cn", "br"})),
              (std::vector<std::string>{"BR", "CN"}));
}

TEST(DownloaderCodes, ExpandALetterToItsCodes)
{
    const auto codes = expand_codes(asking_for({"v", "VA", "br"}));

    EXPECT_EQ(codes.size(), 27u);
    EXPECT_EQ(codes.front(), "BR");
    EXPECT_EQ(codes[1], "VA");
    EXPECT_EQ(codes.back(), "VZ");
}

TEST(DownloaderCodes, AreTwentyWithoutArgumentsAndMoreOnRequest)
{
    flags_options options;
    EXPECT_EQ(expand_codes(options).size(), 20u);
    options.codes = {"BR"};
    options.all = true;
    EXPECT_EQ(expand_codes(options).size(), 194u) << "-a wins over codes";
    options.every = true;
    EXPECT_EQ(expand_codes(options).size(), 676u) << "-e wins over -a";
    options.limit = 3;
    EXPECT_EQ(expand_codes(options), (std::vector<std::string>{"AA", "AB", "AC"}));
    options.limit = 1000;
    EXPECT_EQ(expand_codes(options).size(), 676u);
}

TEST(DownloaderCodes, LimitAlsoTheUsualTwenty)
{
    flags_options options;
    options.limit = 2;
    EXPECT_EQ(expand_codes(options), (std::vector<std::string>{"BD", "BR"}));
}

TEST(DownloaderCodes, RefuseWhatIsNoCode)
{
    for (const char* bad : {"", "B1", "BRA", "1", "\xc3\xa9", "B-", " "}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(expand_codes(asking_for({"BR", bad})), usage_error);
    }
}

TEST(DownloaderServer, IsALabelInAnyCaseOrABaseUrl)
{
    EXPECT_EQ(choose_server("delay", "r").kind, site::delay);
    EXPECT_EQ(choose_server("Error", "r").label, "ERROR");
    EXPECT_TRUE(choose_server("LOCAL", "r").embedded());
    EXPECT_EQ(choose_server("remote", "http://r").base_url, "http://r");
    EXPECT_EQ(choose_server("http://Host:81/flags/", "r").base_url, "http://host:81/flags");
    EXPECT_FALSE(choose_server("https://h", "r").embedded());
}

TEST(DownloaderServer, RefusesWhatIsNeither)
{
    EXPECT_THROW(choose_server("LOCALHOST", "r"), usage_error);
    EXPECT_THROW(choose_server("", "r"), usage_error);
    EXPECT_THROW(choose_server("ftp://h/", "r"), usage_error);
    EXPECT_THROW(choose_server("http://h:0/", "r"), usage_error);
}

TEST(DownloaderConnections, AreTheLeastOfWishMaximumAndCodes)
{
    flags_options options;
    EXPECT_EQ(planned(options).connections, 20u);
    EXPECT_EQ(planned(options, mode::sequential).connections, 1u);
    options.max_req = 7;
    EXPECT_EQ(planned(options, mode::threads).connections, 7u);
    options.max_req = 1'000'000;
    options.every = true;
    EXPECT_EQ(planned(options).connections, 676u);
    options.max_req = {};
    EXPECT_EQ(planned(options).connections, 30u);
    options.server = "REMOTE";
    EXPECT_EQ(planned(options).connections, 5u) << "a host that is not ours";
}

TEST(DownloaderPattern, MakesUrlsAndFileNames)
{
    flags_options options;
    options.output_dir = "out";
    flags_plan plan = planned(options);
    plan.server.base_url = "http://h";
    EXPECT_EQ(plan.url_of("BR"), "http://h/br/br.png");
    EXPECT_EQ(plan.file_of("BR"), "out/BR.png");

    options.server = "http://h/flags";
    EXPECT_EQ(planned(options).url_of("BR"), "http://h/flags/br/br.gif");
    EXPECT_EQ(planned(options).file_of("BR"), "out/BR.gif");

    options.pattern = "/{CC}.svg?size={cc}.x";
    EXPECT_EQ(planned(options).url_of("BR"), "http://h/flags/BR.svg?size=br.x");
    EXPECT_EQ(planned(options).file_of("BR"), "out/BR.svg");
}

TEST(DownloaderPattern, MustNameTheCode)
{
    flags_options options;
    options.pattern = "flag.png";
    EXPECT_THROW(planned(options), usage_error);
}

} // namespace

} // namespace downloader
