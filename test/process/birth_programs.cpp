// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "birth_programs.hpp"

#include <cofutures/process_pool_executor.hpp>

#include "support/closed_standard_descriptors.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cofutures::test {

namespace {

using namespace std::chrono_literals;
using process::start_method;

constexpr auto watchdog = 20s;

/// A thread that does nothing, as that of an asynchronous logger that is a static object.
class idle_thread {
public:
    idle_thread()
        : thread_([this] {
              std::unique_lock lock(mutex_);
              changed_.wait(lock, [this] { return over_; });
          })
    {}
    ~idle_thread()
    {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    idle_thread(const idle_thread&) = delete;
    idle_thread& operator=(const idle_thread&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

/// What this process may do and where it is, asked of the kernel without /proc.
std::string describe()
{
    std::ostringstream text;
    std::array<uid_t, 3> users{};
    std::array<gid_t, 3> groups{};
    ::getresuid(&users[0], &users[1], &users[2]);
    ::getresgid(&groups[0], &groups[1], &groups[2]);
    text << "uid " << users[0] << ' ' << users[1] << ' ' << users[2] << " gid " << groups[0] << ' '
         << groups[1] << ' ' << groups[2] << " groups";
    std::vector<gid_t> others(static_cast<std::size_t>(::getgroups(0, nullptr)));
    ::getgroups(static_cast<int>(others.size()), others.data());
    for (const gid_t each : others) {
        text << ' ' << each;
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2]{};
    ::syscall(SYS_capget, &header, sets);
    text << " caps" << std::hex;
    for (const auto& half : sets) {
        text << ' ' << half.permitted << ' ' << half.effective << ' ' << half.inheritable;
    }
    text << " bounding ";
    for (unsigned each = 0; ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each) {
        text << ::prctl(PR_CAPBSET_READ, each, 0, 0, 0);
    }
    text << " ambient "
         << ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0)
         << " securebits " << (::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & ~SECBIT_KEEP_CAPS)
         << " no_new_privs " << ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) << " dumpable "
         << ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    text << " umask " << std::oct << mask << std::dec;
    struct stat root {};
    struct stat here {};
    ::stat("/", &root);
    ::stat(".", &here);
    text << " root " << root.st_ino << " here " << here.st_ino;
    return text.str();
}

std::string seen_by_initializer;

void initialize()
{
    seen_by_initializer = describe();
}

std::string description_by_initializer()
{
    return seen_by_initializer;
}

void set_capabilities(std::uint64_t permitted)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2]{};
    for (unsigned half = 0; half != 2; ++half) {
        const auto bits = static_cast<__u32>(permitted >> (32 * half));
        sets[half].permitted = bits;
        sets[half].effective = bits;
        sets[half].inheritable = bits;
    }
    if (::syscall(SYS_capset, &header, sets) != 0) {
        std::perror("capset");
    }
}

