// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "program_traits.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cofutures::detail {

namespace {

constexpr unsigned last_possible_capability = 63;

std::string read_all(int file)
{
    std::string text;
    char bytes[8192];
    // By position: the description of the file, and so its offset, is shared with other processes.
    ssize_t size = 0;
    while ((size = ::pread(file, bytes, sizeof bytes, static_cast<off_t>(text.size()))) > 0 ||
           (size < 0 && errno == EINTR)) {
        text.append(bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    return size < 0 ? std::string() : text;
}

/// The rest of the line that begins with `name`.
std::string_view line_of(std::string_view text, std::string_view name)
{
    const auto at = text.find("\n" + std::string(name) + ":");
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + name.size() + 2);
    return text.substr(0, text.find('\n'));
}

template <typename Number>
std::vector<Number> numbers_of(std::string_view text, std::string_view name, int base = 10)
{
    const std::string_view line = line_of(text, name);
    std::vector<Number> numbers;
    const char* at = line.data();
    const char* const end = at + line.size();
    while (at != end) {
        Number number{};
        const auto [stop, failure] = std::from_chars(at, end, number, base);
        if (failure == std::errc()) {
            numbers.push_back(number);
            at = stop;
        } else {
            ++at; // white space
        }
    }
    return numbers;
}

template <typename Number>
Number number_of(std::string_view text, std::string_view name, int base = 10)
{
    const auto numbers = numbers_of<Number>(text, name, base);
    return numbers.empty() ? Number{} : numbers.front();
}

template <typename Id>
std::array<Id, 4> ids_of(std::string_view text, std::string_view name)
{
    std::array<Id, 4> ids{};
    const auto numbers = numbers_of<Id>(text, name);
    std::copy_n(numbers.begin(), std::min(numbers.size(), ids.size()), ids.begin());
    return ids;
}

/// For calls whose success shows in what the kernel says afterwards.
void attempt(long) noexcept {}

void set_capabilities(const program_traits::capability_sets& sets) noexcept
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    for (unsigned half = 0; half != 2; ++half) {
        data[half].effective = static_cast<__u32>(sets.effective >> (32 * half));
        data[half].permitted = static_cast<__u32>(sets.permitted >> (32 * half));
        data[half].inheritable = static_cast<__u32>(sets.inheritable >> (32 * half));
    }
    attempt(::syscall(SYS_capset, &header, data));
}

/// Makes everything that is permitted effective; what comes next needs it.
void raise_capabilities() noexcept
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (::syscall(SYS_capget, &header, data) == 0) {
        for (auto& half : data) {
            half.effective = half.permitted;
        }
        attempt(::syscall(SYS_capset, &header, data));
    }
}

/// Whether `directory` is the one that `name` means for this process; "" is the working directory, which
/// it need not be allowed to enter.
bool is_directory(int directory, const char* name) noexcept
{
    struct stat given {};
    struct stat found {};
    return ::fstat(directory, &given) == 0 &&
           ::fstatat(AT_FDCWD, name, &found, AT_EMPTY_PATH) == 0 && given.st_dev == found.st_dev &&
           given.st_ino == found.st_ino;
}

unsigned long lasting_secure_bits(unsigned long bits)
{
    return bits & ~(1UL << SECURE_KEEP_CAPS);
}

