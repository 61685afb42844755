// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Many slow transfers at once, on one thread: what each costs in memory and processor time.
//
// The server is a process of its own. It answers nobody until everybody has asked, so that all
// transfers are under way at the same time, and then sends each of them a few bytes at a time.

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/http/client.hpp>
#include <cofutures/wait.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cf = cofutures;

namespace {

constexpr int pieces = 20;
constexpr int pause_ms = 100;
constexpr std::string_view piece = "ten bytes\n";

[[noreturn]] void fail(const char* what)
{
    throw std::system_error(errno, std::system_category(), what);
}

// ---- The server ---------------------------------------------------------------------------------

// Listens on a port that the system chooses.
std::pair<int, int> listen_anywhere()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, any, size) != 0 || ::listen(listener, SOMAXCONN) != 0 ||
        ::getsockname(listener, any, &size) != 0) {
        fail("listening");
    }
    return {listener, ntohs(address.sin_port)};
}

void send_all(const std::vector<int>& clients, std::string_view text)
{
    for (const int client : clients) {
        // What is sent here always fits into the socket's buffer.
        if (::send(client, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
            fail("server: sending");
        }
    }
}

// Takes connections until `count` of them have sent a request.
std::vector<int> collect(int listener, std::size_t count)
{
    const int poller = ::epoll_create1(EPOLL_CLOEXEC);
    const auto watch = [poller](int descriptor) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        if (::epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) {
            fail("server: watching");
        }
    };
    watch(listener);
    std::vector<int> asked;
    std::vector<epoll_event> events(512);
    while (asked.size() < count) {
        const int ready =
            ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 60'000);
        if (ready <= 0) {
            throw std::runtime_error("server: no request came for a minute");
        }
        for (int i = 0; i < ready; ++i) {
            const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
            if (descriptor == listener) {
                for (int client = 0; (client = ::accept4(listener, nullptr, nullptr, 0)) >= 0;) {
                    watch(client);
                }
                continue;
            }
            char request[4096];
            const ssize_t size = ::read(descriptor, request, sizeof request);
            if (size <= 0 ||
                !std::string_view(request, static_cast<std::size_t>(size)).ends_with("\r\n\r\n")) {
                throw std::runtime_error("server: not one whole request");
            }
            asked.push_back(descriptor);
        }
    }
    ::close(poller);
    return asked;
}

int serve(int listener, std::size_t count)
{
    try {
        const std::vector<int> clients = collect(listener, count);
        send_all(clients,
                 "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(pieces * piece.size()) +
                     "\r\n\r\n");
        for (int i = 0; i < pieces; ++i) {
            ::poll(nullptr, 0, pause_ms); // slow is what this server is for
            send_all(clients, piece);
        }
        for (const int client : clients) { // so that it is the client who closes first
            char end = 0;
            const ssize_t rest = ::read(client, &end, 1);
            static_cast<void>(rest);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}

// ---- The client ---------------------------------------------------------------------------------

// A line such as "VmRSS:     1234 kB" of what the system says about this process.
double mebibytes(const std::string& name)
{
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kibibytes = 0;
        if (word == name + ":" && status >> kibibytes) {
            return kibibytes / 1024;
        }
    }
    throw std::runtime_error("/proc/self/status has no " + name);
}

double processor_seconds(int whose = RUSAGE_SELF)
{
    rusage used{};
    ::getrusage(whose, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void fetch(int port, std::size_t count)
{
    using namespace std::chrono_literals;
    cf::io_context_executor io(1);
    cf::http::client client({.max_connections_per_host = count,
                             .limits = {.connect = 60s, .idle = 60s, .total = {}},
                             .io = &io});
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
    std::string expected;
    for (int i = 0; i < pieces; ++i) {
        expected += piece;
    }

    std::vector<cf::future<cf::http::response>> transfers;
    transfers.reserve(count);
    const double memory_before = mebibytes("VmRSS");
    const double cpu_before = processor_seconds();
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i) {
        transfers.push_back(client.get(url));
    }
    for (const auto& each : transfers) {
        if (each.result().body != expected) {
            throw std::runtime_error("a body is not what was sent");
        }
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const double cpu = processor_seconds() - cpu_before;
    const double memory = mebibytes("VmHWM") - memory_before;
    if (client.stats().connections_opened != count) {
        throw std::runtime_error("not every transfer had a connection of its own");
    }
    std::printf(
        "%zu transfers at once, %d pieces each, %d ms apart: %.2f s, of which %.2f s are the "
        "server's pauses; %.2f s of processor time, %.0f us a transfer; %.1f MiB more memory, "
        "%.1f KiB a transfer\n",
        count,
        pieces,
        pause_ms,
        wall.count(),
        pieces * pause_ms / 1000.0,
        cpu,
        cpu / static_cast<double>(count) * 1e6,
        memory,
        memory * 1024 / static_cast<double>(count));
}

// As many as asked for, or as the system lets one process have open.
std::size_t affordable(std::size_t wanted)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    constexpr std::size_t others = 64;
    const std::size_t most = std::max<std::size_t>(limit.rlim_cur, others + 1) - others;
    if (most < wanted) {
        std::printf("note: the system allows %zu open files, so not %zu but %zu transfers\n",
                    static_cast<std::size_t>(limit.rlim_cur),
                    wanted,
                    most);
    }
    return std::min(wanted, most);
}

std::size_t transfers_of(int argc, char** argv)
{
    std::size_t count = 10'000;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        constexpr std::string_view option = "--transfers=";
        if (word.starts_with("--benchmark_")) {
            continue; // meant for another of the benchmarks
        }
        const char* const end = word.data() + word.size();
        if (!word.starts_with(option) ||
            std::from_chars(word.data() + option.size(), end, count).ptr != end || count == 0) {
            throw std::invalid_argument("usage: slow_transfers_bench [--transfers=N], not '" +
                                        std::string(word) + "'");
        }
    }
    return count;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const std::size_t count = affordable(transfers_of(argc, argv));
        const auto [listener, port] = listen_anywhere();
        const pid_t server = ::fork(); // before there is any thread
        if (server == 0) {
            ::_exit(serve(listener, count));
        }
        ::close(listener);
        fetch(port, count);
        int status = 0;
        ::waitpid(server, &status, 0);
        std::printf("the server took %.2f s of processor time\n",
                    processor_seconds(RUSAGE_CHILDREN));
        return status == 0 ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
