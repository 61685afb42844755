// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <cofutures/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace prime_check {

namespace {

/// The example of the Python documentation of ProcessPoolExecutor.
const std::vector<std::uint64_t> documented{112272535095293,
                                            112582705942171,
                                            112272535095293,
                                            115280095190773,
                                            115797848077099,
                                            1099726899285419};

std::string version()
{
    return fmt::format("prime-check {}.{}.{}",
                       COFUTURES_VERSION_MAJOR,
                       COFUTURES_VERSION_MINOR,
                       COFUTURES_VERSION_PATCH);
}

std::uint64_t number_or_throw(const std::string& text)
{
    const auto parsed = parse_number(text);
    if (!parsed.error.empty()) {
        throw CLI::ValidationError(parsed.error);
    }
    return parsed.number;
}

/// A count given to an option, from 1 to `most`.
std::size_t count_or_throw(const char* option, const std::string& text, std::uint64_t most)
{
    const auto parsed = parse_number(text);
    if (!parsed.error.empty() || parsed.number < 1 || parsed.number > most) {
        throw CLI::ValidationError(
            fmt::format("{}: expected a number from 1 to {}, got '{}'", option, most, text));
    }
    return static_cast<std::size_t>(parsed.number);
}

/// Accepts the names of an enumeration's values, and tells them to who writes something else.
template <typename Enum>
CLI::Validator one_of(std::vector<std::pair<std::string, Enum>> values)
{
    std::string names;
    for (const auto& [name, value] : values) {
        names += (names.empty() ? "" : ",") + name;
    }
    const auto to_value = [values, names](std::string& text) -> std::string {
        for (const auto& [name, value] : values) {
            if (name == text) {
                text = std::to_string(static_cast<int>(value));
                return {};
            }
        }
        return fmt::format("expected one of {}, got '{}'", names, text);
    };
    return CLI::Validator(to_value, "{" + names + "}");
}

/// What the parser says of a mistake, with what was expected and what came.
std::string sentence_of(const CLI::ParseError& mistake)
{
    const std::string text = mistake.what();
    std::smatch parts;
    if (std::regex_match(text, parts, std::regex("(.*): 1 required :?(.*) missing"))) {
        return fmt::format("{}: expected {}, got nothing", parts.str(1), parts.str(2));
    }
    if (std::regex_match(
            text,
            parts,
            std::regex("(.*): At (?:least|[Mm]ost) (.*) required but received (.*)"))) {
        const std::string expected = parts.str(2);
        return fmt::format("{}: expected {} value{}, got {}",
                           parts.str(1),
                           expected,
                           expected == "1" ? "" : "s",
                           parts.str(3));
    }
    return text;
}

} // namespace

const char* name_of(mode executor) noexcept
{
    switch (executor) {
    case mode::sequential:
        return "sequential";
    case mode::threads:
        return "threads";
    case mode::processes:
        return "processes";
    }
    return "";
}

std::pair<std::optional<options>, early_exit> parse_command_line(int argc, const char* const* argv)
{
    options chosen;
    std::vector<std::string> numbers;
    std::vector<std::string> range;
    std::string file;
    std::string workers;
    std::string chunk_size;

    CLI::App app("Tells which numbers are prime, on one core or on all of them.", "prime-check");
    app.set_version_flag("--version", version());
    app.allow_extras(false);
    app.add_option("N",
                   numbers,
                   "Numbers from 0 to 2^64 - 1; by default the six of the Python documentation")
        ->type_name("");
    auto* const range_option =
        app.add_option("--range", range, "All numbers from A to B, both included")
            ->expected(2)
            ->type_name("A B");
    auto* const file_option =
        app.add_option("--file", file, "One number a line; - is standard input")->type_name("FILE");
    app.add_option("--executor", chosen.executor, "Where the work is done")
        ->transform(one_of<mode>({{"sequential", mode::sequential},
                                  {"threads", mode::threads},
                                  {"processes", mode::processes}}))
        ->type_name("")
        ->default_str("processes");
    auto* const workers_option =
        app.add_option(
               "--workers", workers, "How many threads or processes; by default one per usable CPU")
            ->type_name("N");
    app.add_option("--algorithm",
                   chosen.algorithm,
                   "Trial division (the CPU-bound textbook loop) or Miller-Rabin")
        ->transform(one_of<algorithm>(
            {{"trial", algorithm::trial}, {"miller-rabin", algorithm::miller_rabin}}))
        ->type_name("")
        ->default_str("trial");
    app.add_flag(
        "--compare",
        chosen.compare,
        "Run sequentially, with threads and with processes, and compare the times; the best of "
        "three rounds where that takes less than a second");
    auto* const chunk_option =
        app.add_option("--chunk-size", chunk_size, "How many numbers make one task")
            ->type_name("N");
    app.add_flag("--json", chosen.json, "Print one JSON document instead of lines");

    try {
        app.parse(argc, argv);
        if (!numbers.empty() + !range.empty() + !file.empty() > 1) {
            throw CLI::ValidationError("numbers, --range and --file exclude each other");
        }
        for (const auto& text : numbers) {
            chosen.numbers.push_back(number_or_throw(text));
        }
        if (range_option->count() != 0) {
            chosen.range.emplace(number_or_throw(range[0]), number_or_throw(range[1]));
            if (chosen.range->first > chosen.range->second) {
                throw CLI::ValidationError(fmt::format("--range: expected A <= B, got {} and {}",
                                                       chosen.range->first,
                                                       chosen.range->second));
            }
        }
        if (file_option->count() != 0) {
            chosen.file = file;
        }
        if (workers_option->count() != 0) {
            chosen.workers = count_or_throw("--workers", workers, 10'000);
        }
        if (chunk_option->count() != 0) {
            chosen.chunk_size = count_or_throw("--chunk-size", chunk_size, 10'000'000);
        }
        if (chosen.compare && file == "-") {
            throw CLI::ValidationError("--compare reads the numbers more than once; give a file "
                                       "instead of standard input");
        }
    } catch (const CLI::CallForHelp&) {
        return {std::nullopt, {0, app.help()}};
    } catch (const CLI::CallForVersion&) {
        return {std::nullopt, {0, version() + "\n"}};
    } catch (const CLI::ParseError& mistake) {
        return {
            std::nullopt,
            {2, fmt::format("prime-check: {}\nTry 'prime-check --help'.\n", sentence_of(mistake))}};
    }
    if (chosen.numbers.empty() && !chosen.range && !chosen.file) {
        chosen.numbers = documented;
    }
    return {std::move(chosen), {}};
}

std::unique_ptr<number_source> open_numbers(const options& chosen)
{
    if (chosen.range) {
        return std::make_unique<number_range>(chosen.range->first, chosen.range->second);
    }
    if (chosen.file) {
        return std::make_unique<number_file>(*chosen.file);
    }
    return std::make_unique<number_list>(chosen.numbers);
}

} // namespace prime_check
