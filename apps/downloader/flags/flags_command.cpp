// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "common/standard_streams.hpp"
#include "descriptors.hpp"
#include "flags/download.hpp"
#include "flags/progress.hpp"
#include "flags/verify.hpp"
#include "interrupt.hpp"
#include "serve/flag_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

namespace downloader {

namespace {

using std::chrono::milliseconds;

// The site of the book that made this demonstration known. Only an explicit "-s REMOTE" leads
// there, and the variable leads elsewhere (tests: to this machine).
std::string remote_url()
{
    const char* chosen = std::getenv("COFUTURES_REMOTE_FLAGS");
    return chosen != nullptr ? chosen : "https://www.fluentpython.com/data/flags";
}

flag_server_options server_options(const flags_options& options, site kind, std::uint64_t seed)
{
    flag_server_options server;
    server.seed = seed;
    if (kind != site::local) {
        server.delay_min = milliseconds(options.delay_min.value_or(50));
        server.delay_max = milliseconds(
            options.delay_max.value_or(std::max<std::int64_t>(server.delay_min.count(), 500)));
        // --delay-max alone may be less than the usual least delay.
        server.delay_min =
            options.delay_min ? server.delay_min : std::min(server.delay_min, server.delay_max);
    }
    if (kind == site::error) {
        server.error_rate = options.error_rate.value_or(0.25);
    }
    return server;
}

progress::style style_for(const flags_options& options)
{
    if (options.json) {
        return progress::style::silent;
    }
    return options.verbose ? progress::style::lines : progress::style::codes;
}

// A failure to make the folder shows in every file that cannot be written to it, so nothing is said
// here.
void make_folder(const std::filesystem::path& folder)
{
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
}

class flags_run {
public:
    explicit flags_run(const flags_options& options)
        : options_(options), seed_(options.seed ? *options.seed : std::random_device()())
    {}

    int run()
    {
        plan_ = make_plan(options_, options_.how, remote_url());
        if (options_.verify && !plan_.server.embedded()) {
            throw usage_error("--verify needs the embedded server: -s LOCAL, DELAY or ERROR");
        }
        if (plan_.server.embedded()) {
            images_.emplace(options_.images);
        }
        if (options_.compare) {
            for (const mode how : {mode::sequential, mode::threads, mode::coroutines}) {
                if (!stopped()) {
                    run_mode(how);
                }
            }
        } else {
            run_mode(options_.how);
        }
        return conclude();
    }

    bool stopped() const { return interrupt_.token().stop_requested(); }

private:
    void run_mode(mode how)
    {
        flags_plan plan = make_plan(options_, how, remote_url());
        // The embedded server holds the other end of every connection.
        plan.connections =
            std::min(plan.connections, affordable_connections(plan.server.embedded() ? 2 : 1));
        // A new server for every mode, with the same seed: each meets the same delays and errors.
        std::unique_ptr<flag_server> server;
        if (plan.server.embedded()) {
            server = std::make_unique<flag_server>(
                server_options(options_, plan.server.kind, seed_), *images_);
            plan.server.base_url = server->base_url();
        }
        if (options_.compare) {
            plan.folder /= name_of(how);
            say("{}:\n", name_of(how));
        }
        make_folder(plan.folder);
        if (options_.verbose) {
            say("{}", first_report(plan));
        }
        progress shown(style_for(options_), plan.codes.size(), usual_streams());
        client_.emplace(client_options_for(plan));
        reports_.push_back(download_flags(
            *client_, plan, how, interrupt_.token(), [&shown](const file_result& file) {
                shown.file_done(file);
            }));
        shown.finish();
        say("{}", options_.verbose ? last_report(reports_.back()) : summary_line(reports_.back()));
        if (options_.compare) {
            say("\n");
        }
        if (plan.server.embedded() && (options_.verify || options_.compare)) {
            differences_ += report_differences(plan);
        }
        plan_.server.base_url = plan.server.base_url;
    }

    std::size_t report_differences(const flags_plan& plan)
    {
        const std::vector<std::string> different = differing_files(plan, reports_.back(), *images_);
        for (const std::string& each : different) {
            common::write(stderr, "standard error", fmt::format("*** {}\n", each));
        }
        compared_ += reports_.back().counts().downloaded;
        return different.size();
    }

    int conclude()
    {
        if (options_.compare) {
            say("{}", comparison(reports_));
        }
        if (compared_ > 0 && differences_ == 0) {
            say("{} byte-identical to what the server holds.\n",
                compared_ == 1 ? "1 file is" : fmt::format("{} files are", compared_));
        }
        if (options_.json) {
            common::write_out(json_report(plan_, reports_));
        }
        if (stopped()) {
            return 130;
        }
        return differences_ > 0 ? 1 : exit_status(reports_);
    }

    template <typename... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) const
    {
        if (!options_.json) {
            common::write_out(fmt::format(format, std::forward<Args>(args)...));
        }
    }

    const flags_options& options_;
    const std::uint64_t seed_;
    interrupt interrupt_;
    flags_plan plan_;
    std::optional<flag_images> images_;
    std::vector<run_report> reports_;
    std::size_t compared_ = 0;
    std::size_t differences_ = 0;
    std::optional<cofutures::http::client> client_; // its end may wait for look-ups that hang
};

} // namespace

int run_flags(const flags_options& options)
{
    flags_run run(options);
    const int status = run.run();
    if (run.stopped()) {
        leave(status);
    }
    return status;
}

} // namespace downloader