void take_on_credentials(const program_traits& wanted, const own_report& report) noexcept
{
    ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    for (unsigned each = 0; each <= last_possible_capability; ++each) {
        if ((wanted.capabilities.bounding >> each & 1) == 0 &&
            ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) == 1) {
            ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
        }
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    attempt(::setgroups(wanted.supplementary_groups.size(), wanted.supplementary_groups.data()));
    attempt(::setresgid(wanted.group_ids[0], wanted.group_ids[1], wanted.group_ids[2]));
    attempt(::setresuid(wanted.user_ids[0], wanted.user_ids[1], wanted.user_ids[2]));
    raise_capabilities(); // they went with the user, but are still permitted
    const auto bits = static_cast<unsigned long>(::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    if (lasting_secure_bits(bits) != lasting_secure_bits(report.secure_bits)) {
        ::prctl(PR_SET_SECUREBITS, lasting_secure_bits(report.secure_bits), 0, 0, 0);
    }
    attempt(::setfsgid(wanted.group_ids[3]));
    attempt(::setfsuid(wanted.user_ids[3]));
    set_capabilities(wanted.capabilities);
    for (unsigned each = 0; each <= last_possible_capability; ++each) {
        if ((wanted.capabilities.ambient >> each & 1) != 0) {
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, each, 0, 0);
        }
    }
    ::prctl(PR_SET_KEEPCAPS, report.secure_bits >> SECURE_KEEP_CAPS & 1, 0, 0, 0);
    if (wanted.no_new_privileges != 0) {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
}

trait first_difference(const program_traits& own, const program_traits& wanted)
{
    return own.user_ids != wanted.user_ids                           ? trait::user_ids
           : own.group_ids != wanted.group_ids                       ? trait::group_ids
           : own.supplementary_groups != wanted.supplementary_groups ? trait::supplementary_groups
           : own.capabilities != wanted.capabilities                 ? trait::capabilities
           : own.no_new_privileges != wanted.no_new_privileges       ? trait::no_new_privileges
           : own.seccomp_mode != wanted.seccomp_mode ||
                   own.seccomp_filters != wanted.seccomp_filters
               ? trait::seccomp_filters
           : own.file_mode_mask != wanted.file_mode_mask ? trait::file_mode_mask
                                                         : trait::none;
}

/// Leaves the root alone where it is the same; a change needs the rights that we began with.
bool move_to_root(int root) noexcept
{
    return is_directory(root, "/") || (::fchdir(root) == 0 && ::chroot(".") == 0);
}

/// Succeeds too where we are there already and may not enter it any more.
bool move_to(int directory) noexcept
{
    return ::fchdir(directory) == 0 || is_directory(directory, "");
}

const char* name_of(trait which) noexcept
{
    switch (which) {
    case trait::none:
    case trait::program:
        break;
    case trait::root_directory:
        return "root directory";
    case trait::directory:
        return "working directory";
    case trait::user_ids:
        return "user";
    case trait::group_ids:
        return "group";
    case trait::supplementary_groups:
        return "supplementary groups";
    case trait::capabilities:
        return "capabilities";
    case trait::secure_bits:
        return "secure bits";
    case trait::no_new_privileges:
        return "no_new_privs";
    case trait::seccomp_filters:
        return "seccomp filters";
    case trait::file_mode_mask:
        return "umask";
    }
    return "credentials, which cannot be read";
}

} // namespace

