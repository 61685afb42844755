// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/plan.hpp"

#include <cofutures/http/error.hpp>
#include <cofutures/http/url.hpp>

#include "flags/country_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace downloader {

namespace {

bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::string upper(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return is_letter(c) ? static_cast<char>(c & ~0x20) : c;
    });
    return out;
}

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return is_letter(c) ? static_cast<char>(c | 0x20) : c;
    });
    return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view with)
{
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

template <typename Range>
std::vector<std::string> listed(const Range& codes)
{
    return {codes.begin(), codes.end()};
}

std::vector<std::string> chosen_codes(const flags_options& options)
{
    if (options.every) {
        return every_code();
    }
    if (options.all) {
        return listed(known_codes());
    }
    if (options.codes.empty()) {
        return listed(populous_codes());
    }
    std::set<std::string> codes;
    for (const std::string& given : options.codes) {
        const bool letters = std::all_of(given.begin(), given.end(), is_letter);
        if (!letters || given.empty() || given.size() > 2) {
            throw usage_error(
                fmt::format("'{}' is neither a letter nor a two-letter country code", given));
        }
        if (given.size() == 2) {
            codes.insert(upper(given));
            continue;
        }
        for (char second = 'A'; second <= 'Z'; ++second) {
            codes.insert(upper(given) + second);
        }
    }
    return listed(codes);
}

// The names without their case; the order is that of the help.
constexpr std::pair<std::string_view, site> labels[] = {{"LOCAL", site::local},
                                                        {"DELAY", site::delay},
                                                        {"ERROR", site::error},
                                                        {"REMOTE", site::remote}};

void check_pattern(const std::string& pattern)
{
    if (pattern.find("{cc}") == std::string::npos && pattern.find("{CC}") == std::string::npos) {
        throw usage_error(fmt::format("--pattern '{}' must contain {{cc}} or {{CC}}", pattern));
    }
}

} // namespace

std::vector<std::string> expand_codes(const flags_options& options)
{
    std::vector<std::string> codes = chosen_codes(options);
    if (options.limit && static_cast<std::uint64_t>(*options.limit) < codes.size()) {
        codes.resize(static_cast<std::size_t>(*options.limit));
    }
    return codes;
}

server_choice choose_server(const std::string& server, const std::string& remote_url)
{
    for (const auto& [label, kind] : labels) {
        if (upper(server) == label) {
            return {kind, std::string(label), kind == site::remote ? remote_url : std::string()};
        }
    }
    if (server.find("://") == std::string::npos) {
        throw usage_error(
            fmt::format("unknown server '{}': expected LOCAL, DELAY, ERROR, REMOTE or a base URL",
                        cofutures::http::redacted(server)));
    }
    try {
        std::string base = cofutures::http::url(server).str();
        base.resize(base.find_last_not_of('/') + 1);
        return {site::other, base, base};
    } catch (const cofutures::http::request_error& error) {
        throw usage_error(fmt::format("--server: {}", error.what()));
    }
}

flags_plan make_plan(const flags_options& options, mode how, const std::string& remote_url)
{
    flags_plan plan;
    plan.codes = expand_codes(options);
    plan.server = choose_server(options.server, remote_url);
    plan.pattern =
        options.pattern.value_or(plan.server.embedded() ? "{cc}/{cc}.png" : "{cc}/{cc}.gif");
    check_pattern(plan.pattern);
    plan.folder = options.output_dir;
    // Hosts that are not ours get no more than a browser would ask of them, unless told otherwise.
    const std::int64_t wanted = options.max_req.value_or(plan.server.kind == site::remote ? 5 : 30);
    const std::size_t most = how == mode::sequential ? 1 : most_connections;
    plan.connections = std::min({static_cast<std::size_t>(wanted), most, plan.codes.size()});
    // Beyond a day, a limit is none; and larger numbers do not fit in.
    plan.timeout = std::chrono::milliseconds(
        std::llround(std::ceil(std::min(options.timeout, 86400.0) * 1000)));
    return plan;
}

std::string flags_plan::url_of(std::string_view code) const
{
    std::string path = pattern;
    replace_all(path, "{cc}", lower(code));
    replace_all(path, "{CC}", upper(code));
    return server.base_url + (path.starts_with('/') ? "" : "/") + path;
}

std::filesystem::path flags_plan::file_of(std::string_view code) const
{
    const std::string path = pattern.substr(0, pattern.find('?'));
    return folder / (upper(code) + std::filesystem::path(path).extension().string());
}

} // namespace downloader
