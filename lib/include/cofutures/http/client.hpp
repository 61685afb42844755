// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// An HTTP client whose every call returns a future. Floor 6; read message.hpp first.

#include <cofutures/future.hpp>
#include <cofutures/http/credentials.hpp>
#include <cofutures/http/event.hpp>
#include <cofutures/http/file_options.hpp>
#include <cofutures/http/message.hpp>
#include <cofutures/http/proxy.hpp>
#include <cofutures/http/retry_policy.hpp>
#include <cofutures/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures {

class io_context_executor;

namespace http {

/// How long each step of a request may take.
///
/// Waiting in the client's own queue for a free connection never counts.
struct time_limits {
    /// Finding the addresses of the host.
    timeout resolve = std::chrono::seconds(10);

    /// Reaching one of the addresses; the limit holds for all of them together, and for what is
    /// said to a proxy.
    timeout connect = std::chrono::seconds(10);

    /// Agreeing on keys with an https server.
    timeout tls_handshake = std::chrono::seconds(10);

    /// The longest silence: something must be read or written within it. The time that a disk or the
    /// generator of a body takes is left out.
    timeout idle = std::chrono::seconds(30);

    /// Everything together: redirects, retries and the waits between them.
    timeout total = {};

    /// The least speed of a body, in bytes per second; 0: none.
    ///
    /// As many bytes as fit into a window at this speed must come within each window, from the first
    /// byte of the answer on, once the request is sent. Time in which a slow disk holds up reading is left out.
    std::uint64_t min_speed = 0;
    std::chrono::milliseconds min_speed_window = std::chrono::seconds(30);
};

/// What one request may want different from the client's options.
struct request_options {
    /// Sent along; these replace the client's own fields of the same name.
    http::headers headers = {};

    /// Replaces the client's limits as a whole.
    std::optional<time_limits> limits = std::nullopt;

    /// The longest body accepted, as it arrives and as it is decoded. Default: 64 MiB in memory, no
    /// limit for a file.
    std::optional<std::uint64_t> max_body = std::nullopt;

    /// Replaces the client's limit; 0 returns redirects as they are.
    std::optional<std::size_t> max_redirects = std::nullopt;

    /// Replaces the client's policy as a whole.
    std::optional<retry_policy> retries = std::nullopt;

    /// Whether to ask for gzip, deflate, br and zstd, and to undo them. Default: for bodies in
    /// memory, unless `headers` name an `Accept-Encoding` or a `Range`.
    ///
    /// What was decoded comes without `Content-Encoding` and `Content-Length`, which describe
    /// something else.
    std::optional<bool> decode = std::nullopt;

    /// For downloads.
    file_options file = {};

    /// Sent as `Authorization` to the origin asked for, in place of what `headers` say.
    std::optional<credentials> authorization = std::nullopt;

    /// Hears of this request in place of the client's observer.
    observer on_event = {};
};

/// How https servers are checked, and what they are shown.
///
/// Files are read when the first https connection is made; one that cannot be used fails the
/// requests that need it with `errc::tls_failed`, and its name in the text.
struct tls_options {
    /// Certificates of authorities that are trusted, in PEM form.
    std::filesystem::path ca_file = {};

    /// `unchecked` accepts any certificate: for experiments on one's own machine only.
    enum class verification { required, unchecked } verification = verification::required;

    /// Whether the system's authorities are trusted beside those of `ca_file`.
    bool system_authorities = true;

    /// The client's own certificate, for servers that ask for one, then those that lead to its
    /// authority, in PEM form.
    std::filesystem::path certificate_file = {};

    /// The key of that certificate, in PEM form. Empty: it stands in `certificate_file`, too.
    std::filesystem::path key_file = {};

    /// Decrypts that key, where it is encrypted.
    std::string key_password = {};
};

struct client_options {
    /// The most connections to one origin (scheme, host and port); further requests wait their
    /// turn.
    std::size_t max_connections_per_host = 6;

    /// The most connections in all, kept ones included. Default: no limit of its own.
    ///
    /// A kept connection gives way to a new one; requests to a host with room left pass those that
    /// wait for a crowded one.
    std::optional<std::size_t> max_connections = std::nullopt;

    /// How fast bodies and headers are read, in bytes per second: of all origins together, and of one
    /// origin. 0: as fast as they come. What is sent has no limit.
    ///
    /// The rate holds on average over a second or so; where many connections share it, each gets a
    /// piece in turn. Waiting for it does not count as silence or slowness of the server, but it is
    /// part of `time_limits::total`.
    std::uint64_t max_rate = 0;
    std::uint64_t max_rate_per_host = 0;

    /// How long an unused connection is kept for the next request.
    std::chrono::milliseconds keep_alive = std::chrono::seconds(30);

    time_limits limits = {};

    /// How many redirects one request may follow; 0 returns them as they are.
    std::size_t max_redirects = 10;

    /// Whether redirects from https to http are followed: what was protected then no longer is.
    bool insecure_redirects = false;

    /// Whether and how requests that failed are made again. Default: never.
    retry_policy retries = {};

