// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Bodies of requests that are not in memory, or too large for one write.

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "http/tls_support.hpp"
#include "support/gate.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::gate;
using test::opens_at_exit;
using test::scripted_connection;

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr const char* too_large = "HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\ntoo bi";

/// A file with contents that tell where one is in it.
class body_file {
public:
    explicit body_file(std::size_t size)
        : path_(fs::temp_directory_path() / ("cofutures_body_" + std::to_string(::getpid())))
    {
        for (std::size_t i = 0; contents_.size() < size; ++i) {
            contents_ += std::to_string(i) + '\n';
        }
        contents_.resize(size);
        std::ofstream(path_, std::ios::binary) << contents_;
    }
    ~body_file() { fs::remove(path_); }
    body_file(const body_file&) = delete;
    body_file& operator=(const body_file&) = delete;

    const fs::path& path() const { return path_; }
    const std::string& contents() const { return contents_; }
    request_body body() const { return request_body::from_file(path_); }

private:
    fs::path path_;
    std::string contents_;
};

request_body::generator pieces(std::vector<std::string> list)
{
    return [list = std::move(list), next = std::size_t{0}]() mutable {
        return next < list.size() ? std::optional(list[next++]) : std::nullopt;
    };
}

/// Goes on for ever; counts what it was asked for.
struct endless {
    std::atomic<std::size_t> produced{0}; // compared with a limit, publishes nothing

    request_body body(std::optional<std::uint64_t> length = std::nullopt)
    {
        auto produce = [this] {
            produced += 64 * 1024;
            return std::optional(std::string(64 * 1024, 'x'));
        };
        return request_body::from_generator(produce, length);
    }
};

request_error failure_of(const future<response>& call)
{
    try {
        call.result(watchdog);
    } catch (const request_error& error) {
        return error;
    }
    throw std::logic_error("the request succeeded");
}

request put(const scripted_server& server, request_body body)
{
    return {.method = "PUT", .url = url(server.url("/x")), .body = std::move(body)};
}

bool says(const std::string& head, const std::string& line)
{
    return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(HttpRequestBody, IsMadeOfAStringByItself)
{
    const request message{.method = "PUT", .url = url("http://h/"), .body = "hello"};
    EXPECT_EQ(*message.body.bytes(), "hello");
    EXPECT_FALSE(message.body.empty());
    EXPECT_TRUE(message.body.can_be_sent());

    EXPECT_TRUE(request{.url = url("http://h/")}.body.empty());
    EXPECT_TRUE(request_body("").empty());
    EXPECT_EQ(request_body::from_file("x").bytes(), nullptr);
    EXPECT_EQ(*request_body::from_file("x").file(), "x");
    EXPECT_FALSE(request_body::from_file("x").empty());
    EXPECT_FALSE(request_body::from_generator(pieces({}), 0).empty());
    EXPECT_THROW(request_body::from_generator({}), std::invalid_argument);
}

TEST(HttpRequestBody, ComesFromAFile)
{
    const body_file file(3 * mebibyte + 17);
    scripted_server server;
    client client;

    auto call = client.send(put(server, file.body()));
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: 3145745"));
    EXPECT_EQ(connection.read_bytes(file.contents().size()), file.contents());
    connection.write_ok("thanks");
    EXPECT_EQ(call.result(watchdog).body, "thanks");

    call = client.get(server.url("/y"));
    EXPECT_TRUE(connection.read_head().starts_with("GET /y ")) << "over the same connection";
    connection.write_ok("y");
    EXPECT_EQ(call.result(watchdog).body, "y");
}

TEST(HttpRequestBody, MayBeAnEmptyFile)
{
    const body_file file(0);
    scripted_server server;
    client client;

    auto call = client.post(server.url("/x"), file.body());
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: 0"));
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).status, 200);
}

