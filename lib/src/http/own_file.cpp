// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "own_file.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::http::detail {

namespace {

class descriptor {
public:
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { close(); }

    int get() const noexcept { return number_; }
    bool is_open() const noexcept { return number_ >= 0; }

    // Network file systems report a full disk only here.
    bool close() noexcept { return number_ >= 0 && ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

int flags_for(own_file how) noexcept
{
    // Without O_NONBLOCK opening a pipe would wait for its other end, for ever.
    constexpr int always = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    switch (how) {
    case own_file::existing:
        return always | O_RDONLY;
    case own_file::continued:
        return always | O_RDWR | O_CREAT;
    case own_file::fresh:
    case own_file::secret:
        break;
    }
    return always | O_RDWR | O_CREAT | O_EXCL;
}

bool is_ours(int opened) noexcept
{
    struct stat status {};
    return ::fstat(opened, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_uid == ::geteuid() && status.st_nlink <= 1;
}

bool write_all(int opened, std::string_view bytes) noexcept
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(opened, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

int open_own_file(const std::filesystem::path& path, own_file how, std::error_code& ec) noexcept
{
    // 0666 and not mkstemp's 0600: what is to be the user's file has the mode any new file would have.
    const mode_t mode = how == own_file::secret ? 0600 : 0666;
    int opened = -1;
    do {
        opened = ::open(path.c_str(), flags_for(how), mode);
    } while (opened < 0 && errno == EINTR);
    if (opened < 0) {
        ec = {errno, std::system_category()};
        return -1;
    }
    // What O_EXCL has made needs no look, and on some network file systems it belongs to nobody.
    const bool made = how == own_file::fresh || how == own_file::secret;
    if (!made && !is_ours(opened)) {
        ::close(opened);
        ec = std::make_error_code(std::errc::file_exists);
        return -1;
    }
    ec = {};
    return opened;
}

std::optional<std::string> read_own_file(const std::filesystem::path& path, std::size_t most)
{
    std::error_code ec;
    const descriptor file(open_own_file(path, own_file::existing, ec));
    if (!file.is_open()) {
        return std::nullopt;
    }
    std::string content;
    std::array<char, 4096> bytes;
    for (;;) {
        const ssize_t size = ::read(file.get(), bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 || content.size() + static_cast<std::size_t>(size) > most) {
            return std::nullopt;
        }
        if (size == 0) {
            return content;
        }
        content.append(bytes.data(), static_cast<std::size_t>(size));
    }
}

bool replace_own_file(const std::filesystem::path& path, std::string_view content)
{
    std::filesystem::path fresh = path;
    fresh += "~";
    ::unlink(fresh.c_str()); // of an earlier call that was killed, or of somebody who waits for us
    std::error_code ec;
    descriptor file(open_own_file(fresh, own_file::secret, ec));
    if (!file.is_open()) {
        return false;
    }
    const bool written = write_all(file.get(), content);
    if (file.close() && written && ::rename(fresh.c_str(), path.c_str()) == 0) {
        return true;
    }
    ::unlink(fresh.c_str());
    return false;
}

} // namespace cofutures::http::detail
