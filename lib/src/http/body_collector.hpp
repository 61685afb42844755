// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a call asks for, and where the body of its response goes.

#include <cofutures/http/client.hpp>

#include "content_decoder.hpp"
#include "download_file.hpp"
#include "response_parser.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cofutures::http::detail {

/// What is to be done, with every option settled.
struct exchange_job {
    request message;
    time_limits limits;
    std::size_t max_redirects;
    std::uint64_t max_body;
    retry_policy retries;
    bool decode;
    std::size_t max_decoding_ratio;
    std::filesystem::path target; ///< where the body goes; empty for memory
    file_options file;
    std::optional<std::chrono::sys_seconds> newer_than; ///< a file is there that may be new enough
    observer on_event;
};

/// A part of a file is there, and the server was asked for the rest, or for some of it.
struct rest_wanted {
    const partial_record& record;
    byte_range range;
    bool only = false; ///< whether the whole is of no use instead
};

/// Thrown when the server has something else than what is missing of what is there, as soon as that
/// is known: at the header or, where the header does not say how long the body is, later.
struct stale_part {};

/// Collects a body in memory, for a file, or only counts it; decodes it where that was asked for.
class body_collector final : public body_receiver {
public:
    enum class mode { memory, file, discard };

    body_collector(const exchange_job& job,
                   std::size_t redirects_left,
                   std::optional<rest_wanted> rest = std::nullopt)
        : job_(job), redirects_left_(redirects_left), rest_(rest)
    {}

    void begin(const response_head& head, std::optional<std::uint64_t> length) override;
    void append(std::string_view bytes) override;
    bool wants_body() const override { return mode_ != mode::discard; }

    /// Decodes what has arrived until `bytes` holds `enough`; true if there is more to decode.
    ///
    /// **Throws** `std::system_error` if the data is not what it claims to be or grows too large.
    bool decode(std::size_t enough);

    /// Throws `std::system_error` unless the body is complete as its coding and its header see it.
    void finish() const;

    /// Tells whether the body is another one than the header describes.
    bool decodes() const noexcept { return decoder_ != nullptr; }

    mode kind() const noexcept { return mode_; }

    /// What the header says about the file; of use where `kind()` is file.
    const body_facts& facts() const noexcept { return facts_; }

    /// Tells whether the file that is there is as new as the server's.
    bool file_is_current() const noexcept { return current_; }

    /// The length that the body will have, if that is known.
    std::optional<std::uint64_t> length() const noexcept { return length_; }

    /// Forgets the last bytes that have arrived: the file has them from elsewhere.
    void drop(std::size_t count) { bytes.resize(bytes.size() - count); }

    /// The length of the body so far, decoded.
    std::uint64_t size() const noexcept { return size_; }

    /// Asked with each header: whether the request will be made again, so that nobody wants the body.
    std::function<bool(const response_head&)> is_passed_over;

    std::string bytes;         ///< what has arrived and was not written to a file yet
    bool file_begun = false;   ///< whether the file has been told `facts()`
    bool file_is_kept = false; ///< one that is there must stay: nothing of the body is wanted

private:
    void begin_file(const response_head& head, std::optional<std::uint64_t> length);
    void begin_whole(const response_head& head, std::optional<std::uint64_t> length);
    void begin_rest(bool proven);
    void require_proportion() const;

    const exchange_job& job_;
    std::size_t redirects_left_;
    std::optional<rest_wanted> rest_;
    body_facts facts_;
    bool current_ = false;
    std::optional<std::uint64_t> length_;
    std::optional<std::uint64_t> most_;        ///< bytes that a rest has
    std::optional<std::uint64_t> announced_;   ///< bytes that a whole has, by its Content-Range
    std::unique_ptr<content_decoder> decoder_; ///< null: the body is taken as it comes
    std::string coded_;                        ///< not decoded yet
    std::uint64_t coded_size_ = 0;
    mode mode_ = mode::discard;
    std::uint64_t size_ = 0;
};

} // namespace cofutures::http::detail
