// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "download_file.hpp"

#include <cofutures/http/error.hpp>

#include "../standard_descriptors.hpp"
#include "own_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace cofutures::http::detail {

namespace {

std::error_code last_error()
{
    return {errno, std::system_category()};
}

void check(bool good, const char* action)
{
    if (!good) {
        throw file_error(last_error(), action);
    }
}

// Hidden, recognisable and short enough even where the target's name has the greatest length
// allowed; what is cut off goes into a number, so that two long names do not become one.
std::string hidden_name(const std::filesystem::path& target)
{
    constexpr std::size_t longest = 200;
    std::string name = target.filename().string();
    if (name.size() > longest) {
        std::uint64_t hash = 14'695'981'039'346'656'037u; // FNV-1a: the same in every program
        for (const char c : name) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
        }
        name = name.substr(0, longest) + "-" + std::to_string(hash);
    }
    return "." + name;
}

// Different from one file and one process to the next; that nobody else has the name is for O_EXCL.
std::string random_letters()
{
    // One per thread: making one takes longer than opening a file.
    thread_local std::mt19937 random{std::random_device()()};
    std::string letters;
    for (int i = 0; i < 8; ++i) {
        letters += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
    }
    return letters;
}

// How long a file with gaps is at least.
std::uint64_t end_of_present(const partial_record& record)
{
    if (record.missing.empty()) {
        return 0;
    }
    const byte_range& last = record.missing.back();
    return last.end == record.length ? last.begin : record.length;
}

bool is_same_file(int descriptor, const std::filesystem::path& path)
{
    struct stat opened {};
    struct stat named {};
    return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

} // namespace

download_file::download_file(std::filesystem::path target, file_options options, std::string url)
    : target_(std::move(target)),
      destination_(target_),
      options_(std::move(options)),
      record_{.url = std::move(url)}
{
    if (options_.checksum) {
        digest_.emplace(options_.checksum->kind());
    }
    if (options_.resume) {
        info_path_ = target_.parent_path() / (hidden_name(target_) + ".part-info");
    }
}

