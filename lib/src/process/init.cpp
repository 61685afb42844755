// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/error.hpp>
#include <cofutures/process/init.hpp>

#include "server.hpp"
#include "wire.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cofutures::detail {

namespace {

constexpr std::string_view server_argument = "--cofutures-fork-server=";
constexpr int server_argument_fd = 3;

// A pool in a worker of a pool in a worker …: each level is a program of its own, with a limit that
// stops one that nests by mistake.
constexpr int deepest_nesting = 10;

struct program_state {
    std::mutex mutex;
    std::shared_ptr<server_connection> server; // guarded by mutex
    bool warned = false;                       // guarded by mutex
    std::string name;                          // set by init, then read-only; empty without it
};

program_state& program()
{
    static program_state* instance =
        new program_state; // never destroyed: pools may be static objects
    return *instance;
}

int worker_depth = 0; // written before a worker runs its first task, by its only thread

int count_threads()
{
    int threads = 0;
    if (DIR* const directory = ::opendir("/proc/self/task")) {
        while (const dirent* const entry = ::readdir(directory)) {
            threads += entry->d_name[0] != '.' ? 1 : 0;
        }
        ::closedir(directory);
    }
#if defined(__SANITIZE_THREAD__)
    --threads; // ThreadSanitizer's own, which survives a fork
#endif
    return threads;
}

void wait_for(pid_t pid)
{
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

/// Forks twice: the server is then no child of the program, which may wait for all its children.
std::shared_ptr<server_connection> fork_server()
{
    fd_pair control = make_socket_pair(SOCK_SEQPACKET);
    std::cout.flush();
    std::fflush(nullptr); // or every worker would print what is in the buffers once more
    const pid_t middle = ::fork();
    if (middle < 0) {
        throw std::system_error(
            errno, std::system_category(), "cofutures: forking the fork server");
    }
    if (middle == 0) {
        const pid_t server = ::fork();
        if (server != 0) {
            ::_exit(server < 0 ? 1 : 0);
        }
        control.ours.reset();
        serve(std::move(control.theirs));
    }
    wait_for(middle);
    return std::make_shared<server_connection>(std::move(control.ours));
}

std::shared_ptr<server_connection> spawn_server(const std::string& name)
{
    fd_pair control = make_socket_pair(SOCK_SEQPACKET);
    std::string argument = std::string(server_argument) + std::to_string(server_argument_fd);
    std::string program_name = name;
    char* arguments[] = {program_name.data(), argument.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, control.theirs.get(), server_argument_fd);
    pid_t pid = 0;
    const int failure =
        ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        throw std::system_error(
            failure, std::system_category(), "cofutures: starting /proc/self/exe as fork server");
    }
    wait_for(pid); // it forks once more and ends, see serve_if_asked
    return std::make_shared<server_connection>(std::move(control.ours));
}

/// In a process that spawn_server started: serves, and does not return.
void serve_if_asked(int argc, char** argv)
{
    if (argc != 2 || !std::string_view(argv[1]).starts_with(server_argument)) {
        return;
    }
    const std::string_view number = std::string_view(argv[1]).substr(server_argument.size());
    int fd = -1;
    std::from_chars(number.data(), number.data() + number.size(), fd);
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
        std::fprintf(stderr, "%s: %s is for the program's own use\n", argv[0], argv[1]);
        ::_exit(2);
    }
    if (const pid_t server = ::fork(); server != 0) {
        ::_exit(server < 0 ? 1 : 0);
    }
    serve(unique_fd(fd));
}

} // namespace

unique_fd server_connection::connect()
{
    fd_pair link = make_socket_pair(SOCK_SEQPACKET);
    const order request{.kind = order_kind::connect};
    const int passed = link.theirs.get();
    const std::lock_guard lock(mutex_);
    if (send_with_fds(control_.get(), &request, sizeof request, {&passed, 1}, 0) < 0) {
        return {};
    }
    // A server that is just dying still takes what is sent to it, but does not answer.
    link.theirs.reset();
    notice answer;
    std::vector<unique_fd> none;
    if (receive_with_fds(link.ours.get(), &answer, sizeof answer, none, 0) <= 0) {
        return {};
    }
    return std::move(link.ours);
}

std::shared_ptr<server_connection> server_for(process::start_method method)
{
    if (worker_depth >= deepest_nesting) {
        throw wrong_process("cofutures: process pools are nested " + std::to_string(worker_depth) +
                            " levels deep");
    }
    program_state& state = program();
    const std::lock_guard lock(state.mutex);
    switch (method) {
    case process::start_method::fork:
        return fork_server();
    case process::start_method::spawn:
        if (state.name.empty()) {
            throw std::logic_error(
                "cofutures: start_method::spawn needs cofutures::process::init(argc, argv) as the "
                "first line of main");
        }
        return spawn_server(state.name);
    case process::start_method::fork_server:
        break;
    }
    if (state.server != nullptr && state.server->connect()) {
        return state.server;
    }
    if (!state.name.empty() && count_threads() > 1) {
        state.server = spawn_server(state.name); // the first one died; a new run is as clean
    } else {
        if (count_threads() > 1 && !state.warned) {
            state.warned = true;
            std::fputs("cofutures: warning: worker processes are forked from a program that has "
                       "threads; locks that "
                       "these hold stay locked in the workers. Call cofutures::process::init(argc, "
                       "argv) first in "
                       "main.\n",
                       stderr);
        }
        state.server = fork_server();
    }
    return state.server;
}

void forget_program() noexcept
{
    program_state& state = program();
    // The mutex may have been held by another thread of the program when it was forked directly.
    ::new (static_cast<void*>(&state.mutex)) std::mutex;
    state.server.reset();
}

void enter_worker() noexcept
{
    ++worker_depth;
}

} // namespace cofutures::detail

namespace cofutures::process {

void init(int argc, char** argv)
{
    detail::serve_if_asked(argc, argv);
    detail::program_state& state = detail::program();
    {
        const std::lock_guard lock(state.mutex);
        if (!state.name.empty()) {
            return;
        }
        state.name = argc > 0 && argv[0] != nullptr && argv[0][0] != '\0' ? argv[0] : "cofutures";
    }
    detail::server_for(start_method::fork_server);
}

bool in_worker() noexcept
{
    return detail::worker_depth > 0;
}

} // namespace cofutures::process
