// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/orders.hpp"

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/http/error.hpp>
#include <cofutures/http/url.hpp>

#include "usage_error.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <functional>
#include <stdexcept>
#include <system_error>

namespace downloader {

namespace {

std::string read_block(input_file& file)
{
    return file.read_block();
}

std::string read_all(const std::string& path, const std::stop_token& stop)
{
    input_file file(path);
    const std::stop_callback ends_reading(stop, [&file] { file.stop(); });
    std::string text;
    for (std::string block = file.read_block(); !block.empty(); block = file.read_block()) {
        text += block;
    }
    return text;
}

} // namespace

order_source::order_source(const get_options& options,
                           cofutures::executor& reading,
                           std::stop_token stop)
    : options_(options), reading_(reading)
{
    try {
        if (!options_.checksums.empty()) {
            checksums_ = checksum_list(read_all(options_.checksums, stop));
        }
        if (options_.input.empty()) {
            read_all_ = true;
        } else {
            file_.emplace(options_.input);
        }
    } catch (const std::system_error& error) {
        throw usage_error(error.what(), std::string(get_usage()));
    }
}

boost::asio::awaitable<std::optional<order>> order_source::next()
{
    if (next_url_ < options_.urls.size()) {
        const std::string& url = options_.urls[next_url_++];
        co_return made_from(list_entry{url, {}, options_.checksum}, next_url_);
    }
    std::string problem;
    try {
        while (const std::optional<numbered_line> line = co_await next_line()) {
            if (std::optional<order> made = from_line(*line)) {
                ++listed_;
                co_return made;
            }
        }
    } catch (const std::system_error& error) {
        problem = error.what();
    }
    if (!problem.empty()) {
        // Told once: the next call finds the end.
        read_all_ = true;
        ++listed_;
        co_return order{{}, {}, {}, {}, std::move(problem)};
    }
    ended_ = true;
    co_return std::nullopt;
}

boost::asio::awaitable<std::optional<numbered_line>> order_source::next_line()
{
    while (true) {
        std::optional<numbered_line> line = lines_.next();
        if (line || read_all_) {
            co_return line;
        }
        const std::string block = co_await reading_.submit(read_block, std::ref(*file_));
        if (block.empty()) {
            lines_.finish();
            read_all_ = true;
        }
        lines_.feed(block);
    }
}

std::optional<order> order_source::from_line(const numbered_line& line)
{
    const std::uint64_t user = options_.urls.size() + line.number;
    if (line.too_long) {
        return order{place_of(user),
                     {},
                     {},
                     {},
                     fmt::format("longer than {} bytes", line_splitter::longest_line)};
    }
    try {
        const std::optional<list_entry> entry = parse_list_line(line.text);
        return entry ? std::optional(made_from(*entry, user)) : std::nullopt;
    } catch (const std::invalid_argument& error) {
        return order{place_of(user), {}, {}, {}, error.what()};
    }
}

order order_source::made_from(const list_entry& entry, std::uint64_t user)
{
    // What is hidden here makes a URL that the client refuses: everything said of it may be read.
    const std::string place = user > options_.urls.size() ? place_of(user) : "";
    order made{place, cofutures::http::redacted(entry.url), {}, {}, {}};
    try {
        const std::string name = target_name(entry);
        made.checksum = checksum_for(entry, name);
        made.server_may_name = options_.content_disposition && entry.name.empty();
        // Parts of files are found by the name again.
        const bool must_differ = !made.server_may_name || options_.resume;
        if (const auto earlier = must_differ ? names_.note(name, user) : std::nullopt) {
            made.problem = fmt::format(
                "the name '{}' is taken by {}; give another one", name, place_of(*earlier));
        } else {
            made.path = options_.output_dir == "." ? std::filesystem::path(name)
                                                   : options_.output_dir / name;
        }
    } catch (const cofutures::http::request_error& error) {
        made.problem = error.reason();
    } catch (const std::invalid_argument& error) {
        made.problem = error.what();
    }
    return made;
}

std::optional<cofutures::http::checksum> order_source::checksum_for(const list_entry& entry,
                                                                    const std::string& name) const
{
    using cofutures::http::checksum;
    if (!entry.checksum.empty()) {
        return checksum(entry.checksum);
    }
    if (options_.checksums.empty()) {
        return std::nullopt;
    }
    std::optional<checksum> found = checksums_.find(name);
    if (!found) {
        throw std::invalid_argument(
            fmt::format("'{}' has no checksum for '{}'", options_.checksums, name));
    }
    return found;
}

std::string order_source::place_of(std::uint64_t user) const
{
    const std::uint64_t urls = options_.urls.size();
    return user <= urls ? fmt::format("URL {}", user)
                        : fmt::format("{}:{}", file_->name(), user - urls);
}

void order_source::stop() noexcept
{
    if (file_) {
        file_->stop();
    }
}

std::optional<double> order_source::expected_total() const
{
    const auto urls = static_cast<double>(options_.urls.size());
    const auto listed = static_cast<double>(listed_);
    if (ended_ || !file_) {
        return urls + listed;
    }
    if (!file_->size() || lines_.consumed() == 0) {
        return std::nullopt;
    }
    return urls +
           listed * static_cast<double>(*file_->size()) / static_cast<double>(lines_.consumed());
}

} // namespace downloader
