// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "nginx.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cofutures::test {

namespace {

constexpr const char* configuration = R"(
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events { worker_connections 1024; }
http {
    log_format connections '$connection $connection_requests $status $uri';
    access_log access.log connections;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    default_type application/octet-stream;
    server { listen 127.0.0.1:PORT; root html; location /slow/ { limit_rate 4m; } }
}
)";

/// A port that was free just now.
std::string some_port()
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (descriptor < 0 || ::bind(descriptor, any, size) != 0 ||
        ::getsockname(descriptor, any, &size) != 0) {
        throw std::system_error(errno, std::system_category(), "looking for a free port");
    }
    ::close(descriptor);
    return std::to_string(ntohs(address.sin_port));
}

} // namespace

nginx::nginx(const std::string& executable, std::filesystem::path folder)
    : folder_(std::move(folder))
{
    std::filesystem::create_directories(folder_ / "tmp");
    std::string said;
    for (int attempt = 0; attempt != 3; ++attempt) {
        const std::string port = some_port();
        url_ = "http://127.0.0.1:" + port;
        std::string text = configuration;
        text.replace(text.find("PORT"), 4, port);
        std::ofstream(folder_ / "nginx.conf") << text;
        if (start(executable, said)) {
            return;
        }
    }
    throw std::runtime_error("nginx did not start: " + said);
}

bool nginx::start(const std::string& executable, std::string& said)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::system_category(), "pipe2");
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    std::vector<std::string> words{
        executable, "-p", folder_.string(), "-c", "nginx.conf", "-e", "stderr"};
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const int failure =
        ::posix_spawn(&pid_, executable.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failure != 0) {
        ::close(ends[0]);
        throw std::system_error(failure, std::system_category(), executable);
    }
    // It says so once it listens; until then it may end, if another program has taken the port.
    messages_ = ends[0];
    char bytes[4096];
    ssize_t size = 0;
    while (said.find("event method") == std::string::npos) {
        size = ::read(messages_, bytes, sizeof bytes);
        if (size <= 0) {
            kill(SIGKILL);
            return false;
        }
        said.append(bytes, static_cast<std::size_t>(size));
    }
    return true;
}

void nginx::kill(int signal) noexcept
{
    if (pid_ > 0) {
        ::kill(pid_, signal);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
        ::close(messages_);
    }
}

nginx::~nginx()
{
    kill(SIGKILL);
}

std::vector<nginx::access> nginx::stop()
{
    kill(SIGTERM);
    std::vector<access> lines;
    std::ifstream log(folder_ / "access.log");
    for (access each; log >> each.connection >> each.request_of_connection >> each.status &&
                      std::getline(log >> std::ws, each.path);) {
        lines.push_back(each);
    }
    return lines;
}

} // namespace cofutures::test