TEST(HttpRequestBody, ComesFromALargeString)
{
    const std::string body(20 * mebibyte, 'b');
    scripted_server server;
    client client;

    auto call = client.post(server.url("/x"), body);
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: " + std::to_string(body.size())));
    EXPECT_TRUE(connection.read_bytes(body.size()) == body);
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).body, "thanks");
}

TEST(HttpRequestBody, ComesInChunksFromAGenerator)
{
    const std::string wire = "5\r\nhello\r\n10\r\n, wonderful worl\r\n1\r\nd\r\n0\r\n\r\n";
    scripted_server server;
    client client;

    auto call = client.post(
        server.url("/x"),
        request_body::from_generator(pieces({"hello", "", ", wonderful worl", "", "", "d", ""})));
    auto connection = server.accept();
    const std::string head = connection.read_head();
    EXPECT_TRUE(says(head, "Transfer-Encoding: chunked")) << head;
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_EQ(connection.read_bytes(wire.size()), wire);
    connection.write_ok("thanks");
    EXPECT_EQ(call.result(watchdog).body, "thanks");

    client.get(server.url("/y"));
    connection.read_head(); // over the same connection
}

TEST(HttpRequestBody, ComesWithALengthFromAGenerator)
{
    scripted_server server;
    client client;

    auto call = client.post(server.url("/x"),
                            request_body::from_generator(pieces({"hel", "", "lo", ""}), 5));
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: 5"));
    EXPECT_EQ(connection.read_bytes(5), "hello");
    connection.write_ok("thanks");
    EXPECT_EQ(call.result(watchdog).body, "thanks");

    call = client.post(server.url("/y"), request_body::from_generator(pieces({}), 0));
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: 0"));
    connection.write_ok("again");
    EXPECT_EQ(call.result(watchdog).body, "again");
}

TEST(HttpRequestBody, IsNeverSentAsAWholeIfTheLengthIsWrong)
{
    struct row {
        std::vector<std::string> list;
        std::uint64_t length;
        const char* text;
    };
    const row rows[] = {{{"hel", "l"}, 5, "only 4 of 5 bytes"},
                        {{"hello", "!"}, 5, "more than 5 bytes"},
                        {{"hel", "lo!"}, 5, "more than 5 bytes"},
                        {{"hello"}, 0, "more than 0 bytes"}};
    for (const row& each : rows) {
        SCOPED_TRACE(each.text);
        scripted_server server;
        client client({.retries = {.max_tries = 3}});
        auto call =
            client.send(put(server, request_body::from_generator(pieces(each.list), each.length)));
        auto connection = server.accept();
        connection.read_head();
        if (each.length > 0) {
            EXPECT_THROW(connection.read_bytes(each.length), std::runtime_error);
        }
        const request_error error = failure_of(call);
        EXPECT_EQ(error.code(), errc::wrong_body_length);
        EXPECT_NE(error.reason().find(each.text), std::string::npos) << error.reason();
        EXPECT_EQ(client.stats().requests, 1u);
    }
}

TEST(HttpRequestBody, FailsWithWhatItsGeneratorThrows)
{
    scripted_server server;
    client client;

    auto call =
        client.post(server.url("/x"), request_body::from_generator([count = 0]() mutable {
                        if (++count == 3) {
                            throw std::system_error(EIO, std::generic_category(), "the tape");
                        }
                        return std::optional<std::string>("piece");
                    }));
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(20), "5\r\npiece\r\n5\r\npiece\r\n");
    connection.expect_closed(); // and no chunk that would end the body

    try {
        call.result(watchdog);
        FAIL() << "the request succeeded";
    } catch (const request_error& error) {
        FAIL() << "translated: " << error.what();
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find("the tape"), std::string::npos);
    }
}

