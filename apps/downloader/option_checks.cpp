// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "option_checks.hpp"

#include <cofutures/http/url.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <regex>
#include <string_view>

#include <arpa/inet.h>

namespace downloader {

namespace {

// No name: --help would print it behind the option's.
CLI::Validator nameless(std::function<std::string(std::string&)> check)
{
    return CLI::Validator(std::move(check), "");
}

std::string unexpected(std::string_view expected, std::string_view text)
{
    return fmt::format("expected {}, got '{}'", expected, text);
}

template <typename Number>
std::optional<Number> read_as(std::string_view text)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool all = error == std::errc() && end == text.data() + text.size();
    return all ? std::optional(value) : std::nullopt;
}

CLI::Validator real_number(std::string expected, bool (*good)(double))
{
    return nameless([expected = std::move(expected), good](std::string& text) {
        const auto value = read_as<double>(text);
        return value && good(*value) ? std::string() : unexpected(expected, text);
    });
}

// "a, b or c".
std::string enumerated(const std::vector<std::string>& words)
{
    const std::vector<std::string> first(words.begin(), words.end() - 1);
    return fmt::format("{} or {}", fmt::join(first, ", "), words.back());
}

std::string lower_case(std::string text)
{
    return CLI::detail::to_lower(std::move(text));
}

// What nobody asked for, as it may be shown: who mistypes "--user=me:secret" is told of "--usr=", and
// who gives an option of another program, "-ume:secret", of "-u".
std::string shown(const std::string& argument)
{
    if (argument.starts_with("--")) {
        const std::size_t equals = argument.find('=');
        return argument.substr(0, equals == std::string::npos ? equals : equals + 1);
    }
    return argument.starts_with('-') ? argument.substr(0, 2) : cofutures::http::redacted(argument);
}

// Behind an option that nobody knows stands its value, "--usr me:secret".
std::vector<std::string> shown(const std::vector<std::string>& arguments)
{
    std::vector<std::string> told;
    bool value = false;
    for (const std::string& each : arguments) {
        const bool option = each.starts_with('-');
        if (option || !value) {
            told.push_back(shown(each));
        }
        value = option;
    }
    return told;
}

std::vector<std::string> commands_of(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(each->get_name());
    }
    return names;
}

} // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most)
{
    return nameless([least, most](std::string& text) {
        const auto value = read_as<std::uint64_t>(text);
        if (!value || *value < least || *value > most) {
            return unexpected(fmt::format("a whole number from {} to {}", least, most), text);
        }
        text = fmt::to_string(*value);
        return std::string();
    });
}

CLI::Validator byte_count()
{
    return nameless([](std::string& text) {
        constexpr std::string_view units = "kMG";
        const std::size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
        std::string_view digits = text;
        std::uint64_t factor = 1;
        if (unit != std::string_view::npos) {
            digits.remove_suffix(1);
            for (std::size_t i = 0; i <= unit; ++i) {
                factor *= 1000;
            }
        }
        const auto value = read_as<std::uint64_t>(digits);
        constexpr std::uint64_t most = 1'000'000'000'000'000; // far from where sums would overflow
        if (!value || *value > most / factor) {
            return unexpected("a number of bytes, as 500, 20k, 1M or 2G", text);
        }
        text = fmt::to_string(*value * factor);
        return std::string();
    });
}

CLI::Validator seconds()
{
    return real_number("seconds, more than 0", [](double value) { return value > 0; });
}

CLI::Validator fraction()
{
    return real_number("a number from 0 to 1",
                       [](double value) { return value >= 0 && value <= 1; });
}

CLI::Validator ip_address()
{
    return nameless([](std::string& text) {
        in6_addr address{};
        const bool good = ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
                          ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
        return good ? std::string() : unexpected("an IP address", text);
    });
}

CLI::Validator one_of(std::vector<std::pair<std::string, int>> words)
{
    return nameless([words = std::move(words)](std::string& text) {
        std::vector<std::string> names;
        for (const auto& [word, number] : words) {
            if (lower_case(text) == word) {
                text = fmt::to_string(number);
                return std::string();
            }
            names.push_back(word);
        }
        return unexpected(enumerated(names), text);
    });
}

std::string without_passwords(std::string text, const std::vector<std::string>& arguments)
{
    for (const std::string& each : arguments) {
        const std::size_t equals = each.starts_with('-') ? each.find('=') : std::string::npos;
        const std::string value = equals == std::string::npos ? each : each.substr(equals + 1);
        // A colon before an @, in "http://me@host" too: a file may well be called "notes@home".
        const std::size_t at = value.rfind('@');
        const std::string hidden = cofutures::http::redacted(value);
        if (at == std::string::npos || value.find(':') > at || hidden == value) {
            continue;
        }
        for (std::size_t found = text.find(value); found != std::string::npos;
             found = text.find(value, found + hidden.size())) {
            text.replace(found, value.size(), hidden);
        }
    }
    return text;
}

std::string
problem_of(const CLI::ParseError& error, const CLI::App& app, const std::string& first_argument)
{
    const std::string text = error.what();
    std::smatch parts;
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
        app.get_subcommands().empty()) {
        const std::string expected = "expected a command, " + enumerated(commands_of(app));
        return first_argument.empty()
                   ? expected
                   : fmt::format("{}, got '{}'", expected, shown(first_argument));
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        return fmt::format("did not expect '{}'", fmt::join(shown(app.remaining(true)), "', '"));
    }
    // An expression takes stack for each character, and what is wrong may be of any length.
    constexpr std::size_t longest = 1000;
    if (text.size() > longest) {
        return text;
    }
    if (std::regex_match(text, parts, std::regex("(.*): 1 required (.*) missing"))) {
        return fmt::format("{}: expected {}, got nothing", parts.str(1), parts.str(2));
    }
    if (std::regex_match(text, parts, std::regex("(.*) is required"))) {
        return fmt::format("expected {}, got nothing", parts.str(1));
    }
    if (std::regex_match(text, parts, std::regex("(.*): At Most 1 required but received (.*)"))) {
        return fmt::format("{}: expected once, got {} times", parts.str(1), parts.str(2));
    }
    // Values of options have been checked before, so this was a flag that got one.
    if (std::regex_match(text, parts, std::regex("Could not convert: (\\S+) = (.*)"))) {
        return fmt::format("{}: expected no value, got '{}'", parts.str(1), parts.str(2));
    }
    return text;
}

} // namespace downloader
