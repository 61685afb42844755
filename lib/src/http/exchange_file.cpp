// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"
#include "http_date.hpp"
#include "run_on.hpp"

#include <limits>
#include <utility>

#include <sys/stat.h>

// What an exchange does with its file, on the thread for files.

namespace cofutures::http::detail {

namespace {

constexpr std::size_t file_block = 256 * 1024;

std::uint64_t size_of(const std::filesystem::path& path)
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

} // namespace

// Once per call, before anything is asked of a server.
asio::awaitable<void> exchange::prepare_file()
{
    if (job_.target.empty()) {
        co_return;
    }
    file_ = std::make_unique<download_file>(job_.target, job_.file, job_.message.url.str());
    using existing = file_options::existing;
    const bool keeps = job_.file.if_exists == existing::keep && !job_.file.use_server_name;
    if (keeps || job_.file.if_exists == existing::if_newer) {
        co_await look_at_target();
    }
    if (job_.file.resume && !outcome_.kept) {
        auto find = [&file = *file_, decodes = job_.decode] {
            file.find_earlier();
            if (decodes && !file.record().coding.empty()) {
                file.set_aside(); // it was stored as it came
            }
        };
        co_await run_on(context_.files(), std::move(find));
        require_running();
    }
}

asio::awaitable<void> exchange::look_at_target()
{
    struct stat status {};
    bool exists = false;
    auto look = [&] { exists = ::stat(job_.target.c_str(), &status) == 0; };
    co_await run_on(context_.files(), std::move(look));
    require_running();
    if (!exists) {
        co_return;
    }
    if (S_ISDIR(status.st_mode)) {
        throw file_error(std::make_error_code(std::errc::is_a_directory), "create");
    }
    if (job_.file.if_exists == file_options::existing::keep) {
        outcome_.kept = true;
        outcome_.head.url = job_.message.url.str();
    } else {
        job_.newer_than = std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
    }
    target_size_ = static_cast<std::uint64_t>(status.st_size);
}

std::optional<rest_wanted> exchange::rest_to_ask_for() const
{
    if (segments_) {
        return rest_wanted{segments_->record, *piece_, true};
    }
    if (!file_ || file_->offset() == 0 || job_.message.headers.contains("Range")) {
        return std::nullopt;
    }
    return rest_wanted{file_->record(), {file_->offset(), file_->record().length}};
}

// The fields that make a request depend on what is there already.
headers exchange::conditions(const std::optional<rest_wanted>& rest) const
{
    headers fields;
    if (rest) {
        const auto [begin, end] = rest->range;
        const bool to_the_end = end == rest->record.length;
        fields.set("Range",
                   "bytes=" + std::to_string(begin) + "-" +
                       (to_the_end ? "" : std::to_string(end - 1)));
        fields.set("If-Range", rest->record.validator);
    }
    if (job_.newer_than && !(rest && rest->only)) {
        fields.set("If-Modified-Since", format_http_date(*job_.newer_than));
    }
    return fields;
}

// Decodes what has arrived, and writes it where it is for a file, block by block: neither a large
// body nor one that grows in decoding is ever in memory as a whole.
asio::awaitable<void> exchange::take_in(body_collector& body, bool last)
{
    const bool to_file = body.kind() == body_collector::mode::file;
    if (to_file && !body.file_begun && !last) {
        disarm();
        co_await flush_to_file(body); // early, because there may be no room for what is to come
        require_running();
    }
    if (body.file_is_kept) {
        co_return;
    }
    for (bool more = true; more;) {
        more = body.decode(to_file ? file_block : std::numeric_limits<std::size_t>::max());
        if (to_file && body.bytes.size() >= file_block) {
            disarm(); // a slow disk is not a silent server
            co_await flush_to_file(body);
            require_running();
        }
    }
}

asio::awaitable<void> exchange::flush_to_file(body_collector& body)
{
    if (segments_) {
        co_await flush_segment(body);
        co_return;
    }
    auto work = [this, &body] {
        if (!body.file_begun) {
            body.file_is_kept = !file_->begin(body.facts());
            body.file_begun = true;
        }
        if (body.file_is_kept) {
            target_size_ = size_of(file_->destination());
        } else {
            file_->write(body.bytes);
        }
        body.bytes.clear();
    };
    co_await run_on(context_.files(), std::move(work));
}

asio::awaitable<void> exchange::commit_file()
{
    if (file_complete_) {
        auto commit = [this] {
            if (!file_->commit()) {
                if (job_.file.if_exists != file_options::existing::keep) {
                    throw file_error(std::make_error_code(std::errc::file_exists), "create");
                }
                outcome_.kept = true;
                target_size_ = size_of(file_->destination());
            }
            outcome_.path = file_->destination();
            file_.reset();
        };
        co_await run_on(context_.files(), std::move(commit));
    } else if (outcome_.kept) {
        outcome_.path = file_->destination();
    }
    if (outcome_.kept) {
        outcome_.size = target_size_;
    }
}

asio::awaitable<void> exchange::discard_file()
{
    if (!file_) {
        co_return;
    }
    auto remove = [&file = file_] { file.reset(); };
    co_await run_on(context_.files(), std::move(remove));
}

} // namespace cofutures::http::detail
