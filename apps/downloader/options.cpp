// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <cofutures/version.hpp>

#include "completion.hpp"
#include "option_checks.hpp"
#include "serve/flag_images.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace downloader {

namespace {

constexpr std::uint64_t most_files = 1'000'000'000;
constexpr std::uint64_t most_connections = 100'000;
constexpr std::uint64_t an_hour = 3'600'000; // in ms

const std::map<std::string, mode> modes = {
    {"sequential", mode::sequential}, {"threads", mode::threads}, {"coroutines", mode::coroutines}};

constexpr const char* serve_usage =
    "usage: downloader serve [--port N] [--bind ADDRESS] [--delay-min MS] "
    "[--delay-max MS] [--error-rate X] [--seed N] [--images DIR]";
constexpr const char* general_usage =
    "usage: downloader get|flags|serve|completion ... (each explains itself with --help)";

const std::map<std::string, shell> shells = {
    {"bash", shell::bash}, {"zsh", shell::zsh}, {"fish", shell::fish}};

template <typename Enum>
std::vector<std::pair<std::string, int>> words_for(const std::map<std::string, Enum>& values)
{
    std::vector<std::pair<std::string, int>> words;
    for (const auto& [word, value] : values) {
        words.emplace_back(word, static_cast<int>(value));
    }
    return words;
}

std::string usage_of(const std::string& command)
{
    if (command == "get") {
        return std::string(get_usage());
    }
    if (command == "flags") {
        return std::string(flags_usage());
    }
    if (command == "serve") {
        return serve_usage;
    }
    return command == "completion" ? "usage: downloader completion bash|zsh|fish" : general_usage;
}

void define_flags(CLI::App& app, flags_options& options)
{
    app.add_option("CC",
                   options.codes,
                   "Country codes, or first letters for all codes that begin so; "
                   "default: the 20 most populous countries");
    app.add_flag("-a,--all", options.all, "Get all 194 known flags (AD to ZW)");
    app.add_flag("-e,--every",
                 options.every,
                 "Get flags for all 676 codes AA to ZZ, most of which do not exist");
    app.add_option("-l,--limit", options.limit, "Only the first N codes of the sorted list")
        ->type_name("N")
        ->transform(whole_number(1, most_files));
    app.add_option(
           "-m,--max_req", options.max_req, "Most concurrent requests; default 30, for REMOTE 5")
        ->type_name("N")
        ->transform(whole_number(1, most_connections));
    app.add_option("-s,--server",
                   options.server,
                   "LOCAL, DELAY, ERROR, REMOTE, or the base URL of a server")
        ->type_name("SERVER")
        ->capture_default_str();
    app.add_option("--pattern",
                   options.pattern,
                   "Path of a flag below the base URL, with {cc} or {CC} for the code; default "
                   "{cc}/{cc}.png for LOCAL, DELAY and ERROR, else {cc}/{cc}.gif")
        ->type_name("PATTERN");
    app.add_option("-o,--output-dir", options.output_dir, "Folder for the files")
        ->type_name("DIR")
        ->capture_default_str();
    auto* how =
        app.add_option("--mode", options.how, "How to wait: sequential, threads or coroutines")
            ->transform(one_of(words_for(modes)))
            ->type_name("MODE")
            ->default_str("coroutines");
    app.add_flag(
           "--compare", options.compare, "Run all three modes, each in a subfolder, and compare")
        ->excludes(how);
    app.add_flag(
        "--verify", options.verify, "Compare the files with the images of the embedded server");
    app.add_flag("-v,--verbose", options.verbose, "A line for each file, and the long report");
    app.add_flag("--json", options.json, "Print the report as JSON");
    app.add_option("--timeout", options.timeout, "Seconds that one request may take")
        ->type_name("SECONDS")
        ->transform(seconds())
        ->capture_default_str();
    app.add_option(
           "--delay-min", options.delay_min, "Least delay of DELAY and ERROR, in ms; default 50")
        ->type_name("MS")
        ->transform(whole_number(0, an_hour));
    app.add_option("--delay-max",
                   options.delay_max,
                   "Greatest delay of DELAY and ERROR, in ms; default 500")
        ->type_name("MS")
        ->transform(whole_number(0, an_hour));
    app.add_option(
           "--error-rate", options.error_rate, "Part of requests that ERROR fails; default 0.25")
        ->type_name("RATE")
        ->transform(fraction());
    app.add_option(
           "--seed", options.seed, "Makes the delays and errors of the embedded server repeatable")
        ->type_name("N")
        ->transform(whole_number(0, std::numeric_limits<std::uint64_t>::max()));
    app.add_option("--images",
                   options.images,
                   "Folder with xx.png files for the embedded server, or 'generated'")
        ->type_name("DIR")
        ->default_str(std::string(flag_images::usual_folder));
}

void define_serve(CLI::App& app,
                  serve_options& options,
                  std::int64_t& delay_min,
                  std::int64_t& delay_max)
{
    app.add_option("--port", options.port, "Port to listen on; 0 takes any free one")
        ->type_name("PORT")
        ->transform(whole_number(0, 65535))
        ->capture_default_str();
    app.add_option("--bind", options.bind, "Address to listen on")
        ->type_name("ADDRESS")
        ->transform(ip_address())
        ->capture_default_str();
    app.add_option("--delay-min", delay_min, "Least delay of a GET in ms")
        ->type_name("MS")
        ->transform(whole_number(0, an_hour))
        ->capture_default_str();
    app.add_option("--delay-max", delay_max, "Greatest delay of a GET in ms")
        ->type_name("MS")
        ->transform(whole_number(0, an_hour))
        ->capture_default_str();
    app.add_option("--error-rate", options.error_rate, "Part of GETs (0 to 1) answered with 418")
        ->type_name("RATE")
        ->transform(fraction())
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Chooses among the sequences of delays and errors")
        ->type_name("N")
        ->transform(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
        ->capture_default_str();
    app.add_option("--images", options.images, "Folder with xx.png files, or 'generated'")
        ->type_name("DIR")
        ->default_str(std::string(flag_images::usual_folder));
}

void check_delays(std::int64_t delay_min, std::int64_t delay_max, std::string_view usage)
{
    if (delay_max < delay_min) {
        throw usage_error(
            fmt::format("--delay-max: expected no less than --delay-min, {}, got '{}'",
                        delay_min,
                        delay_max),
            std::string(usage));
    }
}

} // namespace

std::string_view flags_usage()
{
    return "usage: downloader flags [CC ...] [-a | -e] [-l N] [-m N] [-s SERVER] [--mode MODE | "
           "--compare] "
           "[-o DIR] [-v]";
}

std::string_view name_of(mode which)
{
    for (const auto& [name, value] : modes) {
        if (value == which) {
            return name;
        }
    }
    return "?";
}

command parse_command(std::vector<std::string> arguments)
{
    get_options get;
    flags_options flags;
    serve_options serve;
    std::int64_t delay_min = 0;
    std::int64_t delay_max = 0;
    shell completed = shell::bash;

    CLI::App app("Downloads files, many at a time.", "downloader");
    app.require_subcommand(1);
    app.set_version_flag("--version",
                         fmt::format("downloader {}.{}.{}",
                                     COFUTURES_VERSION_MAJOR,
                                     COFUTURES_VERSION_MINOR,
                                     COFUTURES_VERSION_PATCH));
    CLI::App* get_app = app.add_subcommand("get", "Fetch files, many at a time");
    CLI::App* flags_app =
        app.add_subcommand("flags", "Fetch country flags: the classic demonstration");
    CLI::App* serve_app = app.add_subcommand("serve", "Run the flag server until Ctrl-C");
    CLI::App* completion_app =
        app.add_subcommand("completion", "Print completions for bash, zsh or fish");
    define_get(*get_app, get);
    define_flags(*flags_app, flags);
    define_serve(*serve_app, serve, delay_min, delay_max);
    completion_app->add_option("SHELL", completed, "Whose completions")
        ->transform(one_of(words_for(shells)))
        ->type_name("bash|zsh|fish")
        ->required();

    const std::string first = arguments.empty() ? "" : arguments.front();
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants it
    try {
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = app.get_subcommands();
        return print_text{chosen.empty() ? app.help() : chosen.front()->help("downloader")};
    } catch (const CLI::CallForVersion& version) {
        return print_text{std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
        const auto chosen = app.get_subcommands();
        throw usage_error(problem_of(error, app, first),
                          usage_of(chosen.empty() ? "" : chosen.front()->get_name()));
    }
    if (*completion_app) {
        return print_text{completion_script(completed, app)};
    }
    if (*get_app) {
        check(get);
        return get;
    }
    if (*serve_app) {
        check_delays(delay_min, delay_max, serve_usage);
        serve.delay_min = std::chrono::milliseconds(delay_min);
        serve.delay_max = std::chrono::milliseconds(delay_max);
        return serve;
    }
    check_delays(flags.delay_min.value_or(0),
                 flags.delay_max.value_or(std::max<std::int64_t>(flags.delay_min.value_or(0), 500)),
                 flags_usage());
    return flags;
}

} // namespace downloader
