// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "peer_program.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cofutures::test {

namespace {

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

/// A port that was free just now.
std::uint16_t some_port()
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (descriptor < 0 || ::bind(descriptor, any, size) != 0 ||
        ::getsockname(descriptor, any, &size) != 0) {
        throw std::system_error(errno, std::system_category(), "looking for a free port");
    }
    ::close(descriptor);
    return ntohs(address.sin_port);
}

} // namespace

peer_program::peer_program(
    const std::function<std::vector<std::string>(const std::string& port)>& command,
    std::filesystem::path log)
    : log_(std::move(log))
{
    std::string name;
    for (int attempt = 0; attempt != 3; ++attempt) {
        port_ = some_port();
        std::vector<std::string> words = command(std::to_string(port_));
        name = words.at(0);
        if (start(std::move(words))) {
            return;
        }
    }
    std::ifstream said(log_);
    throw std::runtime_error(
        name + " did not start: " + std::string(std::istreambuf_iterator<char>(said), {}));
}

bool peer_program::start(std::vector<std::string> words)
{
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (!log_.empty()) {
        ::posix_spawn_file_actions_addopen(
            &actions, 1, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    }
    const int failure =
        ::posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        pid_ = -1;
        throw std::system_error(failure, std::system_category(), words[0]);
    }
    // Not all of these programs say when they listen, so the port is asked until it answers.
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!ended() && std::chrono::steady_clock::now() < limit) {
        if (listens()) {
            return !ended(); // another program may have taken the port
        }
        ::poll(nullptr, 0, 5);
    }
    return false;
}

bool peer_program::listens() const
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    const bool connected =
        ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    return connected;
}

bool peer_program::ended()
{
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
    }
    return pid_ < 0;
}

peer_program::~peer_program()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

} // namespace cofutures::test