download_file::~download_file()
{
    if (!path_.empty() && (!options_.resume || end_of_beginning() == 0)) {
        remove();
    } else if (!path_.empty() && unproven_from_) {
        take_back();
    }
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void download_file::find_earlier()
{
    if (!partial_record::load(info_path_)) {
        return;
    }
    open();
    // Only now nobody else changes it.
    const auto found = partial_record::load(info_path_);
    if (!found || found->url != record_.url) {
        return;
    }
    struct stat status {};
    check(::fstat(descriptor_, &status) == 0, "read");
    record_ = *found;
    size_ = static_cast<std::uint64_t>(status.st_size);
    // A record can be older than the file, which may be another one, or one just created.
    if (size_ > record_.length || size_ < end_of_present(record_)) {
        forget();
    }
    // What is in one piece needs no gap to be described. `begin()` cuts off the rest, which nobody
    // knows anything about.
    if (record_.missing.size() == 1 && record_.missing.front().end == record_.length) {
        size_ = record_.missing.front().begin;
        record_.missing.clear();
        record_withholds_ = true;
    }
}

std::uint64_t download_file::offset() const noexcept
{
    return set_aside_ ? 0 : end_of_beginning();
}

std::uint64_t download_file::end_of_beginning() const noexcept
{
    if (record_.validator.empty() || size_ == 0) {
        return 0;
    }
    if (has_gaps()) {
        return record_.missing.front().begin;
    }
    if (unproven_from_) {
        return *unproven_from_;
    }
    return size_ == record_.length ? size_ - 1 : size_;
}

// What is there is of no use to anybody.
void download_file::forget()
{
    size_ = 0;
    record_.validator.clear();
    record_.missing.clear();
    unproven_from_.reset();
}

bool download_file::begin(const body_facts& facts)
{
    if (options_.use_server_name && !settle_destination(facts)) {
        return false;
    }
    const bool fresh = descriptor_ < 0 && !options_.resume;
    open();
    if (facts.offset == 0) {
        record_.missing.clear();
        set_aside_ = false;
    }
    if (!fresh && !has_gaps()) {
        check(::ftruncate(descriptor_, static_cast<off_t>(facts.offset)) == 0, "write");
    }
    if (facts.offset == 0) {
        record_.length = facts.length.value_or(0);
        record_.validator = facts.length ? facts.validator : std::string();
        record_.coding = facts.coding;
        // Before the first byte: a part that survives a crash must never belong to another version.
        if (options_.resume && (record_.validator.empty() || !record_.save(info_path_))) {
            record_.validator.clear();
            ::unlink(info_path_.c_str());
        }
        record_withholds_ = false;
    }
    size_ = facts.offset;
    note_what_counts(facts);
    modified_ = facts.modified;
    if (digest_) {
        digest_->restart();
        digested_ = 0;
        digest_from(0, size_);
    }
    if (facts.length) {
        require_space();
    }
    return true;
}

// Before the first byte, too: what survives a crash of a body that may be another one must not be
// taken for the file's.
void download_file::note_what_counts(const body_facts& facts)
{
    unproven_from_.reset();
    if (facts.unproven) {
        unproven_from_ = facts.offset;
    }
    if (!options_.resume || facts.offset == 0 || has_gaps() ||
        facts.unproven == record_withholds_) {
        return;
    }
    partial_record noted = record_;
    if (facts.unproven) {
        noted.missing = {{facts.offset, record_.length}};
    }
    const bool saved = noted.save(info_path_);
    if (!saved && facts.unproven) {
        ::unlink(info_path_.c_str());
    }
    record_withholds_ = !saved || facts.unproven;
}

// Where a body has ended without showing what it was.
void download_file::take_back() noexcept
{
    try {
        if (::ftruncate(descriptor_, static_cast<off_t>(*unproven_from_)) == 0) {
            record_.save(info_path_);
        }
    } catch (...) {
        // What is on the disk says the same.
    }
}

// Names the file, and looks whether it is there already: before the name was known nobody could.
// False if what is there is to be kept.
bool download_file::settle_destination(const body_facts& facts)
{
    if (facts.offset == 0 || !facts.name.empty()) { // a rest may come without the name of the whole
        destination_ = facts.name.empty() ? target_ : target_.parent_path() / facts.name;
    }
    struct stat status {};
    if (::stat(destination_.c_str(), &status) != 0) {
        return true;
    }
    if (S_ISDIR(status.st_mode)) {
        throw file_error(std::make_error_code(std::errc::is_a_directory), "create");
    }
    if (options_.if_exists == file_options::existing::keep) {
        return false;
    }
    if (options_.if_exists == file_options::existing::refuse || destination_ != target_) {
        throw file_error(std::make_error_code(std::errc::file_exists), "create");
    }
    return true;
}

// Better to know before an hour of downloading than after it. Where the system cannot tell, or
// something else fills the disk meanwhile, or it does not take long, writing fails.
void download_file::require_space() const
{
    constexpr std::uint64_t soon = 1024 * 1024;
    std::uint64_t missing = has_gaps() ? 0 : record_.length - size_;
    for (const byte_range& each : record_.missing) {
        missing += each.end - each.begin;
    }
    struct statvfs disk {};
    if (missing <= soon || ::fstatvfs(descriptor_, &disk) != 0 || disk.f_frsize == 0) {
        return;
    }
    if (missing / disk.f_frsize > disk.f_bavail) {
        throw file_error(std::make_error_code(std::errc::no_space_on_device), "write");
    }
}

void download_file::digest_from(std::uint64_t begin, std::uint64_t end)
{
    std::array<char, 64 * 1024> bytes;
    for (std::uint64_t position = begin; position < end;) {
        const auto wanted = std::min<std::uint64_t>(end - position, bytes.size());
        const ssize_t size = ::pread(descriptor_,
                                     bytes.data(),
                                     static_cast<std::size_t>(wanted),
                                     static_cast<off_t>(position));
        if (size < 0 && errno == EINTR) {
            continue;
        }
        check(size > 0, "read");
        digest_->add({bytes.data(), static_cast<std::size_t>(size)});
        position += static_cast<std::uint64_t>(size);
    }
    digested_ = end;
}

void download_file::write_at(std::uint64_t position, std::string_view bytes)
{
    // What comes out of order is read again when everything is there.
    if (digest_ && position == digested_) {
        digest_->add(bytes);
        digested_ += bytes.size();
    }
    const bool appends = position == size_;
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        check(written >= 0, "write");
        position += static_cast<std::uint64_t>(written);
        size_ = appends ? position : size_;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

bool download_file::keep_gaps(std::vector<byte_range> missing)
{
    // Else a loss of power could leave a record of bytes that never reached the disk.
    if (options_.sync) {
        check(::fdatasync(descriptor_) == 0, "write");
    }
    record_.missing = std::move(missing);
    return !options_.resume || record_.save(info_path_);
}

bool download_file::commit()
{
    unproven_from_.reset();
    verify();
    if ((options_.set_time || options_.if_exists == file_options::existing::if_newer) &&
        modified_) {
        const timespec times[2] = {{0, UTIME_OMIT}, {modified_->time_since_epoch().count(), 0}};
        check(::futimens(descriptor_, times) == 0, "set the time of");
    }
    if (options_.sync) {
        check(::fsync(descriptor_) == 0, "write");
    }
    // Network file systems report a full disk only when a file is closed. Closing a duplicate tells,
    // too, and keeps the lock on a part with a known name until it has its new one.
    const int closed = options_.resume ? ::dup(descriptor_) : std::exchange(descriptor_, -1);
    check(closed >= 0 && ::close(closed) == 0, "write");
    // The record goes first: a kill in between leaves a part that the next call writes over. The other
    // way round it would leave a record beside a complete file, which nobody looks at again.
    if (options_.resume) {
        ::unlink(info_path_.c_str());
    }
    bool renamed = false;
    try {
        renamed = rename_to_destination();
    } catch (...) {
        if (options_.resume && !record_.save(info_path_)) {
            record_.validator.clear();
        }
        throw;
    }
    if (options_.resume) {
        ::close(std::exchange(descriptor_, -1));
    }
    if (options_.sync && renamed) {
        const std::filesystem::path folder =
            target_.has_parent_path() ? target_.parent_path() : std::filesystem::path(".");
        const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check(opened >= 0, "write");
        const bool synced = ::fsync(opened) == 0 || errno == EINVAL; // some folders cannot be
        ::close(opened);
        check(synced, "write");
    }
    return renamed;
}

void download_file::verify()
{
    if (!digest_) {
        return;
    }
    digest_from(digested_, has_gaps() ? record_.length : size_);
    if (const std::string digits = digest_->take(); digits != options_.checksum->digits()) {
        const std::string name(options_.checksum->name());
        const std::string expected = options_.checksum->digits();
        remove();
        throw std::system_error(make_error_code(errc::checksum_mismatch),
                                name + " is " + digits + ", expected " + expected);
    }
}

bool download_file::rename_to_destination()
{
    if (options_.if_exists == file_options::existing::keep ||
        options_.if_exists == file_options::existing::refuse || destination_ != target_) {
        const int done =
            ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, destination_.c_str(), RENAME_NOREPLACE);
        if (done == 0) {
            path_.clear();
            return true;
        }
        const bool unable = errno == EINVAL || errno == ENOSYS; // the file system
        check(unable || errno == EEXIST, "write");
        if (!unable || ::access(destination_.c_str(), F_OK) == 0) {
            remove();
            return false;
        }
    }
    check(::rename(path_.c_str(), destination_.c_str()) == 0, "write");
    path_.clear();
    return true;
}

void download_file::remove() noexcept
{
    if (!path_.empty()) {
        ::unlink(path_.c_str());
        path_.clear();
    }
    if (!info_path_.empty()) {
        ::unlink(info_path_.c_str());
    }
    record_.validator.clear();
}

void download_file::open()
{
    if (descriptor_ >= 0) {
        return;
    }
    if (!target_.has_filename()) {
        throw file_error(std::make_error_code(std::errc::is_a_directory), "create");
    }
    cofutures::detail::occupy_standard_descriptors();
    if (options_.resume) {
        open_named();
    } else {
        open_unnamed();
    }
}

void download_file::open_unnamed()
{
    const std::string name = hidden_name(target_) + ".";
    for (int attempt = 0; descriptor_ < 0; ++attempt) {
        std::filesystem::path path = target_.parent_path() / (name + random_letters() + ".part");
        std::error_code ec;
        descriptor_ = open_own_file(path, own_file::fresh, ec);
        if (descriptor_ >= 0) {
            path_ = std::move(path);
        } else if (ec != std::errc::file_exists || attempt == 100) {
            throw file_error(ec, "create");
        }
    }
}

void download_file::open_named()
{
    const std::filesystem::path path = target_.parent_path() / (hidden_name(target_) + ".part");
    for (;;) {
        std::error_code reason;
        const int opened = open_own_file(path, own_file::continued, reason);
        if (opened < 0) {
            // Else it would say that the user's file is there, which may be just what is wanted.
            const bool strange = reason == std::errc::file_exists;
            throw file_error(strange ? std::make_error_code(std::errc::operation_not_permitted)
                                     : reason,
                             "create");
        }
        if (::flock(opened, LOCK_EX | LOCK_NB) != 0) {
            reason = last_error();
            ::close(opened);
            throw file_error(reason, "create");
        }
        // Whoever held the lock before may have renamed or removed the file.
        if (is_same_file(opened, path)) {
            descriptor_ = opened;
            path_ = path;
            return;
        }
        ::close(opened);
    }
}

} // namespace cofutures::http::detail