    /// How many times its coded size a decoded body may have, once it is over a MiB: a few bytes
    /// can stand for gigabytes.
    std::size_t max_decoding_ratio = 200;

    /// Sent as `User-Agent` by every request that has none of its own; empty: not sent.
    std::string user_agent = "cofutures";

    tls_options tls = {};

    /// Addresses for names, asked before the system's resolver, as in /etc/hosts. A name with an
    /// empty list does not exist.
    std::map<std::string, std::vector<std::string>> addresses = {};

    /// How long the addresses of a name are used before the system's resolver is asked again, which
    /// does not tell how long they are valid. Not used any more once none of them can be reached.
    std::chrono::milliseconds name_lifetime = std::chrono::seconds(60);

    /// Where every request goes, whatever host its URL names: the socket of a daemon on this
    /// machine.
    std::filesystem::path unix_socket = {};

    /// Sent as `Authorization` by every request that names none, to whatever origin it goes: for
    /// clients that talk to one service.
    std::optional<credentials> authorization = std::nullopt;

    /// Servers that requests go through; `proxies_from_environment()` reads what is usual there.
    proxy_options proxies = {};

    /// Names and passwords for hosts, in the format that ftp made known; usually "~/.netrc", which
    /// has to be written out. Used where neither a request nor the client names an `Authorization`, for
    /// the host of its own URL only.
    std::filesystem::path netrc_file = {};

    /// Hears of every request: for logs, measurements and progress displays.
    observer on_event = {};

    /// Where the client runs; it must outlive the client. Null: on one thread of the client's own.
    io_context_executor* io = nullptr;
};

/// What a client has done so far.
struct client_stats {
    std::uint64_t requests = 0;           ///< written to a connection, redirects included
    std::uint64_t connections_opened = 0; ///< connected sockets, of all origins
    std::uint64_t connections_reused = 0; ///< requests that went over a kept connection
    std::uint64_t stale_retries = 0;      ///< repeated because a kept connection had been closed
    std::uint64_t retries = 0;            ///< further tries because of `retry_policy`
    std::uint64_t tls_resumed = 0;        ///< handshakes cut short by an earlier session
    std::size_t connections_open = 0;     ///< open now, in use or kept
};

/// A client for HTTP/1.1 over TCP and TLS that keeps connections and follows redirects.
///
/// A request that finds no free connection to its host waits; until then its future is pending and
/// `cancel()` withdraws it. A request under way is stopped by `request_stop()`: its socket is
/// closed at once and the future ends as cancelled. Neither Beast nor OpenSSL appears in this
/// header.
///
/// **Python** the role that urllib, requests or httpx play for `concurrent.futures`.
/// **Runs on** Its own I/O thread, or the given executor. Callbacks attached to its futures run
///   there too: they must not block.
/// **Thread safety** All members may be called from any thread.
/// **Lifetime** The destructor stops what is under way (those futures end as cancelled) and waits
///   for it. On a thread of its own executor, so in a callback or a coroutine there, it does not
///   wait. A look-up that the system's resolver is busy with cannot be stopped: where name servers do
///   not answer, that ends after `timeout` times `attempts` of resolv.conf(5) for each of them, 10
///   seconds unless set otherwise.
/// **Throws** Members throw nothing but `std::bad_alloc`: every failure, a malformed URL included,
///   is in the future, as `request_error`. A status such as 404 is a response, not a failure.
/// **See** docs/http.md
class client {
public:
    /// **Throws** `std::invalid_argument` if no connection is allowed, per host or in all, or no
    ///   `max_decoding_ratio`; if `unix_socket` is too long for a socket or combined
    ///   with a proxy, `user_agent` contains a control character, or `netrc_file` is malformed.
    ///   `std::system_error` if `netrc_file` cannot be read.
    explicit client(client_options options = {});
    ~client();

    client(const client&) = delete;
    client& operator=(const client&) = delete;

    /// Fetches a resource into memory.
    future<response> get(std::string_view url, request_options options = {});

    /// Fetches only what a GET would say before the body.
    future<response> head(std::string_view url, request_options options = {});

    /// Sends a body, in memory or not; name its type in `options.headers`.
    ///
    /// **See** request_body.hpp
    future<response> post(std::string_view url, request_body body, request_options options = {});

    /// Sends any request.
    future<response> send(request message, request_options options = {});

    /// Fetches a resource into a file.
    ///
    /// The body is written beside the target under a temporary name and renamed when it is
    /// complete, so that `path` is either the whole new file or what it was before. The folder must
    /// exist.
    ///
    /// **Blocks** Never; files are written on a thread of the client's own.
    /// **Cancellation** Removes the temporary file, unless `file.resume` has a use for it.
    /// **Throws** (into the future) `request_error`; with its `path()` set if the file was the
    ///   reason.
    /// **See** file_options.hpp
    future<download_result>
    download(std::string_view url, std::filesystem::path path, request_options options = {});

    /// Cancels what waits and stops what runs; the client stays usable.
    void stop_all();

    client_stats stats() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace http
} // namespace cofutures