TEST(HttpRequestBody, NamesAFileThatCannotBeSent)
{
    const fs::path missing = fs::temp_directory_path() / "cofutures_no_such_file";
    const fs::path pipe =
        fs::temp_directory_path() / ("cofutures_pipe_" + std::to_string(::getpid()));
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::pair<fs::path, std::errc> cases[] = {
        {missing, std::errc::no_such_file_or_directory},
        {fs::temp_directory_path(), std::errc::is_a_directory},
        {pipe, std::errc::invalid_seek}};
    scripted_server server;
    client client({.retries = {.max_tries = 3}});
    for (const auto& [path, code] : cases) {
        const request_error error =
            failure_of(client.send(put(server, request_body::from_file(path))));
        EXPECT_EQ(error.code(), code);
        EXPECT_EQ(error.path(), path);
        EXPECT_NE(error.reason().find(path.string()), std::string::npos) << error.reason();
    }
    EXPECT_EQ(client.stats().connections_opened, 0u);
    fs::remove(pipe);
}

TEST(HttpRequestBody, FailsIfItsFileShrinks)
{
    // More than the sockets hold: what is behind that is read only after the change.
    const body_file file(10);
    fs::resize_file(file.path(), 256 * mebibyte);
    scripted_server server;
    client client;

    auto call = client.send(put(server, file.body()));
    auto connection = server.accept();
    connection.read_head();
    fs::resize_file(file.path(), 10);
    std::thread reader([&connection] { connection.wait_closed(); });

    EXPECT_THROW(call.result(watchdog), request_error);
    reader.join();
    const request_error error = failure_of(call);
    EXPECT_EQ(error.code(), errc::wrong_body_length);
    EXPECT_EQ(error.path(), file.path());
    EXPECT_EQ(error.reason(),
              "cannot send '" + file.path().string() +
                  "': the body of the request is not as long as announced");
}

TEST(HttpRequestBody, IsCutWhereItsFileEndedAtFirst)
{
    const body_file file(mebibyte);
    scripted_server server;
    client client;

    auto call =
        client.post(server.url("/x"), file.body(), {.headers = {{"Expect", "100-continue"}}});
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Content-Length: 1048576"));
    std::ofstream(file.path(), std::ios::app) << "more";
    connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(connection.read_bytes(mebibyte), file.contents());
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).body, "thanks");
    call = client.get(server.url("/y"));
    EXPECT_TRUE(connection.read_head().starts_with("GET /y "));
}

TEST(HttpRequestBody, ComesFromAThreadThatMayBlock)
{
    scripted_server server;
    gate door;
    std::thread::id generators;
    std::thread::id io;
    client client({.on_event = [&io](const event&) { io = std::this_thread::get_id(); }});
    const opens_at_exit later(door);
    const fs::path target =
        fs::temp_directory_path() / ("cofutures_beside_" + std::to_string(::getpid()));

    auto call = client.post(
        server.url("/x"), request_body::from_generator([&, done = false]() mutable {
            generators = std::this_thread::get_id();
            door.wait();
            return std::exchange(done, true) ? std::nullopt : std::optional<std::string>("late");
        }));
    auto connection = server.accept();
    connection.read_head();
    // Nobody else is held up: neither other requests nor files.
    auto other = client.download(server.url("/y"), target);
    auto second = server.accept();
    second.read_head();
    second.write_ok("file");
    EXPECT_EQ(other.result(watchdog).size, 4u);
    fs::remove(target);
    door.open();
    EXPECT_EQ(connection.read_bytes(14), "4\r\nlate\r\n0\r\n\r\n");
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).body, "thanks");
    EXPECT_NE(generators, io);
    EXPECT_NE(generators, std::this_thread::get_id());
}

TEST(HttpRequestBody, IsAskedForNoFasterThanItIsSent)
{
    // The server reads nothing. What is asked for goes into the buffers of two sockets, then no more.
    scripted_server server;
    client client;
    endless data;

    auto call = client.post(
        server.url("/x"), data.body(1024 * mebibyte), {.limits = time_limits{.idle = 300ms}});
    auto connection = server.accept();
    EXPECT_EQ(failure_of(call).code(), errc::idle_timed_out);

    EXPECT_LT(data.produced.load(), 32 * mebibyte);
    connection.wait_closed();
}

