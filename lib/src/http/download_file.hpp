// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A file that appears under its name only when it is complete.

#include <cofutures/http/file_options.hpp>

#include "file_digest.hpp"
#include "partial_record.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cofutures::http::detail {

/// What went wrong with a file, and at which step ("create", "write", ...).
class file_error : public std::system_error {
public:
    file_error(std::error_code code, const char* action) : std::system_error(code), action_(action)
    {}
    const char* action() const noexcept { return action_; }

private:
    const char* action_;
};

/// What an answer says about the body that is to be stored.
struct body_facts {
    std::uint64_t offset = 0;                           ///< where in the file the body begins
    std::optional<std::uint64_t> length = std::nullopt; ///< of the whole file
    std::string validator = {}; ///< empty where the body cannot be continued later
    std::optional<std::chrono::sys_seconds> modified = std::nullopt;
    std::string name = {};   ///< the server's for the file, if it is wanted and safe
    std::string coding = {}; ///< of the file as it comes; empty if there is none
    bool unproven = false;   ///< whether only its end shows that the body is what it says
};

/// A part beside its target, renamed over it by `commit()`.
///
/// It lives in the target's folder because a rename is atomic only within one file system. Unless
/// it is to be resumed, its name is a random one, and the destructor removes it. Otherwise the
/// name follows from the target's, a lock keeps other processes away, and the destructor leaves
/// what a later download can continue.
///
/// **Blocks** Every member that is not const does disk I/O.
/// **Throws** `file_error`.
class download_file {
public:
    download_file(std::filesystem::path target, file_options options, std::string url);
    ~download_file();

    download_file(const download_file&) = delete;
    download_file& operator=(const download_file&) = delete;

    /// Opens the part that an earlier call has left, if that can be continued.
    void find_earlier();

    /// From where the rest may be asked for; 0 if there is nothing to continue.
    ///
    /// Never the whole length, even if all of it is there: the last byte is asked for again, since
    /// the answer to an empty range proves nothing.
    std::uint64_t offset() const noexcept;

    /// What the bytes before `offset()` are a part of.
    const partial_record& record() const noexcept { return record_; }

    /// Tells whether there is more behind `offset()`: `record().missing` says what is not there.
    bool has_gaps() const noexcept { return !record_.missing.empty(); }

    /// Gives up what is there as soon as another body begins, at 0. A call that fails before that
    /// leaves it to the next one.
    void set_aside() noexcept { set_aside_ = true; }

    /// Prepares for a body; cuts off what lies behind its beginning, unless there are gaps.
    ///
    /// Nothing of an unproven body counts, neither for `offset()` nor for a later call, before
    /// `commit()` has made it a whole file.
    ///
    /// False, and nothing is done, if there is a file that it must not replace.
    bool begin(const body_facts& facts);

    /// Where the file goes, as far as is known.
    const std::filesystem::path& destination() const noexcept { return destination_; }

    /// Appends to what there is in one piece.
    void write(std::string_view bytes) { write_at(size_, bytes); }

    /// Writes somewhere. `keep_gaps()` must come before what leaves a gap.
    void write_at(std::uint64_t position, std::string_view bytes);

    /// Notes what is missing, and that the size of the part no longer says so. False if a part that
    /// is to be resumed cannot be described on the disk; what was noted before remains true there.
    bool keep_gaps(std::vector<byte_range> missing);

    /// Gives the file its name; false if it must not replace one that has appeared meanwhile.
    ///
    /// **Throws** Also `std::system_error` with `errc::checksum_mismatch`, after removing the part.
    bool commit();

private:
    void forget();
    std::uint64_t end_of_beginning() const noexcept;
    void note_what_counts(const body_facts& facts);
    void take_back() noexcept;
    void open();
    void open_unnamed();
    void open_named();
    void require_space() const;
    void digest_from(std::uint64_t begin, std::uint64_t end);
    void verify();
    bool settle_destination(const body_facts& facts);
    bool rename_to_destination();
    void remove() noexcept;

    std::filesystem::path target_;      ///< the path asked for
    std::filesystem::path destination_; ///< the same, or a name that the server has chosen
    std::filesystem::path info_path_;
    std::filesystem::path path_; ///< of the part; empty while there is none
    file_options options_;
    partial_record record_;
    std::optional<file_digest> digest_;
    std::optional<std::chrono::sys_seconds> modified_;
    std::uint64_t size_ = 0; ///< of what is there in one piece; of no use with gaps
    std::optional<std::uint64_t> unproven_from_; ///< where a body begins that may be another one
    bool set_aside_ = false;        ///< whether nothing is to be put behind what is there
    bool record_withholds_ = false; ///< whether the record on the disk knows of less than is there
    std::uint64_t digested_ = 0;    ///< so much of the beginning is in `digest_`
    int descriptor_ = -1;
};

} // namespace cofutures::http::detail
