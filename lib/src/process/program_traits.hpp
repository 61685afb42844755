// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a worker has in common with the program at the moment it is started: credentials, directories
/// and file mode mask. Internal.
///
/// The fork server was forked long before. What decides about rights it asks the kernel for (the status
/// file of the program, opened before the fork); it does not believe the program, which may have been
/// taken over since it gave up its rights, and could then ask for a worker that has them.

#include "unique_fd.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

#include <sys/types.h>

namespace cofutures::detail {

/// Why a worker cannot be started in the likeness of the program.
enum class trait : std::uint32_t {
    none,
    program, ///< its status cannot be read
    root_directory,
    directory,
    user_ids,
    group_ids,
    supplementary_groups,
    capabilities,
    secure_bits,
    no_new_privileges,
    seccomp_filters,
    file_mode_mask,
};

/// What the kernel says of a process.
struct program_traits {
    std::array<uid_t, 4> user_ids{};  // real, effective, saved, of the file system
    std::array<gid_t, 4> group_ids{}; // likewise
    std::vector<gid_t> supplementary_groups;
    struct capability_sets {
        std::uint64_t inheritable = 0;
        std::uint64_t permitted = 0;
        std::uint64_t effective = 0;
        std::uint64_t bounding = 0;
        std::uint64_t ambient = 0;

        friend bool operator==(const capability_sets&, const capability_sets&) = default;
    } capabilities;
    unsigned no_new_privileges = 0;
    unsigned seccomp_mode = 0;
    unsigned seccomp_filters = 0;
    std::optional<mode_t> file_mode_mask; // absent once the main thread has ended

    friend bool operator==(const program_traits&, const program_traits&) = default;
};

/// Descriptors that tell about the program and about whoever asks, also after a change of user or root.
struct proc_files {
    unique_fd program_status; // of the program, in whichever process it is read
    unique_fd proc;           // the directory

    /// For this process as the program; `proc` is the directory from before a change of root, or empty.
    ///
    /// **Throws** `std::system_error` where /proc is missing.
    static proc_files open(const unique_fd& proc = {});
};

/// /proc, or empty where it is missing.
unique_fd open_proc() noexcept;

/// What the kernel does not tell others: an order to the fork server carries it.
struct own_report {
    std::uint32_t secure_bits = 0;
    std::int32_t dumpable = 0;
};

/// What goes along with an order for a worker.
struct whereabouts {
    unique_fd directory;
    unique_fd root;
    own_report report;

    /// Those of the calling thread.
    ///
    /// **Throws** `std::system_error`.
    static whereabouts of_this_thread();
};

/// Empty if the process is gone.
std::optional<program_traits> read_traits(int status_file);
std::optional<program_traits> read_own_traits(int proc);

/// Makes this process, which has one thread and is known to be as `own` says, like the program. Returns
/// the first trait that it could not take on; it must not run anything for the program then.
trait take_on(const program_traits& own,
              const program_traits& wanted,
              const own_report& report,
              int directory,
              int root,
              int proc);

/// Whether the program cannot become by itself what it was before.
bool is_settled(const program_traits& traits) noexcept;

/// Whether running this executable anew would give back rights that the program gave up since `before`.
bool exec_gives_back(const program_traits& before, const program_traits& now);

/// What the program is told.
std::system_error refusal(trait which);

} // namespace cofutures::detail
