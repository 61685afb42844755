// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the tests of downloads share: a folder, a server and a client.

#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace cofutures::http {

namespace fs = std::filesystem;
using test::scripted_connection;
using test::scripted_server;

constexpr auto watchdog = std::chrono::seconds(10);

inline std::string contents(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class download_test : public testing::Test {
protected:
    download_test()
        : folder(fs::temp_directory_path() /
                 ("cofutures_" + std::to_string(::getpid()) + "_" +
                  testing::UnitTest::GetInstance()->current_test_info()->name()))
    {
        fs::remove_all(folder);
        fs::create_directory(folder);
    }
    ~download_test() override { fs::remove_all(folder); }

    std::size_t files() const
    {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }

    /// Waits until a file of the folder has so many bytes; throws when the watchdog barks.
    void wait_for_file(const std::string& name, std::uintmax_t size) const
    {
        const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        ::inotify_add_watch(watch, folder.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO);
        std::error_code ec;
        bool heard = true;
        while ((!fs::exists(folder / name) || fs::file_size(folder / name, ec) < size) && heard) {
            pollfd waited{watch, POLLIN, 0};
            heard = ::poll(&waited, 1, 10'000) == 1;
            char events[4096];
            heard = heard && ::read(watch, events, sizeof events) > 0;
        }
        ::close(watch);
        if (!heard) {
            throw std::runtime_error("waited too long for " + name);
        }
    }

    /// Starts a download of "/x" into `name` and reads the request.
    scripted_connection start(const std::string& name, request_options options = {})
    {
        call = client_.download(server.url("/x"), folder / name, std::move(options));
        scripted_connection connection = server.accept();
        request = connection.read_request();
        return connection;
    }

    bool asked(const std::string& line) const
    {
        return request.find("\r\n" + line + "\r\n") != std::string::npos;
    }

    request_error failure() const
    {
        try {
            call.result(watchdog);
        } catch (const request_error& error) {
            return error;
        }
        throw std::logic_error("the download succeeded");
    }

    fs::path folder;
    scripted_server server;
    client client_;
    future<download_result> call;
    std::string request;
};

} // namespace cofutures::http
