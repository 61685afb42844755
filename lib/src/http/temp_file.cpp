// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "temp_file.hpp"

#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace cofutures::http::detail {

namespace {

std::error_code last_error()
{
    return {errno, std::system_category()};
}

// Hidden, recognisable and short enough even where the target's name has the greatest length
// allowed.
std::filesystem::path temporary_name(const std::filesystem::path& target)
{
    std::random_device random;
    std::string name = "." + target.filename().string().substr(0, 200) + ".";
    for (int i = 0; i < 8; ++i) {
        name += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
    }
    return target.parent_path() / (name + ".part");
}

} // namespace

temp_file::temp_file(std::filesystem::path target) : target_(std::move(target))
{
    if (!target_.has_filename()) {
        throw file_error(std::make_error_code(std::errc::is_a_directory), "create");
    }
    for (int attempt = 0; descriptor_ < 0; ++attempt) {
        path_ = temporary_name(target_);
        // 0666 and not mkstemp's 0600: the file is to have the mode any new file would have.
        descriptor_ = ::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (descriptor_ < 0 && (errno != EEXIST || attempt == 100)) {
            throw file_error(last_error(), "create");
        }
    }
}

temp_file::~temp_file()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!path_.empty()) {
        ::unlink(path_.c_str());
    }
}

void temp_file::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            throw file_error(last_error(), "write");
        }
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

void temp_file::commit()
{
    // Network file systems report a full disk only here.
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        throw file_error(last_error(), "write");
    }
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
        throw file_error(last_error(), "write");
    }
    path_.clear();
}

} // namespace cofutures::http::detail