TEST(HttpRequestBody, IsSentAsLongAsSomebodyReads)
{
    // Other requests that time out are the clock: together they take longer than nothing may happen.
    scripted_server server;
    scripted_server silent;
    client client;
    constexpr std::size_t size = 64 * mebibyte;
    std::size_t left = size;
    auto call = client.post(server.url("/x"),
                            request_body::from_generator(
                                [&left] {
                                    const std::size_t piece = std::min(left, mebibyte);
                                    left -= piece;
                                    return piece == 0 ? std::nullopt
                                                      : std::optional(std::string(piece, 'x'));
                                },
                                size),
                            {.limits = time_limits{.idle = 1500ms}});
    auto connection = server.accept();
    connection.read_head();
    for (int i = 0; i < 8; ++i) {
        const auto tick = client.get(silent.url("/"), {.limits = time_limits{.total = 300ms}});
        EXPECT_EQ(failure_of(tick).code(), errc::total_timed_out);
        connection.read_bytes(size / 8);
    }
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).body, "thanks");
}

TEST(HttpRequestBody, HasTimeToBeProducedUntilTheTotalLimit)
{
    scripted_server server;
    scripted_server silent;
    gate door;
    gate closed;
    client client;
    const opens_at_exit first(door);
    const opens_at_exit second(closed);

    auto patient =
        client.post(server.url("/x"),
                    request_body::from_generator([&door, count = 0]() mutable {
                        door.wait();
                        return ++count == 1 ? std::optional<std::string>("late") : std::nullopt;
                    }),
                    {.limits = time_limits{.idle = 50ms}});
    auto connection = server.accept();
    connection.read_head();
    const auto tick = client.get(silent.url("/"), {.limits = time_limits{.total = 300ms}});
    EXPECT_EQ(failure_of(tick).code(), errc::total_timed_out);
    EXPECT_FALSE(patient.done());
    door.open();
    connection.read_bytes(14);
    connection.write_ok("thanks");
    EXPECT_EQ(patient.result(watchdog).body, "thanks");

    auto limited = client.post(server.url("/x"),
                               request_body::from_generator([&closed] {
                                   closed.wait();
                                   return std::optional<std::string>();
                               }),
                               {.limits = time_limits{.total = 50ms}});
    connection.read_head();
    connection.expect_closed();
    EXPECT_FALSE(limited.done()) << "while the generator runs";
    closed.open();
    EXPECT_EQ(failure_of(limited).code(), errc::total_timed_out);
}

TEST(HttpRequestBodyStop, ClosesTheSocketAtOnceAndWaitsForTheGenerator)
{
    scripted_server server;
    gate entered;
    gate door;
    std::atomic<int> calls{0}; // compared after the end of the call
    client client;
    const opens_at_exit later(door);

    auto call = client.post(server.url("/x"), request_body::from_generator([&] {
                                ++calls;
                                entered.open();
                                door.wait();
                                return std::optional<std::string>("x");
                            }));
    auto connection = server.accept();
    connection.read_head();
    entered.wait();
    call.request_stop();
    connection.expect_closed();
    EXPECT_FALSE(call.done());
    door.open();

    EXPECT_THROW(call.result(watchdog), cancelled_error);
    EXPECT_EQ(calls.load(), 1);
}

TEST(HttpRequestBodyStop, EndsAGeneratorThatNeverHasAnything)
{
    scripted_server server;
    gate entered;
    client client;

    auto call = client.post(server.url("/x"), request_body::from_generator([&] {
                                entered.open();
                                return std::optional<std::string>("");
                            }));
    auto connection = server.accept();
    entered.wait();
    call.request_stop();

    EXPECT_THROW(call.result(watchdog), cancelled_error);
}

