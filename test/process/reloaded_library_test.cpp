// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What a call means when a shared library has made way for another one, as in a program that reloads
/// its plug-ins.

#include <cofutures/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

namespace cf = cofutures;
using namespace std::chrono_literals;

namespace {

constexpr auto watchdog = 20s;

using function = int (*)(int);

/// A folder of its own for each test, gone at its end.
class folder {
public:
    folder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "reloaded-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }

    std::filesystem::path operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Puts a library where another one may be, as an installation does: whoever has mapped the old file
/// keeps it.
void install(const std::string& library, const std::filesystem::path& place)
{
    const std::filesystem::path beside = place.string() + ".new";
    std::filesystem::copy_file(library, beside);
    std::filesystem::rename(beside, place);
}

class loaded_library {
public:
    explicit loaded_library(const std::filesystem::path& place)
        : handle_(::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL))
    {
        if (handle_ == nullptr) {
            throw std::runtime_error(::dlerror());
        }
        edition = reinterpret_cast<function>(::dlsym(handle_, "edition"));
    }
    loaded_library(const loaded_library&) = delete;
    loaded_library& operator=(const loaded_library&) = delete;
    ~loaded_library() { ::dlclose(handle_); }

    function edition = nullptr;

private:
    void* handle_;
};

struct variant {
    cf::process::start_method method;
    const char* first;
    const char* second;
};

class ReloadedLibrary : public testing::TestWithParam<variant> {};

} // namespace

TEST_P(ReloadedLibrary, AtTheSamePathRunsTheNewFunction)
{
    const folder home;
    const auto place = home / "plugin.so";
    cf::process_pool_executor pool({.max_workers = 1, .start_method = GetParam().method});
    for (int round = 0; round != 2; ++round) {
        SCOPED_TRACE(round);
        install(GetParam().first, place);
        {
            const loaded_library library(place);
            EXPECT_EQ(pool.submit(library.edition, 4).result(watchdog), 46);
        }
        install(GetParam().second, place);
        const loaded_library library(place);
        EXPECT_EQ(pool.submit(library.edition, 4).result(watchdog), 47);
    }
}

TEST_P(ReloadedLibrary, AtAnotherPathRunsTheNewFunction)
{
    const folder home;
    install(GetParam().first, home / "first.so");
    install(GetParam().second, home / "second.so");
    cf::process_pool_executor pool({.max_workers = 1, .start_method = GetParam().method});
    {
        const loaded_library library(home / "first.so");
        EXPECT_EQ(pool.submit(library.edition, 4).result(watchdog), 46);
    }
    const loaded_library library(home / "second.so");
    EXPECT_EQ(pool.submit(library.edition, 4).result(watchdog), 47);
}

TEST_P(ReloadedLibrary, WhichWorkersInheritedMakesWayToo)
{
    const folder home;
    const auto place = home / "plugin.so";
    install(GetParam().first, place);
    auto library = std::make_unique<loaded_library>(place);
    cf::process_pool_executor pool({.max_workers = 1, .start_method = GetParam().method});
    EXPECT_EQ(pool.submit(library->edition, 4).result(watchdog), 46);
    library.reset();
    install(GetParam().second, place);
    library = std::make_unique<loaded_library>(place);

    EXPECT_EQ(pool.submit(library->edition, 4).result(watchdog), 47);
}

TEST_P(ReloadedLibrary, ThatMovedIsLoadedFromWhereItIs)
{
    const folder home;
    install(GetParam().first, home / "first.so");
    {
        const loaded_library library(home / "first.so");
        // Only introduced: no worker loads it while it is here.
        cf::process::call(library.edition, 4);
    }
    std::filesystem::rename(home / "first.so", home / "moved.so");
    const loaded_library library(home / "moved.so");
    cf::process_pool_executor pool({.max_workers = 1, .start_method = GetParam().method});

    EXPECT_EQ(pool.submit(library.edition, 4).result(watchdog), 46);
}

TEST(ReloadedLibraries, ReplacedBeforeAWorkerLoadsThemAreNotFound)
{
    const folder home;
    const auto place = home / "plugin.so";
    install(EDITION_6, place);
    const loaded_library library(place);
    cf::process_pool_executor pool(1);
    install(EDITION_7, place);

    EXPECT_THROW(pool.submit(library.edition, 4).result(watchdog), cf::function_not_found);
}

TEST(ReloadedLibraries, LeaveNoFunctionBehindTheirEnd)
{
    cf::process_pool_executor pool(1);
    function gone = nullptr;
    {
        const loaded_library library(EDITION_6);
        gone = library.edition;
        EXPECT_EQ(pool.submit(gone, 1).result(watchdog), 16);
    }

    EXPECT_THROW(pool.submit(gone, 1), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(
    Every,
    ReloadedLibrary,
    testing::Values(
        variant{cf::process::start_method::fork_server, EDITION_6, EDITION_7},
        variant{cf::process::start_method::fork, EDITION_6, EDITION_7},
        variant{cf::process::start_method::spawn, EDITION_6, EDITION_7},
        variant{cf::process::start_method::fork_server, EDITION_6_UNNAMED, EDITION_7_UNNAMED}),
    [](const auto& test) {
        switch (test.param.method) {
        case cf::process::start_method::fork:
            return std::string("Fork");
        case cf::process::start_method::spawn:
            return std::string("Spawn");
        default:
            return std::string(test.param.first == std::string_view(EDITION_6)
                                   ? "ForkServer"
                                   : "ForkServerWithoutBuildId");
        }
    });
