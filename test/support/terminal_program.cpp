// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "terminal_program.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cofutures::test {

namespace {

constexpr int watchdog_ms = 10'000;

[[noreturn]] void fail(const char* doing)
{
    throw std::system_error(errno, std::system_category(), doing);
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

} // namespace

bool terminal_program::possible()
{
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    return master >= 0 && ::close(master) == 0;
}

terminal_program::terminal_program(std::filesystem::path executable, std::filesystem::path folder)
    : executable_(std::move(executable)), folder_(std::move(folder))
{
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
        ::ioctl(master_, TIOCSWINSZ, &size) != 0) {
        fail("cannot make a terminal");
    }
}

terminal_program::~terminal_program()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
}

void terminal_program::start(const std::vector<std::string>& arguments, const std::string& terminal)
{
    std::vector<std::string> words{executable_.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment{"TERM=" + terminal};
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view name =
            std::string_view(*each).substr(0, std::string_view(*each).find('='));
        // A proxy of this machine is for others.
        if (name != "TERM" && !name.ends_with("_proxy") && !name.ends_with("_PROXY")) {
            environment.emplace_back(*each);
        }
    }

    // The first terminal that the leader of a session opens becomes that session's, and Ctrl-C its
    // signal.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
    ::posix_spawn_file_actions_addopen(&actions, 0, ::ptsname(master_), O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions, 0, 1);
    ::posix_spawn_file_actions_adddup2(&actions, 0, 2);
    const int error = ::posix_spawn(&pid_,
                                    executable_.c_str(),
                                    &actions,
                                    &attributes,
                                    pointers(words).data(),
                                    pointers(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        pid_ = -1;
        throw std::system_error(error, std::system_category(), executable_.string());
    }
}

void terminal_program::type(const std::string& keys) const
{
    if (::write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
        fail("cannot type");
    }
}

bool terminal_program::wait_for(const std::string& pattern)
{
    const std::regex expression(pattern);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(watchdog_ms);
    while (!std::regex_search(output_, expression)) {
        if (std::chrono::steady_clock::now() > limit || !read_some()) {
            return false;
        }
    }
    return true;
}

int terminal_program::wait()
{
    while (read_some()) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// False once the program has closed the terminal, which reads as EIO.
bool terminal_program::read_some()
{
    pollfd readable{master_, POLLIN, 0};
    const int ready = ::poll(&readable, 1, watchdog_ms);
    if (ready == 0) {
        throw std::runtime_error("the program wrote nothing for long; so far: " + output_);
    }
    char bytes[4096];
    const ssize_t size = ready < 0 ? -1 : ::read(master_, bytes, sizeof bytes);
    if (size > 0) {
        output_.append(bytes, static_cast<std::size_t>(size));
    }
    return size > 0 || (size < 0 && errno == EINTR);
}

} // namespace cofutures::test