unique_fd open_proc() noexcept
{
    return out_of_the_way(unique_fd(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

proc_files proc_files::open(const unique_fd& proc)
{
    proc_files files;
    files.proc =
        proc ? out_of_the_way(unique_fd(::fcntl(proc.get(), F_DUPFD_CLOEXEC, 0))) : open_proc();
    if (files.proc) {
        files.program_status = out_of_the_way(
            unique_fd(::openat(files.proc.get(), "self/status", O_RDONLY | O_CLOEXEC)));
    }
    if (!files.program_status) {
        throw std::system_error(errno,
                                std::system_category(),
                                "cofutures: process pools need /proc: /proc/self/status");
    }
    return files;
}

whereabouts whereabouts::of_this_thread()
{
    whereabouts here;
    here.directory = out_of_the_way(unique_fd(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (!here.directory && errno == EACCES) {
        // It may not be entered any more; this way does not enter it.
        here.directory = out_of_the_way(
            unique_fd(::open("/proc/thread-self/cwd", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    }
    if (!here.directory) {
        throw std::system_error(errno,
                                std::system_category(),
                                "cofutures: passing the working directory on to a worker");
    }
    here.root = out_of_the_way(unique_fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (!here.root) {
        throw std::system_error(
            errno, std::system_category(), "cofutures: passing the root directory on to a worker");
    }
    here.report.secure_bits = static_cast<std::uint32_t>(::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    here.report.dumpable = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    return here;
}

std::optional<program_traits> read_traits(int status_file)
{
    const std::string text = read_all(status_file);
    if (text.empty()) {
        return std::nullopt;
    }
    program_traits traits;
    traits.user_ids = ids_of<uid_t>(text, "Uid");
    traits.group_ids = ids_of<gid_t>(text, "Gid");
    traits.supplementary_groups = numbers_of<gid_t>(text, "Groups");
    traits.capabilities = {number_of<std::uint64_t>(text, "CapInh", 16),
                           number_of<std::uint64_t>(text, "CapPrm", 16),
                           number_of<std::uint64_t>(text, "CapEff", 16),
                           number_of<std::uint64_t>(text, "CapBnd", 16),
                           number_of<std::uint64_t>(text, "CapAmb", 16)};
    traits.no_new_privileges = number_of<unsigned>(text, "NoNewPrivs");
    traits.seccomp_mode = number_of<unsigned>(text, "Seccomp");
    traits.seccomp_filters = number_of<unsigned>(text, "Seccomp_filters");
    if (const auto mask = numbers_of<mode_t>(text, "Umask", 8); !mask.empty()) {
        traits.file_mode_mask = mask.front();
    }
    return traits;
}

std::optional<program_traits> read_own_traits(int proc)
{
    const unique_fd status(::openat(proc, "self/status", O_RDONLY | O_CLOEXEC));
    return status ? read_traits(status.get()) : std::nullopt;
}

trait take_on(const program_traits& own,
              const program_traits& program,
              const own_report& report,
              int directory,
              int root,
              int proc)
{
    program_traits wanted = program;
    if (!wanted.file_mode_mask) {
        wanted.file_mode_mask = own.file_mode_mask; // its main thread has ended, others go on
    }
    const bool other_root = !is_directory(root, "/");
    const auto bits = static_cast<unsigned long>(::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    if (own != wanted || other_root ||
        lasting_secure_bits(bits) != lasting_secure_bits(report.secure_bits)) {
        // A program that is root for a moment only can have made any change then, and so can we.
        if (own.user_ids[1] != 0 && (own.user_ids[0] == 0 || own.user_ids[2] == 0)) {
            attempt(::setresuid(static_cast<uid_t>(-1), 0, static_cast<uid_t>(-1)));
        }
        raise_capabilities();
        if (!move_to_root(root)) {
            return trait::root_directory;
        }
        if (!move_to(directory)) {
            return trait::directory;
        }
        if (wanted.file_mode_mask) {
            ::umask(*wanted.file_mode_mask);
        }
        take_on_credentials(wanted, report);
        const auto now = read_own_traits(proc);
        if (!now) {
            return trait::program;
        }
        if (const trait different = first_difference(*now, wanted); different != trait::none) {
            return different;
        }
        const auto set = static_cast<unsigned long>(::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
        if (lasting_secure_bits(set) != lasting_secure_bits(report.secure_bits)) {
            return trait::secure_bits;
        }
    } else if (!move_to(directory)) {
        return trait::directory;
    }
    if (report.dumpable == 0 || report.dumpable == 1) {
        ::prctl(PR_SET_DUMPABLE, report.dumpable, 0, 0, 0); // a change of user may have changed it
    }
    return trait::none;
}

bool is_settled(const program_traits& traits) noexcept
{
    const auto alike = [](const auto& ids) { return ids[0] == ids[1] && ids[1] == ids[2]; };
    return alike(traits.user_ids) && alike(traits.group_ids) &&
           traits.capabilities.permitted == traits.capabilities.effective;
}

bool exec_gives_back(const program_traits& before, const program_traits& now)
{
    const bool gave_up = before.user_ids != now.user_ids || before.group_ids != now.group_ids ||
                         before.capabilities.permitted != now.capabilities.permitted;
    if (!gave_up || now.no_new_privileges != 0) {
        return false;
    }
    constexpr const char* executable = "/proc/self/exe";
    struct stat facts {};
    return ::stat(executable, &facts) != 0 || (facts.st_mode & (S_ISUID | S_ISGID)) != 0 ||
           ::getxattr(executable, "security.capability", nullptr, 0) > 0 || now.user_ids[0] == 0 ||
           now.user_ids[1] == 0;
}

std::system_error refusal(trait which)
{
    return {EPERM,
            std::system_category(),
            std::string("cofutures: workers cannot take on the program's ") + name_of(which) +
                " (change it before process::init, or use start_method::fork)"};
}

} // namespace cofutures::detail