TEST(HttpEarlyAnswer, IsDeliveredThoughTheServerClosesTheConnection)
{
    const body_file file(64 * mebibyte);
    const std::string large(64 * mebibyte, 'm');
    endless generator;
    const std::pair<const char*, request_body> cases[] = {
        {"file", file.body()}, {"memory", large}, {"generator", generator.body()}};
    for (const auto& [name, body] : cases) {
        SCOPED_TRACE(name);
        scripted_server server;
        client client;
        auto call = client.send(put(server, body));
        auto connection = server.accept();
        connection.read_head();
        connection.write(too_large);
        connection.close(); // with bytes unread: the client gets a reset behind the answer

        EXPECT_EQ(call.result(watchdog).status, 413);
        EXPECT_EQ(call.result().body, "too bi");
    }
}

TEST(HttpEarlyAnswer, EndsTheSending)
{
    scripted_server server;
    client client;
    endless data;

    auto call = client.post(server.url("/x"), data.body());
    auto connection = server.accept();
    connection.read_head();
    connection.write(too_large);

    EXPECT_EQ(call.result(watchdog).status, 413);
    connection.wait_closed();
    EXPECT_EQ(client.stats().connections_open, 0u);
}

TEST(HttpEarlyAnswer, ThatRefusesEndsTheSendingBeforeItIsComplete)
{
    scripted_server server;
    gate begun;
    gate produced;
    client client;
    const opens_at_exit later(begun);

    auto call = client.post(server.url("/x"),
                            request_body::from_generator([&, count = 0]() mutable {
                                if (++count == 2) {
                                    begun.wait();
                                    produced.open();
                                }
                                return std::optional<std::string>("ping");
                            }),
                            {.on_event = [&begun](const event& what) {
                                if (what.what == event::kind::progress) {
                                    begun.open();
                                }
                            }});
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(9), "4\r\nping\r\n");
    connection.write("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nha");
    produced.wait();
    connection.write("lf");

    connection.expect_closed(); // without the second piece
    EXPECT_EQ(call.result(watchdog).body, "half");
}

TEST(HttpEarlyAnswer, OfSuccessGoesOnBesideTheRequest)
{
    scripted_server server;
    client client;
    gate door;
    const opens_at_exit later(door);

    auto call =
        client.post(server.url("/x"),
                    request_body::from_generator([&door, count = 0]() mutable {
                        if (++count == 2) {
                            door.wait(); // until the answer has begun
                        }
                        return count < 3 ? std::optional<std::string>("ping") : std::nullopt;
                    }),
                    {.on_event = [&door](const event& what) {
                        if (what.what == event::kind::first_byte) {
                            door.open();
                        }
                    }});
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(9), "4\r\nping\r\n");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npong");
    EXPECT_EQ(connection.read_bytes(14), "4\r\nping\r\n0\r\n\r\n");
    connection.write("pong");
    EXPECT_EQ(call.result(watchdog).body, "pongpong");

    client.get(server.url("/y"));
    connection.read_head(); // over the same connection
}

TEST(HttpEarlyAnswer, ThatIsCompleteEndsTheSending)
{
    scripted_server server;
    client client;
    endless data;

    auto call = client.post(server.url("/x"), data.body());
    auto connection = server.accept();
    connection.read_head();
    connection.write_ok("enough");

    EXPECT_EQ(call.result(watchdog).body, "enough");
    connection.wait_closed();
}

TEST(HttpEarlyAnswer, OfNoLengthIsNotWholeBehindAReset)
{
    scripted_server server;
    client client;
    endless data;

    auto call = client.post(server.url("/x"), data.body());
    auto connection = server.accept();
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\n\r\npart");
    connection.reset();

    EXPECT_TRUE(is_retryable(failure_of(call).code()));
}

TEST(HttpRequestBodyFault, IsAFailureWhereThereIsNoAnswer)
{
    for (const bool reset : {false, true}) {
        SCOPED_TRACE(reset);
        scripted_server server;
        client client;
        endless data;
        auto call = client.post(server.url("/x"), data.body());
        auto connection = server.accept();
        connection.read_head();
        connection.read_bytes(mebibyte);
        if (reset) {
            connection.reset();
        } else {
            connection.close();
        }
        const request_error error = failure_of(call);
        EXPECT_TRUE(is_retryable(error.code())) << error.reason();
        EXPECT_FALSE(is_timeout(error.code())) << error.reason();
    }
}

