// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace downloader {

namespace {

get_options get(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "get");
    return std::get<get_options>(parse_command(std::move(arguments)));
}

std::string problem(std::vector<std::string> arguments)
{
    try {
        get(std::move(arguments));
    } catch (const usage_error& error) {
        EXPECT_TRUE(error.usage().starts_with("usage: downloader get ")) << error.usage();
        return error.what();
    }
    return "accepted";
}

TEST(GetOptions, HaveTheDocumentedDefaults)
{
    const get_options options = get({"http://h/"});

    EXPECT_EQ(options.urls, std::vector<std::string>{"http://h/"});
    EXPECT_EQ(options.input, "");
    EXPECT_EQ(options.output_dir, ".");
    EXPECT_EQ(options.jobs, 16);
    EXPECT_EQ(options.per_host, 6);
    EXPECT_EQ(options.retries, 3);
    EXPECT_EQ(options.segments, 4);
    EXPECT_EQ(options.min_segment, 8'000'000u);
    EXPECT_FALSE(options.timeout);
    EXPECT_EQ(options.connect_timeout, 10);
    EXPECT_EQ(options.idle_timeout, 30);
    EXPECT_FALSE(options.overwrite || options.dry_run || options.quiet || options.verbose);
    EXPECT_EQ(options.json, "");
}

TEST(GetOptions, AreRead)
{
    const get_options options = get({"-i",
                                     "-",
                                     "-o",
                                     "out",
                                     "-j",
                                     "3",
                                     "--per-host=2",
                                     "--timeout",
                                     "1.5",
                                     "--connect-timeout",
                                     "2",
                                     "--idle-timeout",
                                     "3",
                                     "--overwrite",
                                     "--dry-run",
                                     "-v",
                                     "--json",
                                     "-"});

    EXPECT_EQ(options.input, "-");
    EXPECT_EQ(options.output_dir, "out");
    EXPECT_EQ(options.jobs, 3);
    EXPECT_EQ(options.per_host, 2);
    EXPECT_EQ(options.timeout, 1.5);
    EXPECT_EQ(options.connect_timeout, 2);
    EXPECT_EQ(options.idle_timeout, 3);
    EXPECT_TRUE(options.overwrite && options.dry_run && options.verbose);
    EXPECT_EQ(options.json, "-");
}

TEST(GetOptions, TakeOneHeaderEach)
{
    const get_options options =
        get({"--header", "A: b c", "http://h/", "--header", "D:", "--header", "a:  e:f"});

    EXPECT_EQ(options.urls, std::vector<std::string>{"http://h/"});
    EXPECT_EQ(headers_of(options),
              (cofutures::http::headers{{"A", "b c"}, {"D", ""}, {"a", "e:f"}}));
}

