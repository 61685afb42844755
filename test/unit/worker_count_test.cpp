// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// How many workers: checked numbers, CPU affinity, the quotas of control groups.

#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/worker_count.hpp>

#include "cgroup.hpp"
#include "support/expect_error.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include <sched.h>
#include <unistd.h>

namespace cf = cofutures;
namespace fs = std::filesystem;
using cf::detail::cgroup_cpu_quota;
using cf::test::message_of;

namespace {

TEST(WorkerCount, LeavesTheChoiceToThePoolByDefault)
{
    EXPECT_EQ(cf::worker_count().value_or(7), 7U);
}

TEST(WorkerCount, TakesAnyIntegralType)
{
    EXPECT_EQ(cf::worker_count(3).value_or(7), 3U);
    EXPECT_EQ(cf::worker_count(3U).value_or(7), 3U);
    EXPECT_EQ(cf::worker_count(static_cast<short>(3)).value_or(7), 3U);
    EXPECT_EQ(cf::worker_count(std::uint64_t{3}).value_or(7), 3U);
    static_assert(!std::is_constructible_v<cf::worker_count, bool>);
    static_assert(!std::is_constructible_v<cf::worker_count, double>);
}

TEST(WorkerCount, RefusesZeroAndNegativeNumbersByName)
{
    EXPECT_EQ(message_of<std::invalid_argument>([] { cf::worker_count(0); }),
              "cofutures: max_workers must be greater than 0, got 0");
    EXPECT_EQ(message_of<std::invalid_argument>([] { cf::worker_count(-3); }),
              "cofutures: max_workers must be greater than 0, got -3");
    EXPECT_THROW(cf::worker_count(0U), std::invalid_argument);
    EXPECT_THROW(cf::worker_count{std::numeric_limits<long long>::min()}, std::invalid_argument);
}

TEST(WorkerCount, APoolRefusesZeroAndNegativeNumbers)
{
    EXPECT_THROW(cf::thread_pool_executor pool(0), std::invalid_argument);
    EXPECT_THROW(cf::thread_pool_executor pool(-1), std::invalid_argument);
    EXPECT_THROW(cf::thread_pool_executor pool({.max_workers = 0}), std::invalid_argument);
}

TEST(WorkerCount, APoolChoosesCpusAndFourButThirtyTwoAtMost)
{
    const cf::thread_pool_executor pool;

    EXPECT_EQ(pool.max_workers(), std::min<std::size_t>(32, cf::usable_cpus() + 4));
}

TEST(UsableCpus, IsAtLeastOneAndNotMoreThanTheMachineHas)
{
    EXPECT_GE(cf::usable_cpus(), 1U);
    EXPECT_LE(cf::usable_cpus(), static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_CONF)));
}

TEST(UsableCpus, FollowsTheAffinityOfTheThread)
{
    std::size_t seen = 0;
    std::thread confined([&] {
        cpu_set_t before;
        ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (unsigned cpu = 0; cpu != CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &before)) {
                CPU_SET(cpu, &one);
                break;
            }
        }
        ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
        seen = cf::usable_cpus();
    });
    confined.join();

    EXPECT_EQ(seen, 1U);
}

/// A made-up /proc/self/cgroup and /sys/fs/cgroup in a temporary folder.
class CgroupQuota : public testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = (fs::temp_directory_path() / "cofutures-cgroup-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        root = pattern;
        fs::create_directory(root / "mount");
    }
    void TearDown() override { fs::remove_all(root); }

    void write(const fs::path& file, const std::string& text) const
    {
        fs::create_directories((root / file).parent_path());
        std::ofstream(root / file) << text;
    }
    std::optional<std::size_t> quota() const
    {
        return cgroup_cpu_quota(root / "membership", root / "mount");
    }

    fs::path root;
};

TEST_F(CgroupQuota, IsAbsentWithoutControlGroups)
{
    EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CgroupQuota, OfVersionTwoIsRoundedUp)
{
    write("membership", "0::/app\n");
    write("mount/app/cpu.max", "150000 100000\n");
    EXPECT_EQ(quota(), 2U);

    write("mount/app/cpu.max", "200000 100000\n");
    EXPECT_EQ(quota(), 2U);
    write("mount/app/cpu.max", "1000 100000\n");
    EXPECT_EQ(quota(), 1U);
}

TEST_F(CgroupQuota, OfVersionTwoMayBeUnlimited)
{
    write("membership", "0::/app\n");
    write("mount/app/cpu.max", "max 100000\n");

    EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CgroupQuota, IsTheSmallestUpToTheRoot)
{
    write("membership", "0::/slice/app/worker\n");
    write("mount/slice/cpu.max", "300000 100000\n");
    write("mount/slice/app/cpu.max", "max 100000\n");
    write("mount/slice/app/worker/cpu.max", "800000 100000\n");

    EXPECT_EQ(quota(), 3U);
}

TEST_F(CgroupQuota, InANamespaceIsThatOfTheRoot)
{
    write("membership", "0::/\n");
    write("mount/cpu.max", "250000 100000\n");

    EXPECT_EQ(quota(), 3U);
}

TEST_F(CgroupQuota, OfAGroupThatIsNotMountedHereIsThatOfTheRoot)
{
    write("membership", "0::/system.slice/docker-123.scope\n");
    write("mount/cpu.max", "100000 100000\n");

    EXPECT_EQ(quota(), 1U);
}

TEST_F(CgroupQuota, OfVersionOneIsInTwoFiles)
{
    write("membership", "12:memory:/app\n4:cpu,cpuacct:/app\n1:name=systemd:/app\n");
    write("mount/cpu,cpuacct/app/cpu.cfs_quota_us", "350000\n");
    write("mount/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n");

    EXPECT_EQ(quota(), 4U);
}

TEST_F(CgroupQuota, OfVersionOneMayBeMountedUnderAShortName)
{
    write("membership", "4:cpu:/app\n");
    write("mount/cpu/app/cpu.cfs_quota_us", "100000\n");
    write("mount/cpu/app/cpu.cfs_period_us", "100000\n");

    EXPECT_EQ(quota(), 1U);
}

TEST_F(CgroupQuota, OfVersionOneMayBeUnlimited)
{
    write("membership", "4:cpu,cpuacct:/app\n");
    write("mount/cpu,cpuacct/app/cpu.cfs_quota_us", "-1\n");
    write("mount/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n");

    EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CgroupQuota, IgnoresCpusetAndOtherControllers)
{
    write("membership", "4:cpuset:/app\n5:cpuacct:/app\n");
    write("mount/cpuset/app/cpu.cfs_quota_us", "100000\n");
    write("mount/cpuset/app/cpu.cfs_period_us", "100000\n");

    EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CgroupQuota, OfNonsenseIsAbsent)
{
    for (const std::string text :
         {"", "a b\n", "100000\n", "0 0\n", "-5 100000\n", "100000 0\n", "100000 -1\n"}) {
        SCOPED_TRACE(text);
        write("membership", "no colons\n:\n0::/app\n");
        write("mount/app/cpu.max", text);

        EXPECT_EQ(quota(), std::nullopt);
    }
}

TEST_F(CgroupQuota, ThatIsEnormousDoesNotOverflow)
{
    write("membership", "0::/app\n");
    write("mount/app/cpu.max", "9223372036854775807 100000\n");

    EXPECT_EQ(quota(), 92233720368548U);
}

} // namespace