request_body body_of_kind(unsigned kind, const body_file& file)
{
    const std::string& bytes = file.contents();
    if (kind == 0) {
        return bytes;
    }
    if (kind == 1) {
        return file.body();
    }
    auto produce = [&bytes, at = std::size_t{0}]() mutable {
        const std::size_t size = std::min(bytes.size() - at, std::size_t{10'000});
        at += size;
        return size == 0 ? std::nullopt : std::optional(bytes.substr(at - size, size));
    };
    return request_body::from_generator(
        produce, kind == 2 ? std::optional<std::uint64_t>(bytes.size()) : std::nullopt);
}

TEST(HttpRequestBodyFault, EndsWellWhereverTheServerStopsReading)
{
    enum action { answers, refuses, refuses_and_closes, closes, resets };
    for (unsigned seed = 0; seed < 100; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const body_file file(random() % (random() % 2 == 0 ? 20'000 : 400'000));
        const auto then = static_cast<action>(random() % 5);
        scripted_server server;
        client client;
        auto call = client.post(server.url("/x"), body_of_kind(random() % 4, file));
        auto connection = server.accept();
        connection.read_head();
        connection.read_bytes(random() % (file.contents().size() + 1));
        switch (then) {
        case answers:
            connection.write_ok("enough");
            EXPECT_EQ(call.result(watchdog).body, "enough");
            break;
        case refuses:
        case refuses_and_closes:
            connection.write(too_large);
            if (then == refuses_and_closes) {
                connection.close();
            }
            EXPECT_EQ(call.result(watchdog).status, 413);
            break;
        case closes:
        case resets:
            if (then == closes) {
                connection.close();
            } else {
                connection.reset();
            }
            const request_error error = failure_of(call);
            EXPECT_TRUE(is_retryable(error.code())) << error.reason();
            EXPECT_FALSE(is_timeout(error.code())) << error.reason();
            break;
        }
    }
}

TEST(HttpRequestBodyRedirect, SendsAFileAgain)
{
    const body_file file(mebibyte);
    scripted_server server;
    client client;

    auto call = client.post(server.url("/x"), file.body());
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(mebibyte), file.contents());
    connection.write("HTTP/1.1 307 Else\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(connection.read_head().starts_with("POST /y "));
    EXPECT_EQ(connection.read_bytes(mebibyte), file.contents());
    connection.write("HTTP/1.1 303 See\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n");
    const std::string last = connection.read_head();
    EXPECT_TRUE(last.starts_with("GET /z "));
    EXPECT_EQ(last.find("Content-Length"), std::string::npos);
    connection.write_ok("there");

    EXPECT_EQ(call.result(watchdog).body, "there");
}

TEST(HttpRequestBodyRedirect, CannotRepeatAGenerator)
{
    scripted_server server;
    client client;
    const request_body body = request_body::from_generator(pieces({"x"}));

    auto call = client.post(server.url("/x"), body);
    auto connection = server.accept();
    connection.read_head();
    connection.read_bytes(11);
    connection.write("HTTP/1.1 308 Else\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n");

    const request_error error = failure_of(call);
    EXPECT_EQ(error.code(), errc::invalid_request);
    EXPECT_EQ(error.url(), server.url("/y"));
    EXPECT_NE(error.reason().find("generator"), std::string::npos) << error.reason();
    EXPECT_FALSE(body.can_be_sent());
    EXPECT_EQ(failure_of(client.post(server.url("/x"), body)).code(), errc::invalid_request);
}

TEST(HttpRequestBodyRedirect, FindsAGeneratorThatHasNotBegun)
{
    scripted_server server;
    scripted_server other;
    client client;

    auto call = client.post(server.url("/x"),
                            request_body::from_generator(pieces({"x"})),
                            {.headers = {{"Expect", "100-continue"}}});
    auto connection = server.accept();
    connection.read_head();
    connection.write("HTTP/1.1 307 Else\r\nLocation: " + other.url("/y") +
                     "\r\nContent-Length: 0\r\n\r\n");
    connection.expect_closed(); // without the body
    auto second = other.accept();
    second.read_head();
    second.write("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(second.read_bytes(11), "1\r\nx\r\n0\r\n\r\n");
    second.write_ok("there");

    EXPECT_EQ(call.result(watchdog).body, "there");
}

TEST(HttpRequestBodyRetry, RepeatsWhatCanBeProducedAgain)
{
    const body_file file(mebibyte);
    const char* const busy = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    scripted_server server;
    client client({.retries = {.max_tries = 3, .first_delay = 0ms}});

    auto call = client.send(put(server, file.body()));
    auto connection = server.accept();
    connection.read_head();
    connection.read_bytes(mebibyte);
    connection.write(busy);
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(mebibyte), file.contents());
    connection.write_ok("ready");
    EXPECT_EQ(call.result(watchdog).body, "ready");

    call = client.send(put(server, request_body::from_generator(pieces({"x"}))));
    connection.read_head();
    connection.read_bytes(11);
    connection.write(busy);
    EXPECT_EQ(call.result(watchdog).status, 503);
    EXPECT_EQ(call.result().tries, 1u);
}

TEST(HttpRequestBodyRetry, RepeatsAFileOverAFreshConnection)
{
    const body_file file(mebibyte);
    scripted_server server;
    client client;
    auto call = client.get(server.url("/"));
    {
        auto connection = server.accept();
        connection.read_head();
        connection.write_ok("x");
        call.result(watchdog);
        call = client.send(put(server, file.body()));
        connection.read_head();
    } // closed under the request
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(mebibyte), file.contents());
    connection.write_ok("y");

    EXPECT_EQ(call.result(watchdog).body, "y");
    EXPECT_EQ(client.stats().stale_retries, 1u);
}

TEST(HttpExpectContinue, SendsNoBodyThatTheServerRefuses)
{
    scripted_server server;
    client client;
    endless data;

    auto call =
        client.post(server.url("/x"), data.body(), {.headers = {{"Expect", "100-continue"}}});
    auto connection = server.accept();
    EXPECT_TRUE(says(connection.read_head(), "Expect: 100-continue"));
    connection.write(too_large);
    connection.expect_closed();

    EXPECT_EQ(call.result(watchdog).status, 413);
    EXPECT_EQ(data.produced.load(), 0u);
}

TEST(HttpExpectContinue, WaitsASecondAtMost)
{
    scripted_server server;
    client client;

    const auto began = std::chrono::steady_clock::now();
    auto call = client.post(server.url("/x"), "small", {.headers = {{"Expect", "100-continue"}}});
    auto connection = server.accept();
    connection.read_head();
    EXPECT_EQ(connection.read_bytes(5), "small");
    EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
    connection.write_ok("thanks");

    EXPECT_EQ(call.result(watchdog).body, "thanks");
}

TEST(HttpsRequestBody, GoesOutWhileTheAnswerComesIn)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity);
    scripted_server server;
    client client(trusting(authority));
    std::size_t left = 100;
    auto call =
        client.post(https(server, "localhost"), request_body::from_generator([&left] {
                        return left-- == 0 ? std::nullopt : std::optional(std::string(40'000, 'x'));
                    }));
    {
        tls_connection connection(server.accept(), tls);
        connection.read_request();
        EXPECT_GT(connection.read_request().size(), 4'000'000u);
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        EXPECT_EQ(call.result(watchdog).body, "x");
    }

    endless data;
    call = client.post(https(server, "localhost"), data.body());
    {
        tls_connection connection(server.accept(), tls);
        connection.read_request();
        connection.write(too_large);
    } // cut, with bytes unread
    EXPECT_EQ(call.result(watchdog).status, 413);
}

} // namespace

} // namespace cofutures::http
