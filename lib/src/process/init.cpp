// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/error.hpp>
#include <cofutures/process/init.hpp>

#include "../standard_descriptors.hpp"
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
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cofutures::detail {

namespace {

constexpr std::string_view server_argument = "--cofutures-fork-server=";
constexpr int server_argument_fd = 3; // and the next one: the program's status file

// A pool in a worker of a pool in a worker …: each level is a program of its own, with a limit that
// stops one that nests by mistake.
constexpr int deepest_nesting = 10;

struct program_state {
    std::mutex mutex;
    std::shared_ptr<server_connection> server; // guarded by mutex
    bool warned = false;                       // guarded by mutex
    std::string name;                          // set by init, then read-only; empty without it
    program_traits at_init;                    // likewise
    unique_fd proc; // likewise; it outlasts a change of the root directory
};

program_state& program()
{
    static program_state* instance =
        new program_state; // never destroyed: pools may be static objects
    return *instance;
}

int worker_depth = 0; // written before a worker runs its first task, by its only thread

int count_threads(const program_state& state)
{
    int threads = 0;
    const int tasks = state.proc ? ::openat(state.proc.get(), "self/task", O_RDONLY | O_CLOEXEC)
                                 : ::open("/proc/self/task", O_RDONLY | O_CLOEXEC);
    if (DIR* const directory = tasks < 0 ? nullptr : ::fdopendir(tasks)) {
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
std::shared_ptr<server_connection> fork_server(const program_state& state)
{
    proc_files files = proc_files::open(state.proc);
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
        serve(std::move(control.theirs), std::move(files));
    }
    wait_for(middle);
    return std::make_shared<server_connection>(std::move(control.ours));
}

/// Only for start_method::spawn: it runs static objects and whatever stands before `init` once more.
std::shared_ptr<server_connection> spawn_server(const program_state& state)
{
    const proc_files files = proc_files::open(state.proc);
    const auto now = read_traits(files.program_status.get());
    if (!now || exec_gives_back(state.at_init, *now)) {
        throw std::system_error(
            EPERM,
            std::system_category(),
            "cofutures: start_method::spawn would give the new run of the program the rights that "
            "it gave up after process::init");
    }
    fd_pair control = make_socket_pair(SOCK_SEQPACKET);
    std::string argument = std::string(server_argument) + std::to_string(server_argument_fd);
    std::string program_name = state.name;
    char* arguments[] = {program_name.data(), argument.data(), nullptr};
    // Above both targets, since putting one in place must not replace the other.
    unique_fd server_end(::fcntl(control.theirs.get(), F_DUPFD_CLOEXEC, server_argument_fd + 2));
    const unique_fd status(
        ::fcntl(files.program_status.get(), F_DUPFD_CLOEXEC, server_argument_fd + 2));
    if (!server_end || !status) {
        throw std::system_error(errno, std::system_category(), "cofutures: fcntl");
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, server_end.get(), server_argument_fd);
    ::posix_spawn_file_actions_adddup2(&actions, status.get(), server_argument_fd + 1);
    pid_t pid = 0;
    const int failure =
        ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        throw std::system_error(
            failure, std::system_category(), "cofutures: starting /proc/self/exe as fork server");
    }
    control.theirs.reset(); // as is the copy: what comes next waits for an answer or the end
    server_end.reset();
    wait_for(pid); // it forks once more and ends, see serve_if_asked
    auto connection = std::make_shared<server_connection>(std::move(control.ours));
    if (!connection->connect()) {
        throw std::logic_error(
            "cofutures: start_method::spawn: the new run of the program ended without coming to "
            "process::init with one thread. Let init be the first line of main, before arguments "
            "are looked at, and no static object own a thread");
    }
    return connection;
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
    if (const int threads = count_threads(program()); threads > 1) {
        std::fprintf(stderr,
                     "cofutures: static objects of %s have started threads (%d more), so no worker "
                     "can be forked from it\n",
                     argv[0],
                     threads - 1);
        ::_exit(2);
    }
    proc_files files = proc_files::open();
    files.program_status.reset(fd + 1); // not of this process, but of the one that asks
    if (const pid_t server = ::fork(); server != 0) {
        ::_exit(server < 0 ? 1 : 0);
    }
    serve(unique_fd(fd), std::move(files));
}

/// The server of this process, if it has one that lives. Called with the program's mutex held.
bool has_server(const program_state& state)
{
    return state.server != nullptr && state.server->is_ours() && state.server->connect();
}

} // namespace

unique_fd server_connection::connect()
{
    fd_pair link = make_socket_pair(SOCK_SEQPACKET);
    const whereabouts here = whereabouts::of_this_thread();
    order request{.kind = order_kind::connect};
    request.report = here.report;
    const int passed[] = {link.theirs.get(), here.directory.get(), here.root.get()};
    const std::lock_guard lock(mutex_);
    if (send_with_fds(control_.get(), &request, sizeof request, passed, 0) < 0) {
        return {};
    }
    // A server that is just dying still takes what is sent to it, but does not answer.
    link.theirs.reset();
    notice answer;
    std::vector<unique_fd> none;
    if (receive_with_fds(link.ours.get(), &answer, sizeof answer, none, 0) <= 0) {
        return {};
    }
    if (answer.kind == notice_kind::refused) {
        throw refusal(answer.refused);
    }
    return std::move(link.ours);
}

std::shared_ptr<server_connection> server_for(process::start_method method)
{
    if (worker_depth >= deepest_nesting) {
        throw wrong_process("cofutures: process pools are nested " + std::to_string(worker_depth) +
                            " levels deep");
    }
    occupy_standard_descriptors();
    program_state& state = program();
    const std::lock_guard lock(state.mutex);
    switch (method) {
    case process::start_method::fork:
        return fork_server(state);
    case process::start_method::spawn:
        if (state.name.empty()) {
            throw std::logic_error(
                "cofutures: start_method::spawn needs cofutures::process::init(argc, argv) as the "
                "first line of main");
        }
        return spawn_server(state);
    case process::start_method::fork_server:
        break;
    }
    if (has_server(state)) {
        return state.server;
    }
    // Without init, or after the death of the first one. Running the program anew would give a cleaner
    // copy, but also run whatever it does before init for a second time, which nobody has asked for.
    if (count_threads(state) > 1 && !state.warned) {
        state.warned = true;
        std::fputs(state.name.empty()
                       ? "cofutures: warning: worker processes are forked from a program that has "
                         "threads; locks that these hold stay locked in the workers. Call "
                         "cofutures::process::init(argc, argv) first in main.\n"
                       : "cofutures: warning: worker processes are forked from a program that has "
                         "threads, because the fork server has died; locks that these hold stay "
                         "locked in the workers.\n",
                   stderr);
    }
    state.server = fork_server(state);
    return state.server;
}

void forget_program() noexcept
{
    program_state& state = program();
    // The mutex may have been held by another thread of the program when it was forked directly.
    ::new (static_cast<void*>(&state.mutex)) std::mutex;
    state.server.reset();
    state.proc.reset();
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
    detail::occupy_standard_descriptors();
    detail::program_state& state = detail::program();
    const std::lock_guard lock(state.mutex);
    if (!state.name.empty()) {
        return;
    }
    if (!detail::has_server(state)) {
        if (const int threads = detail::count_threads(state); threads > 1) {
            throw std::logic_error(
                "cofutures: process::init comes too late: the program has " +
                std::to_string(threads) +
                " threads already, and a process that is forked beside others inherits their "
                "locks, locked for ever. Call init in the first line of main; a static object must "
                "not own a thread");
        }
        state.server = detail::fork_server(state);
    }
    state.proc = detail::open_proc();
    const detail::proc_files files = detail::proc_files::open(state.proc);
    state.at_init =
        detail::read_traits(files.program_status.get()).value_or(detail::program_traits());
    state.name = argc > 0 && argv[0] != nullptr && argv[0][0] != '\0' ? argv[0] : "cofutures";
}

bool in_worker() noexcept
{
    return detail::worker_depth > 0;
}

} // namespace cofutures::process
