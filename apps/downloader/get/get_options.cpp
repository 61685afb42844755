// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_options.hpp"

#include <cofutures/http/file_options.hpp>

#include "option_checks.hpp"
#include "usage_error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace downloader {

namespace {

constexpr std::uint64_t most_connections = 100'000;

void check_checksums(const get_options& options)
{
    if (options.checksums == "-" && options.input == "-") {
        throw usage_error("standard input is the list or the checksums, not both",
                          std::string(get_usage()));
    }
    if (options.content_disposition && !options.checksums.empty()) {
        throw usage_error("--checksums finds files by names that are known before; with "
                          "--content-disposition, give checksums in the list",
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

void require_readable(const char* option, const std::filesystem::path& path)
{
    std::error_code ignored;
    if (!path.empty() && (std::filesystem::is_directory(path, ignored) || !std::ifstream(path))) {
        throw usage_error(
            fmt::format("{}: expected a file that can be read, got '{}'", option, path.string()),
            std::string(get_usage()));
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
        // The text is not shown: it may be an Authorization, or what should have been one.
        if (colon == text.size()) {
            throw usage_error("--header: expected 'NAME: VALUE', got no colon",
                              std::string(get_usage()));
        }
        try {
            fields.add(text.substr(0, colon), text.substr(value));
        } catch (const std::invalid_argument&) {
            throw usage_error("--header: expected 'NAME: VALUE', got a name that is no word, or a "
                              "control character",
                              std::string(get_usage()));
        }
    }
    return fields;
}

std::optional<cofutures::http::credentials> credentials_of(const get_options& options)
{
    if (options.user.empty()) {
        return std::nullopt;
    }
    const std::size_t colon = options.user.find(':');
    // The text is not shown: it may be a password.
    if (colon == std::string::npos) {
        throw usage_error("--user: expected NAME:PASSWORD, got no colon", std::string(get_usage()));
    }
    try {
        return cofutures::http::credentials::basic(options.user.substr(0, colon),
                                                   options.user.substr(colon + 1));
    } catch (const std::invalid_argument& error) {
        throw usage_error(fmt::format("--user: expected NAME:PASSWORD: {}", error.what()),
                          std::string(get_usage()));
    }
}

cofutures::http::proxy_options proxies_of(const get_options& options)
{
    namespace http = cofutures::http;
    http::proxy_options proxies;
    // The environment is for the network; the server behind a socket is on this machine.
    if (options.proxy.empty() && options.unix_socket.empty()) {
        try {
            proxies = http::proxies_from_environment();
        } catch (const std::invalid_argument& error) {
            throw usage_error(error.what(), std::string(get_usage()));
        }
    } else if (!options.proxy.empty()) {
        try {
            proxies.http.emplace(options.proxy);
            proxies.https = proxies.http;
        } catch (const std::invalid_argument& error) {
            throw usage_error(
                fmt::format("--proxy: expected [http|socks5]://HOST:PORT: {}", error.what()),
                std::string(get_usage()));
        }
    }
    if (!options.no_proxy.empty()) {
        proxies.direct = CLI::detail::split(options.no_proxy, ',');
    }
    return proxies;
}

std::map<std::string, std::vector<std::string>> addresses_of(const get_options& options)
{
    std::map<std::string, std::vector<std::string>> addresses;
    for (const std::string& text : options.resolve) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        std::string address = text.substr(std::min(colon + 1, text.size()));
        if (address.starts_with('[') && address.ends_with(']')) {
            address = address.substr(1, address.size() - 2);
        }
        std::string host = text.substr(0, colon);
        if (host.empty() || !ip_address()(address).empty()) {
            throw usage_error(
                fmt::format("--resolve: expected HOST:ADDRESS, with an IP address, got '{}'", text),
                std::string(get_usage()));
        }
        addresses[CLI::detail::to_lower(std::move(host))].push_back(std::move(address));
    }
    return addresses;
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
    auto* overwrite =
        app.add_flag("--overwrite", options.overwrite, "Fetch also what is there already");
    auto* no_clobber =
        app.add_flag("--no-clobber", options.no_clobber, "Keep what is there already: the default")
            ->excludes(overwrite);
    auto* newer =
        app.add_flag(
               "--newer",
               options.newer,
               "Fetch what is there already if the server has a newer one, and set file times")
            ->excludes(overwrite)
            ->excludes(no_clobber);
    app.add_flag("--content-disposition",
                 options.content_disposition,
                 "Let servers name the files for which the list has no name")
        ->excludes(overwrite)
        ->excludes(newer);
    app.add_flag("--file-times", options.file_times, "Give files the times that servers tell");
    app.add_flag("--sync", options.sync, "Force each file to the disk before it counts as saved");
    app.add_flag("--resume",
                 options.resume,
                 "Keep the parts of files that were not finished, and fetch only the rest");
    app.add_option("--segments",
                   options.segments,
                   "Most connections for one large file, while they help; 1 for no more than one")
        ->type_name("N")
        ->transform(whole_number(1, most_connections))
        ->capture_default_str();
    app.add_option("--min-segment",
                   options.min_segment,
                   "Least that a further connection fetches of a file; default 8M")
        ->type_name("BYTES")
        ->transform(byte_count());
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
    app.add_option("--limit-rate", options.limit_rate, "Greatest speed in all, as 20k a second")
        ->type_name("BYTES")
        ->transform(byte_count());
    app.add_option("--limit-rate-per-host",
                   options.limit_rate_per_host,
                   "Greatest speed of one server, as 20k a second")
        ->type_name("BYTES")
        ->transform(byte_count());
    app.add_option("--min-speed", options.min_speed, "Least speed of a transfer, as 20k a second")
        ->type_name("BYTES")
        ->transform(byte_count());
    app.add_option("--min-speed-time",
                   options.min_speed_time,
                   "How long a transfer may be slower than --min-speed")
        ->type_name("SECONDS")
        ->transform(seconds())
        ->capture_default_str();
    app.add_option("--header", options.headers, "Field to send with every request; may be repeated")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    app.add_option("--user", options.user, "Who asks, for every server that is asked")
        ->type_name("NAME:PASSWORD");
    auto* netrc =
        app.add_flag("--netrc", options.netrc, "Names and passwords are in ~/.netrc, by server");
    app.add_option("--netrc-file", options.netrc_file, "Names and passwords are in FILE, by server")
        ->type_name("FILE")
        ->excludes(netrc);
    app.add_option(
           "--cacert", options.cacert, "Authorities to trust beside the system's, in PEM form")
        ->type_name("FILE");
    app.add_option("--cert", options.cert, "Certificate to show to servers, in PEM form")
        ->type_name("FILE");
    app.add_option("--key", options.key, "Key of that certificate; default: it is in the same file")
        ->type_name("FILE");
    app.add_flag("--insecure", options.insecure, "Trust every https server, even an impostor");
    app.add_option("--max-redirects", options.max_redirects, "Most redirects followed for a file")
        ->type_name("N")
        ->transform(whole_number(0, 1000))
        ->capture_default_str();
    app.add_flag("--insecure-redirects",
                 options.insecure_redirects,
                 "Follow also redirects from https to http");
    auto* proxy = app.add_option("--proxy",
                                 options.proxy,
                                 "Go through this proxy, as http://HOST:PORT or "
                                 "socks5://HOST:PORT; default: what the environment says")
                      ->type_name("URL");
    app.add_option("--no-proxy", options.no_proxy, "Hosts reached directly, separated by commas")
        ->type_name("HOSTS");
    app.add_option("--resolve", options.resolve, "Where a server is; may be repeated")
        ->type_name("HOST:ADDRESS")
        ->allow_extra_args(false);
    app.add_option("--unix-socket", options.unix_socket, "Ask all servers through this socket")
        ->type_name("FILE")
        ->excludes(proxy);
    app.add_option("--json", options.json, "Write a report there as JSON, - for standard output")
        ->type_name("REPORT");
    app.add_flag("--dry-run", options.dry_run, "Only say what would be fetched");
    auto* quiet = app.add_flag("-q,--quiet", options.quiet, "Say nothing but what failed");
    app.add_flag("-v,--verbose", options.verbose, "Say more about each file")->excludes(quiet);
}

void check(get_options& options)
{
    if (options.urls.empty() && options.input.empty()) {
        throw usage_error("expected a URL or a list (-i), got nothing to fetch",
                          std::string(get_usage()));
    }
    headers_of(options);
    credentials_of(options);
    addresses_of(options);
    proxies_of(options);
    check_checksums(options);
    if (!options.key.empty() && options.cert.empty()) {
        throw usage_error("--key: expected also --cert, got only the key",
                          std::string(get_usage()));
    }
    if (options.netrc) {
        const char* home = std::getenv("HOME");
        options.netrc_file = std::filesystem::path(home == nullptr ? "" : home) / ".netrc";
    }
    require_readable("--netrc-file", options.netrc_file);
    require_readable("--cacert", options.cacert);
    require_readable("--cert", options.cert);
    require_readable("--key", options.key);
    std::error_code ignored;
    if (std::filesystem::exists(options.output_dir, ignored) &&
        !std::filesystem::is_directory(options.output_dir, ignored)) {
        throw usage_error(
            fmt::format("--output-dir: expected a folder, got '{}'", options.output_dir.string()),
            std::string(get_usage()));
    }
}

} // namespace downloader