TEST(GetOptions, TellWhoAndWhereServersAre)
{
    const get_options options = get({"http://h/",
                                     "--user",
                                     "me:a:b",
                                     "--resolve",
                                     "H:127.0.0.1",
                                     "--resolve",
                                     "h:::1",
                                     "--resolve",
                                     "g:[::2]"});

    EXPECT_EQ(credentials_of(options), cofutures::http::credentials::basic("me", "a:b"));
    EXPECT_EQ(addresses_of(options),
              (std::map<std::string, std::vector<std::string>>{{"h", {"127.0.0.1", "::1"}},
                                                               {"g", {"::2"}}}));
    EXPECT_EQ(get({"u", "--min-speed", "20k"}).min_speed, 20'000u);
    EXPECT_EQ(get({"u", "--min-speed", "2G"}).min_speed, 2'000'000'000u);
    EXPECT_EQ(get({"u", "--min-speed", "7"}).min_speed, 7u);
    EXPECT_EQ(get({"u", "--segments", "1"}).segments, 1);
    EXPECT_EQ(get({"u", "--min-segment", "20M"}).min_segment, 20'000'000u);
}

TEST(GetOptions, AreRefusedWithAReason)
{
    EXPECT_EQ(problem({}), "expected a URL or a list (-i), got nothing to fetch");
    EXPECT_EQ(problem({"u", "-j", "0"}),
              "--jobs: expected a whole number from 1 to 100000, got '0'");
    EXPECT_EQ(problem({"u", "--per-host", "-1"}),
              "--per-host: expected a whole number from 1 to 100000, got '-1'");
    EXPECT_EQ(problem({"u", "--segments", "0"}),
              "--segments: expected a whole number from 1 to 100000, got '0'");
    EXPECT_TRUE(problem({"u", "--min-segment", "x"}).starts_with("--min-segment: expected "));
    EXPECT_EQ(problem({"u", "--retries", "-1"}),
              "--retries: expected a whole number from 0 to 1000000, got '-1'");
    EXPECT_EQ(problem({"u", "--timeout", "0"}),
              "--timeout: expected seconds, more than 0, got '0'");
    EXPECT_EQ(problem({"u", "--connect-timeout", "nan"}),
              "--connect-timeout: expected seconds, more than 0, got 'nan'");
    EXPECT_EQ(problem({"u", "--idle-timeout", "-1"}),
              "--idle-timeout: expected seconds, more than 0, got '-1'");
    EXPECT_EQ(problem({"u", "--header", "x"}), "--header: expected 'NAME: VALUE', got no colon");
    EXPECT_TRUE(problem({"u", "--header", "a b: c"}).starts_with("--header: expected "));
    EXPECT_TRUE(problem({"u", "--header", "a: b\r\nc: d"}).starts_with("--header: expected "));
    EXPECT_EQ(problem({"u", "--cacert", "no/such"}),
              "--cacert: expected a file that can be read, got 'no/such'");
    EXPECT_TRUE(problem({"u", "v", "--checksum", "x"}).starts_with("--checksum is for a single"));
    EXPECT_TRUE(problem({"-i", "l", "--checksum", "x"}).starts_with("--checksum is for a single"));
    EXPECT_TRUE(problem({"u", "--checksum", "x"}).starts_with("--checksum: "));
    EXPECT_EQ(problem({"-i", "-", "--checksums", "-"}),
              "standard input is the list or the checksums, not both");
    EXPECT_EQ(problem({"u", "--min-speed", "fast"}),
              "--min-speed: expected a number of bytes, as 500, 20k, 1M or 2G, got 'fast'");
    EXPECT_TRUE(problem({"u", "--limit-rate", "1.5M"}).starts_with("--limit-rate: expected "));
    EXPECT_TRUE(problem({"u", "--limit-rate-per-host", "-1"})
                    .starts_with("--limit-rate-per-host: expected "));
    EXPECT_TRUE(problem({"u", "--min-speed", "9999999999G"}).starts_with("--min-speed: expected "));
    EXPECT_TRUE(problem({"u", "--min-speed", "k"}).starts_with("--min-speed: expected "));
    EXPECT_EQ(problem({"u", "--min-speed-time", "0"}),
              "--min-speed-time: expected seconds, more than 0, got '0'");
    EXPECT_EQ(problem({"u", "--max-redirects", "x"}),
              "--max-redirects: expected a whole number from 0 to 1000, got 'x'");
    EXPECT_EQ(problem({"u", "--user", "me"}), "--user: expected NAME:PASSWORD, got no colon");
    EXPECT_TRUE(
        problem({"u", "--user", "me:a\nb"}).starts_with("--user: expected NAME:PASSWORD: "));
    EXPECT_EQ(problem({"u", "--netrc-file", "no/such"}),
              "--netrc-file: expected a file that can be read, got 'no/such'");
    EXPECT_EQ(problem({"u", "--netrc-file", "x", "--netrc"}), "--netrc excludes --netrc-file");
    EXPECT_EQ(problem({"u", "--cert", "/"}), "--cert: expected a file that can be read, got '/'");
    EXPECT_EQ(problem({"u", "--key", "x"}), "--key: expected also --cert, got only the key");
    for (const char* text : {"h", "h:", ":127.0.0.1", "h:127.0.0", "h:80:127.0.0.1"}) {
        EXPECT_EQ(problem({"u", "--resolve", text}),
                  std::string("--resolve: expected HOST:ADDRESS, with an IP address, got '") +
                      text + "'");
    }
    EXPECT_EQ(problem({"u", "-o", "/dev/null"}),
              "--output-dir: expected a folder, got '/dev/null'");
    EXPECT_EQ(problem({"u", "--overwrite", "--newer"}), "--overwrite excludes --newer");
    EXPECT_EQ(problem({"u", "--overwrite", "--no-clobber"}), "--overwrite excludes --no-clobber");
    for (const char* other : {"--overwrite", "--newer"}) {
        const std::string text = problem({"u", "--content-disposition", other});
        EXPECT_NE(text.find(" excludes "), std::string::npos) << text;
    }
    EXPECT_EQ(problem({"u", "--content-disposition", "--checksums", "x"}),
              "--checksums finds files by names that are known before; with "
              "--content-disposition, give checksums in the list");
    EXPECT_TRUE(problem({"u", "--proxy", "ftp://h"}).starts_with("--proxy: expected "));
    EXPECT_EQ(problem({"u", "--proxy", "http://me:secret@"}).find("secret"), std::string::npos);
    EXPECT_NE(problem({"u", "--proxy", "h:1", "--unix-socket", "x"}), "accepted");
    EXPECT_EQ(problem({"u", "-q", "-v"}), "--quiet excludes --verbose");
}

TEST(GetOptions, AreRefusedWithoutTheSecretsInThem)
{
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"u", "--header", "Authorization Bearer s3cr3t"},
             {"u", "--header", "Authorization=Bearer s3cr3t: x"},
             {"u", "--header", "Bad Name: s3cr3t"},
             {"u", "--header", "Cookie: s3cr3t\r\n"},
             {"u", "--user", "s3cr3t"},
             {"u", "--user", "me:s3cr3t\n"},
             {"u", "--usr=me:s3cr3t"},
             {"u", "-xme:s3cr3t"},
             {"u", "--proxy", "ftp://me:s3cr3t@h"},
             {"u", "--proxy", "http://me:s3cr3t@"},
             {"u", "--proxy", "http://me:s3c/r3t@h:x"},
         }) {
        const std::string text = problem(arguments);
        EXPECT_NE(text, "accepted");
        EXPECT_EQ(text.find("s3c"), std::string::npos) << text;
    }
}

} // namespace

} // namespace downloader