/// A filter that allows everything is a filter.
int filter_system_calls()
{
    sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{1, allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

/// Does to this program what the words, joined by "+", say.
void change(const std::string& words)
{
    std::istringstream stream(words);
    for (std::string word; std::getline(stream, word, '+');) {
        int failure = 0;
        if (word == "groups") {
            const gid_t others[] = {7, 8};
            failure = ::setgroups(2, others);
        } else if (word == "user") {
            const gid_t others[] = {7, 8};
            failure = ::setgroups(2, others) + ::setresgid(5, 5, 5) + ::setresuid(6, 6, 6);
        } else if (word == "other-user") {
            failure = ::seteuid(0) + ::setresgid(9, 9, 9) + ::setresuid(10, 10, 10);
        } else if (word == "effective-user") {
            failure = ::setegid(5) + ::seteuid(6);
        } else if (word == "keep-one-capability") {
            ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
            failure = ::setresgid(5, 5, 5) + ::setresuid(6, 6, 6);
            set_capabilities(std::uint64_t{1} << CAP_NET_BIND_SERVICE);
            failure += ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
        } else if (word == "few-capabilities") {
            set_capabilities((std::uint64_t{1} << CAP_NET_BIND_SERVICE) |
                             (std::uint64_t{1} << CAP_KILL));
        } else if (word == "bounding") {
            failure = ::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
        } else if (word == "securebits") {
            failure = ::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
        } else if (word == "no_new_privs") {
            failure = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        } else if (word == "seccomp") {
            failure = filter_system_calls();
        } else if (word == "umask") {
            ::umask(027);
        } else if (word == "directory") {
            failure = ::chdir("/usr");
        } else if (word == "removed-directory") {
            failure = ::mkdir("gone", 0700) + ::chdir("gone") + ::rmdir("../gone");
        } else if (word == "root") {
            failure = ::mkdir("cell", 0755) + ::chroot("cell") + ::chdir("/");
        } else {
            failure = -1;
        }
        if (failure != 0) {
            std::printf("cannot %s: %d\n", word.c_str(), errno);
        }
    }
}

start_method method_of(std::string_view name)
{
    return name == "fork"    ? start_method::fork
           : name == "spawn" ? start_method::spawn
                             : start_method::fork_server;
}

/// "METHOD:CHANGES:LATER": changes itself, makes a pool, compares, changes itself once more, lets the
/// worker be replaced, and compares again. Prints the two descriptions where they differ.
int be_like_me(const std::string& what)
{
    const auto first_colon = what.find(':');
    const auto second_colon = what.find(':', first_colon + 1);
    change(what.substr(first_colon + 1, second_colon - first_colon - 1));
    std::fflush(stdout);
    try {
        process_pool_executor pool({.max_workers = 1,
                                    .start_method = method_of(what.substr(0, first_colon)),
                                    .initializer = process::call(initialize)});
        const auto compare = [&](const char* name) {
            const std::string worker = pool.submit(describe).result(watchdog);
            const std::string program = describe();
            std::printf("%s: %s\n", name, worker == program ? "alike" : "different");
            if (worker != program) {
                std::printf("%s\n%s\n", program.c_str(), worker.c_str());
            }
            std::printf("initializer: %s\n",
                        pool.submit(description_by_initializer).result(watchdog) == program
                            ? "alike"
                            : "different");
        };
        compare("first worker");
        const auto user_of_server = [] {
            std::ifstream status("/proc/" + std::to_string(::getppid()) + "/status");
            std::string line;
            while (std::getline(status, line) && !line.starts_with("Uid:")) {
            }
            return line;
        };
        std::printf("server: %s\n", pool.submit(user_of_server).result(watchdog).c_str());
        if (second_colon != std::string::npos) {
            change(what.substr(second_colon + 1));
            pool.submit([] { ::_exit(1); }).exception(watchdog);
            compare("replacement");
        }
    } catch (const std::exception& e) {
        std::printf("refused: %s\n", e.what());
        try {
            std::rethrow_if_nested(e);
        } catch (const std::exception& cause) {
            std::printf("cause: %s\n", cause.what());
        }
    }
    return 0;
}

/// Forks itself, and the copy has a pool.
int be_forked()
{
    const pid_t pid = ::fork();
    if (pid != 0) {
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WEXITSTATUS(status);
    }
    ::umask(077);
    process_pool_executor pool(1);
    const auto mask = [] { return ::umask(0); };
    return pool.submit(mask).result(watchdog) == 077 ? 42 : 1;
}

/// Streams of the program that workers have no descriptors for, and must not talk through.
std::vector<std::FILE*>& logs()
{
    static auto* const streams = new std::vector<std::FILE*>;
    return *streams;
}

int write_to_logs(const std::string& text, const std::string& of_task)
{
    int written = 0;
    for (std::FILE* const log : logs()) {
        written += std::fputs(text.c_str(), log) >= 0 && std::fflush(log) == 0 ? 1 : 0;
    }
    return written + (of_task.empty() ? 100 : 0);
}

int log_in_workers(start_method method)
{
    process_pool_executor pool({.max_workers = 1, .start_method = method});
    const std::string large(300'000, 'x'); // in memory with a descriptor of its own
    for (int round = 0; round != 20; ++round) {
        if (pool.submit(write_to_logs, std::string(64, 'y'), large).result(watchdog) != 0) {
            return 1;
        }
        if (pool.submit([](std::string text) { return text; }, large).result(watchdog) != large) {
            return 2;
        }
    }
    return pool.stats().restarts == 0 ? 42 : 3;
}

/// Closes its standard descriptors when it is already running.
int close_standard_descriptors()
{
    for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::close(each);
    }
    process_pool_executor pool({.max_workers = 2, .capture_stderr = true});
    const std::string large(300'000, 'x');
    for (int round = 0; round != 20; ++round) {
        if (pool.submit([](std::string text) { return text; }, large).result(watchdog) != large) {
            return 1;
        }
        if (!standard_descriptors_are_unusable()) {
            return 2;
        }
        if (::write(STDOUT_FILENO, "x", 1) >= 0 || errno != EBADF) {
            return 3;
        }
    }
    return 42;
}

int init_late(int argc_of_a_program)
{
    const idle_thread logger;
    std::string name = "a program";
    char* arguments[] = {name.data(), nullptr};
    try {
        process::init(argc_of_a_program, arguments);
        std::printf("init succeeded\n");
    } catch (const std::logic_error& e) {
        std::printf("%s\n", e.what());
    }
    return 0;
}

/// Loses its fork server while it has threads, and makes another pool.
int lose_server()
{
    const idle_thread logger;
    {
        process_pool_executor pool(1);
        const pid_t server = pool.submit(&::getppid).result(watchdog);
        const auto lost = pool.submit([] { ::pause(); });
        ::kill(server, SIGKILL);
        lost.wait_for(watchdog);
    }
    process_pool_executor pool(1);
    std::printf("%d\n", pool.submit([] { return 6; }).result(watchdog));
    return 0;
}

int spawn()
{
    try {
        process_pool_executor pool({.max_workers = 1, .start_method = start_method::spawn});
        std::printf("%d\n", pool.submit([] { return 6; }).result(watchdog));
    } catch (const std::logic_error& e) {
        std::printf("%s\n", e.what());
    }
    return 0;
}

} // namespace

int run_birth_program_without_init(const std::string& argument)
{
    const auto wish = [](const char* name) { return std::getenv(name) != nullptr; };
    if (wish("COFUTURES_TEST_JOURNAL")) {
        std::printf("main begins\n"); // what must not be written twice
        std::fflush(stdout);
    }
    const bool is_new_run = argument.starts_with("--cofutures-");
    if (is_new_run && wish("COFUTURES_TEST_STRICT_ARGUMENTS")) {
        std::fprintf(stderr, "unknown option %s\n", argument.c_str());
        return 2;
    }
    if (is_new_run && wish("COFUTURES_TEST_STATIC_THREAD")) {
        new idle_thread;
    }
    if (argument == "--init-late") {
        return init_late(1);
    }
    if (argument.starts_with("--log-in-workers=")) {
        for (int i = 0; i != 8; ++i) {
            logs().push_back(::fopen("/dev/null", "a"));
        }
    }
    return -1;
}

int run_birth_program_with_init(const std::string& argument)
{
    const auto rest = [&argument](std::string_view name) { return argument.substr(name.size()); };
    if (argument.starts_with("--be-like-me=")) {
        return be_like_me(rest("--be-like-me="));
    }
    if (argument.starts_with("--log-in-workers=")) {
        return log_in_workers(method_of(rest("--log-in-workers=")));
    }
    if (argument == "--be-forked") {
        return be_forked();
    }
    if (argument == "--close-standard-descriptors") {
        return close_standard_descriptors();
    }
    if (argument == "--lose-server") {
        return lose_server();
    }
    if (argument == "--spawn") {
        return spawn();
    }
    return -1;
}

} // namespace cofutures::test
