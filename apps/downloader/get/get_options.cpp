// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_options.hpp"

#include <cofutures/http/file_options.hpp>

#include "option_checks.hpp"
#include "usage_error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace downloader {

namespace {

constexpr std::uint64_t most_connections = 100'000;

void check_checksums(const get_options& options)
{
    if (options.checksums == "-" && options.input == "-") {
        throw usage_error("standard input is the list or the checksums, not both",
                          std::string(get_usage()));
    }
    if (options.checksum.empty()) {
        return;
    }
    if (options.urls.size() != 1 || !options.input.empty()) {
        throw usage_error(
            "--checksum is for a single URL; for more, give --checksums, or checksums "
            "in the list",
            std::string(get_usage()));
    }
    try {
        const cofutures::http::checksum readable(options.checksum);
    } catch (const std::invalid_argument& error) {
        throw usage_error(fmt::format("--checksum: {}", error.what()), std::string(get_usage()));
    }
}

} // namespace

std::string_view get_usage()
{
    return "usage: downloader get [URL ...] [-i FILE] [-o DIR] [-j N] [OPTIONS]; --help explains "
           "them";
}

cofutures::http::headers headers_of(const get_options& options)
{
    cofutures::http::headers fields;
    for (const std::string& text : options.headers) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        const std::size_t value = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
        try {
            if (colon == text.size()) {
                throw std::invalid_argument("there is no colon");
            }
            fields.add(text.substr(0, colon), text.substr(value));
        } catch (const std::invalid_argument& error) {
            throw usage_error(
                fmt::format("--header: expected 'NAME: VALUE', got '{}': {}", text, error.what()),
                std::string(get_usage()));
        }
    }
    return fields;
}

void define_get(CLI::App& app, get_options& options)
{
    app.add_option("URL", options.urls, "What to fetch; the file is named after the URL");
    app.add_option(
           "-i,--input",
           options.input,
           "List of files to fetch, - for standard input; each line is URL [NAME] [CHECKSUM]")
        ->type_name("FILE");
    app.add_option("-o,--output-dir", options.output_dir, "Folder for the files")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("-j,--jobs", options.jobs, "Most files fetched at once")
        ->type_name("N")
        ->transform(whole_number(1, most_connections))
        ->capture_default_str();
    app.add_option("--per-host", options.per_host, "Most connections to one server")
        ->type_name("N")
        ->transform(whole_number(1, most_connections))
        ->capture_default_str();
    app.add_flag("--overwrite", options.overwrite, "Fetch also what is there already");
    app.add_flag("--resume",
                 options.resume,
                 "Keep the parts of files that were not finished, and fetch only the rest");
    app.add_option("--checksum", options.checksum, "What the file must add up to, as sha256:HEX")
        ->type_name("SUM");
    app.add_option("--checksums",
                   options.checksums,
                   "What the files must add up to, as sha256sum(1) writes it, - for standard input")
        ->type_name("FILE");
    app.add_option(
           "--retries", options.retries, "How often to try again what failed for a passing reason")
        ->type_name("N")
        ->transform(whole_number(0, 1'000'000))
        ->capture_default_str();
    app.add_option("--timeout", options.timeout, "Longest time for one file; default none")
        ->type_name("SECONDS")
        ->transform(seconds());
    app.add_option("--connect-timeout",
                   options.connect_timeout,
                   "Longest time to look up a server, to connect, and to agree on keys, each")
        ->type_name("SECONDS")
        ->transform(seconds())
        ->capture_default_str();
    app.add_option("--idle-timeout", options.idle_timeout, "Longest silence of a server")
        ->type_name("SECONDS")
        ->transform(seconds())
        ->capture_default_str();
    app.add_option("--header", options.headers, "Field to send with every request; may be repeated")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    app.add_option(
           "--cacert", options.cacert, "Authorities to trust beside the system's, in PEM form")
        ->type_name("FILE");
    app.add_option("--json", options.json, "Write a report there as JSON, - for standard output")
        ->type_name("REPORT");
    app.add_flag("--dry-run", options.dry_run, "Only say what would be fetched");
    auto* quiet = app.add_flag("-q,--quiet", options.quiet, "Say nothing but what failed");
    app.add_flag("-v,--verbose", options.verbose, "Say more about each file")->excludes(quiet);
}

void check(const get_options& options)
{
    if (options.urls.empty() && options.input.empty()) {
        throw usage_error("expected a URL or a list (-i), got nothing to fetch",
                          std::string(get_usage()));
    }
    headers_of(options);
    check_checksums(options);
    if (!options.cacert.empty() && !std::ifstream(options.cacert)) {
        throw usage_error(fmt::format("--cacert: expected a file that can be read, got '{}'",
                                      options.cacert.string()),
                          std::string(get_usage()));
    }
}

} // namespace downloader
