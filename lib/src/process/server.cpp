// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "server.hpp"

#include "../standard_descriptors.hpp"
#include "wire.hpp"
#include "worker.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cofutures::detail {

namespace {

void close_from_to(unsigned first, unsigned last) noexcept
{
    if (first > last) {
        return;
    }
    if (std::getenv("COFUTURES_OLD_KERNEL") == nullptr &&
        ::syscall(SYS_close_range, first, last, 0U) == 0) {
        return;
    }
    // Before Linux 5.9, or as a test of that: one by one.
    DIR* const directory = ::opendir("/proc/self/fd");
    if (directory == nullptr) {
        // Not ours to read after a change of user, or out of sight in another root directory.
        const long end = ::sysconf(_SC_OPEN_MAX);
        for (unsigned fd = first; fd <= last && long(fd) < end; ++fd) {
            ::close(static_cast<int>(fd));
        }
        return;
    }
    std::vector<int> open;
    while (const dirent* const entry = ::readdir(directory)) {
        const int fd = std::atoi(entry->d_name);
        if (fd > 2 && fd != ::dirfd(directory) && unsigned(fd) >= first && unsigned(fd) <= last) {
            open.push_back(fd);
        }
    }
    ::closedir(directory);
    for (const int fd : open) {
        ::close(fd);
    }
}

/// Closes everything but the standard descriptors and those given.
void close_all_but(std::vector<int> kept) noexcept
{
    std::sort(kept.begin(), kept.end());
    unsigned next = STDERR_FILENO + 1;
    for (const int fd : kept) {
        if (fd >= 0 && unsigned(fd) >= next) {
            close_from_to(next, unsigned(fd) - 1);
            next = unsigned(fd) + 1;
        }
    }
    close_from_to(next, ~0U);
}

/// Where the program has closed its standard descriptors, workers have /dev/null: they print, too.
void replace_missing_standard_descriptors(int null) noexcept
{
    for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
        if (null >= 0 && is_missing_standard_descriptor(each)) {
            ::dup2(null, each);
        }
    }
}

struct served_worker {
    std::uint32_t number = 0;
    pid_t pid = 0;
    int client = -1; // socket, or -1 when the pool has gone
};

class server {
public:
    server(unique_fd control, proc_files files) noexcept
        : control_(std::move(control)), files_(std::move(files))
    {}

    [[noreturn]] void run()
    {
        prepare();
        for (;;) {
            std::vector<pollfd> polled{{signals_.get(), POLLIN, 0}, {control_.get(), POLLIN, 0}};
            for (const unique_fd& client : clients_) {
                polled.push_back({client.get(), POLLIN, 0});
            }
            if (::poll(polled.data(), polled.size(), -1) < 0) {
                continue;
            }
            if (polled[0].revents != 0) {
                signalfd_siginfo ignored[8];
                // A cast to void does not satisfy GCC where _FORTIFY_SOURCE is on.
                [[maybe_unused]] const auto taken = ::read(signals_.get(), ignored, sizeof ignored);
                reap();
            }
            if (polled[1].revents != 0 && !accept()) {
                end();
            }
            for (std::size_t i = 2; i < polled.size(); ++i) {
                if (polled[i].revents != 0) {
                    obey(polled[i].fd);
                }
            }
            std::erase_if(clients_, [](const unique_fd& client) { return !client; });
        }
    }

private:
    void prepare()
    {
        ::prctl(PR_SET_NAME, "cf-fork-server");
        // Children of dead workers become ours, so that they can be found and ended.
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        close_all_but({control_.get(), files_.program_status.get(), files_.proc.get()});
        null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC)); // another root may not have it
        null_ = out_of_the_way(std::move(null_));
        replace_missing_standard_descriptors(null_.get());
        own_ = read_own_traits(files_.proc.get()).value_or(program_traits());
        // The program decides what Ctrl-C and whatever else is sent to its group mean; without us it could
        // not even end in good order. A pool that went away is noticed by reading.
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
            std::signal(signal, SIG_IGN);
        }
        sigset_t children;
        ::sigemptyset(&children);
        ::sigaddset(&children, SIGCHLD);
        ::sigprocmask(SIG_SETMASK, &children, nullptr);
        std::signal(SIGCHLD, SIG_DFL);
        signals_.reset(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    /// Takes a new pool's socket; false when the program has gone.
    bool accept()
    {
        order request;
        std::vector<unique_fd> fds;
        if (receive_with_fds(control_.get(), &request, sizeof request, fds, 0) <= 0) {
            return false;
        }
        if (request.kind == order_kind::connect && fds.size() == 3) {
            const trait refused =
                follow(read_traits(files_.program_status.get()), request, fds[1], fds[2]);
            if (refused != trait::none) {
                tell(fds[0].get(), {.kind = notice_kind::refused, .refused = refused});
                return true;
            }
            clients_.push_back(std::move(fds.front()));
            tell(clients_.back().get(), {.kind = notice_kind::welcome});
        }
        return true;
    }

    /// Gives up what the program has given up for good, so that nothing has more rights than it. Not
    /// while there are workers: who gave up root could not end those that were started before.
    trait follow(const std::optional<program_traits>& program,
                 const order& request,
                 const unique_fd& directory,
                 const unique_fd& root)
    {
        if (!program) {
            return trait::program;
        }
        if (!workers_.empty() || !is_settled(*program)) {
            return trait::none; // the worker itself becomes like the program
        }
        const trait refused =
            take_on(own_, *program, request.report, directory.get(), root.get(), files_.proc.get());
        own_ = read_own_traits(files_.proc.get()).value_or(own_);
        return refused;
    }

    void obey(int client)
    {
        order request;
        std::vector<unique_fd> fds;
        const ssize_t size = receive_with_fds(client, &request, sizeof request, fds, MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (size <= 0) {
            leave(client);
            return;
        }
        if (request.kind == order_kind::spawn) {
            const std::size_t expected = request.has_stderr != 0 ? 5 : 4;
            if (fds.size() == expected) {
                spawn(client, request, fds);
            } else {
                // They did not arrive for want of free descriptors here.
                tell(client,
                     {.kind = notice_kind::spawn_failed,
                      .worker = request.worker,
                      .status = EMFILE});
            }
        } else if (request.kind == order_kind::kill) {
            for (const served_worker& worker : workers_) {
                if (worker.client == client && worker.number == request.worker) {
                    // Not yet reaped, so the number still means this worker and its group.
                    ::kill(-worker.pid, request.signal);
                }
            }
        }
    }

    /// The pool has gone: its workers go too.
    void leave(int client)
    {
        for (served_worker& worker : workers_) {
            if (worker.client == client) {
                worker.client = -1;
                ::kill(-worker.pid, SIGKILL);
            }
        }
        for (unique_fd& known : clients_) {
            if (known.get() == client) {
                known.reset();
            }
        }
    }

    void spawn(int client, const order& request, std::vector<unique_fd>& fds)
    {
        const auto program = read_traits(files_.program_status.get());
        if (const trait refused = follow(program, request, fds[2], fds[3]);
            refused != trait::none) {
            tell(client,
                 {.kind = notice_kind::refused, .worker = request.worker, .refused = refused});
            return;
        }
        const pid_t server_pid = ::getpid();
        const pid_t pid = ::fork();
        if (pid == 0) {
            become_worker(server_pid, client, *program, request, fds);
        }
        if (pid < 0) {
            tell(client,
                 {.kind = notice_kind::spawn_failed, .worker = request.worker, .status = errno});
            return;
        }
        ::setpgid(pid, pid); // in both processes: whoever is first, a kill of the group works
        workers_.push_back({request.worker, pid, client});
    }

    [[noreturn]] void become_worker(pid_t server_pid,
                                    int client,
                                    const program_traits& program,
                                    const order& request,
                                    std::vector<unique_fd>& fds)
    {
        ::setpgid(0, 0);
        for (int signal = 1; signal < NSIG; ++signal) {
            std::signal(signal, SIG_DFL);
        }
        std::signal(SIGINT, SIG_IGN);
        std::signal(SIGPIPE, SIG_IGN);

        keep_descriptors_from(lowest_descriptor_of_workers());
        unique_fd socket = out_of_the_way(std::move(fds[0]));
        unique_fd page = out_of_the_way(std::move(fds[1]));
        unique_fd directory = std::move(fds[2]);
        unique_fd root = std::move(fds[3]);
        if (request.has_stderr != 0) {
            ::dup2(fds[4].get(), STDERR_FILENO);
        }
        if (null_) {
            ::dup2(null_.get(), STDIN_FILENO);
        }
        // When memory runs out, a worker should go before the program does.
        if (const int score =
                ::openat(files_.proc.get(), "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
            score >= 0) {
            static_cast<void>(!::write(score, "500", 3));
            ::close(score);
        }
        // While that is still allowed; another user may not even see what is open.
        close_all_but(
            {socket.get(), page.get(), directory.get(), root.get(), client, files_.proc.get()});

        // From here on this process has the rights of the program, or ends before it runs anything.
        const trait refused =
            take_on(own_, program, request.report, directory.get(), root.get(), files_.proc.get());
        if (refused != trait::none) {
            tell(client,
                 {.kind = notice_kind::refused, .worker = request.worker, .refused = refused});
            ::_exit(1);
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a change of user would have reset it
        if (::getppid() != server_pid) {
            ::_exit(1); // the server died before the line above
        }
        // By the worker, so that the pool knows of it before its first reply.
        tell(client, {.kind = notice_kind::spawned, .worker = request.worker, .pid = ::getpid()});
        directory.reset();
        root.reset();
        ::close(files_.proc.release());
        ::close(client);

        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        enter_worker();
        run_worker(std::move(socket),
                   std::move(page),
                   request.name,
                   static_cast<std::size_t>(request.memory_limit));
    }

    void reap()
    {
        siginfo_t info{};
        while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
            const pid_t pid = info.si_pid;
            const auto found =
                std::find_if(workers_.begin(), workers_.end(), [pid](const served_worker& worker) {
                    return worker.pid == pid;
                });
            if (found != workers_.end()) {
                // What the worker started goes with it; until it is reaped its group number is its own.
                ::kill(-pid, SIGKILL);
            }
            int status = 0;
            rusage usage{};
            ::wait4(pid, &status, 0, &usage);
            if (found != workers_.end()) {
                const auto nanoseconds = [](const timeval& time) {
                    return std::uint64_t(time.tv_sec) * 1'000'000'000U +
                           std::uint64_t(time.tv_usec) * 1'000U;
                };
                const served_worker gone = *found;
                workers_.erase(found);
                tell(gone.client,
                     {.kind = notice_kind::exited,
                      .worker = gone.number,
                      .pid = pid,
                      .status = status,
                      .cpu_time = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
                      .peak_memory = std::uint64_t(usage.ru_maxrss) * 1024});
            }
            info = {};
        }
    }

    static void tell(int client, const notice& news)
    {
        if (client >= 0) {
            // May block: a pool always reads. A pool that has gone is noticed in obey().
            send_with_fds(client, &news, sizeof news, {}, 0);
        }
    }

    [[noreturn]] void end()
    {
        for (const served_worker& worker : workers_) {
            ::kill(-worker.pid, SIGKILL);
        }
        // Whatever tasks have started in sessions of their own has become our child by now, or will when
        // its parent is reaped. The kernel's list may lack some of many, and where it is missing such
        // processes outlive us.
        for (int fruitless = 0; fruitless != 50;) {
            kill_children();
            pid_t reaped = 0;
            do {
                reaped = ::waitpid(-1, nullptr, WNOHANG);
            } while (reaped > 0);
            if (reaped < 0) {
                break; // none are left
            }
            pollfd polled{signals_.get(), POLLIN, 0};
            fruitless += ::poll(&polled, 1, 100) == 0 ? 1 : 0;
            signalfd_siginfo ignored[8];
            [[maybe_unused]] const auto taken = ::read(signals_.get(), ignored, sizeof ignored);
        }
        ::_exit(0);
    }

    static void kill_children()
    {
        std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
        for (pid_t pid = 0; list >> pid;) {
            ::kill(pid, SIGKILL);
        }
    }

    unique_fd control_;
    proc_files files_;
    program_traits own_; // of this process
    unique_fd null_;
    unique_fd signals_;
    std::vector<unique_fd> clients_;
    std::vector<served_worker> workers_;
};

} // namespace

void serve(unique_fd control, proc_files files) noexcept
{
    forget_program();
    server(std::move(control), std::move(files)).run();
}

} // namespace cofutures::detail
