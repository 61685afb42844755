// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/code_address.hpp>
#include <cofutures/process/error.hpp>

#include "introductions.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>

namespace cofutures::detail {

namespace {

struct code_range {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

/// A module as it lies in this process.
struct loaded_module {
    std::uint64_t hash = 0;
    std::uintptr_t base = 0;
    std::string path;
    std::vector<code_range> code;
};

/// How many modules were ever loaded and unloaded: while neither grows, the list is as it was.
struct loader_counts {
    unsigned long long loaded = 0;
    unsigned long long unloaded = 0;
    bool operator==(const loader_counts&) const = default;
};

struct module_table {
    std::mutex mutex;
    std::vector<loaded_module> loaded; // guarded by mutex; of this process
    loader_counts counts;              // guarded by mutex; when `loaded` was read
    std::vector<known_module> known;   // guarded by mutex; in the order of introduction
    std::atomic<std::size_t> count{0}; // known.size(), published for the question "anything new?"
};

module_table& table()
{
    // Never destroyed: tasks may still be submitted by destructors of static objects.
    static module_table* const instance = [] {
        auto* const made = new module_table;
        // A forked process goes on using the table. While another thread looks something up, the copy
        // would be locked for ever, and so would be the loader's own list, which is read meanwhile.
        ::pthread_atfork([] { table().mutex.lock(); },
                         [] { table().mutex.unlock(); },
                         [] { table().mutex.unlock(); });
        return made;
    }();
    return *instance;
}

/// FNV-1a: short, and the input is a hash already.
std::uint64_t hash_of(const void* bytes, std::size_t size)
{
    std::uint64_t hash = 14695981039346656037ULL;
    for (std::size_t i = 0; i != size; ++i) {
        hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 1099511628211ULL;
    }
    return hash;
}

/// Device and inode of the file that is mapped at `address`; its path may name another file by now.
std::string file_mapped_at(std::uintptr_t address)
{
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        // BEGIN-END MODE OFFSET DEVICE INODE PATH
        std::istringstream words(line);
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::string mode;
        std::string offset;
        std::string device;
        std::string inode;
        words >> std::hex >> begin >> dash >> end >> mode >> offset >> device >> inode;
        if (address >= begin && address < end) {
            return device + ' ' + inode;
        }
    }
    return {};
}

/// Of what the loader never writes to, eight bytes at a time, since there may be much of it.
std::uint64_t contents_hash_of(const dl_phdr_info& info)
{
    std::uint64_t hash = 14695981039346656037ULL;
    for (int i = 0; i != info.dlpi_phnum; ++i) {
        const auto& header = info.dlpi_phdr[i];
        if (header.p_type != PT_LOAD || (header.p_flags & (PF_R | PF_W)) != PF_R) {
            continue;
        }
        const auto* const bytes = reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr);
        std::uint64_t word = 0;
        std::size_t at = 0;
        for (; at + sizeof word <= header.p_filesz; at += sizeof word) {
            std::memcpy(&word, bytes + at, sizeof word);
            hash = (hash ^ word) * 1099511628211ULL;
            hash ^= hash >> 32; // otherwise the upper half of a word would not reach the lower one
        }
        hash ^= hash_of(bytes + at, header.p_filesz - at);
    }
    return hash;
}

std::uint64_t identity_of(const dl_phdr_info& info)
{
    for (int i = 0; i != info.dlpi_phnum; ++i) {
        const auto& header = info.dlpi_phdr[i];
        if (header.p_type != PT_NOTE) {
            continue;
        }
        const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr);
        const char* const end = at + header.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof note);
            const char* const name = at + sizeof note;
            const char* const contents = name + ((note.n_namesz + 3U) & ~3U);
            const char* const next = contents + ((note.n_descsz + 3U) & ~3U);
            if (next > end) {
                break;
            }
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                std::memcmp(name, "GNU", 4) == 0) {
                return hash_of(contents, note.n_descsz);
            }
            at = next;
        }
    }
    // Linked without a build-id. Two editions of a library may well have one layout and one path, so the
    // file and its contents decide. The program itself cannot be exchanged while it runs.
    std::uint64_t hash = hash_of(info.dlpi_phdr, info.dlpi_phnum * sizeof(ElfW(Phdr)));
    if (info.dlpi_name != nullptr && *info.dlpi_name != '\0') {
        const auto address = reinterpret_cast<std::uintptr_t>(info.dlpi_phdr);
        const std::string file = file_mapped_at(address);
        hash ^= contents_hash_of(info) ^ hash_of(file.data(), file.size());
    }
    return hash;
}

struct scan_state {
    std::vector<loaded_module> found;
    const std::vector<loaded_module>& known; // from before, as far as it still holds
};

int add_module(dl_phdr_info* info, std::size_t, void* target)
{
    auto& state = *static_cast<scan_state*>(target);
    loaded_module module;
    module.base = info->dlpi_addr;
    module.path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
    // What lies in memory is what its file contains now, which may have been overwritten since.
    const auto before =
        std::find_if(state.known.begin(), state.known.end(), [&](const loaded_module& known) {
            return known.base == module.base && known.path == module.path;
        });
    module.hash = before == state.known.end() ? identity_of(*info) : before->hash;
    for (int i = 0; i != info->dlpi_phnum; ++i) {
        const auto& header = info->dlpi_phdr[i];
        if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
            const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            module.code.push_back({begin, begin + header.p_memsz});
        }
    }
    state.found.push_back(std::move(module));
    return 0;
}

int read_counts(dl_phdr_info* info, std::size_t, void* target)
{
    *static_cast<loader_counts*>(target) = {info->dlpi_adds, info->dlpi_subs};
    return 1; // every module says the same
}

bool contains(const loaded_module& module, std::uintptr_t address)
{
    return std::any_of(module.code.begin(), module.code.end(), [address](const code_range& range) {
        return address >= range.begin && address < range.end;
    });
}

/// Reads the list of modules again if there is another one by now. Every question begins here: a library
/// may have made way for another one at the same address.
void refresh(module_table& modules)
{
    loader_counts counts;
    ::dl_iterate_phdr(&read_counts, &counts); // first: a change from here on is seen next time
    if (counts == modules.counts && !modules.loaded.empty()) {
        return;
    }
    if (counts.unloaded != modules.counts.unloaded) {
        modules.loaded.clear(); // one at the same place with the same name may be another one
    }
    scan_state state{{}, modules.loaded};
    ::dl_iterate_phdr(&add_module, &state);
    modules.loaded = std::move(state.found);
    modules.counts = counts;
}

const loaded_module* find_by_address(const module_table& modules, std::uintptr_t address)
{
    for (const loaded_module& module : modules.loaded) {
        if (contains(module, address)) {
            return &module;
        }
    }
    return nullptr;
}

std::optional<std::uintptr_t> find_by_hash(module_table& modules, code_address place, bool& present)
{
    for (const loaded_module& module : modules.loaded) {
        if (module.hash == place.module) {
            present = true;
            const std::uintptr_t address = module.base + place.offset;
            if (contains(module, address)) {
                return address;
            }
        }
    }
    return std::nullopt;
}

/// A name for the file at `path` that no module here has. Where one has, the loader would take it for
/// that module without a look at the file, which may be a newer one.
std::string unused_name(const module_table& modules, std::string path)
{
    const auto used = [&](const loaded_module& module) { return module.path == path; };
    const std::size_t slash = path.rfind('/');
    while (slash != std::string::npos &&
           std::any_of(modules.loaded.begin(), modules.loaded.end(), used)) {
        path.insert(slash, "/.");
    }
    return path;
}

} // namespace

code_address locate_code(const void* address)
{
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    refresh(modules);
    const loaded_module* const module = find_by_address(modules, place);
    if (module == nullptr) {
        throw std::invalid_argument(
            "cofutures: a function for a process task must be in the program or in a shared "
            "library that is loaded, and must not be null");
    }
    const auto same = [&](const known_module& known) {
        return known.hash == module->hash && known.path == module->path;
    };
    if (std::none_of(modules.known.begin(), modules.known.end(), same)) {
        modules.known.push_back({module->hash, module->path});
        modules.count.store(modules.known.size(), std::memory_order_release);
    }
    return {module->hash, place - module->base};
}

const void* loaded_code_at(code_address place)
{
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    refresh(modules);
    bool present = false;
    const auto address = find_by_hash(modules, place, present);
    if (present && !address) {
        throw function_not_found("the address of the function lies outside of its module's code");
    }
    return reinterpret_cast<const void*>(address.value_or(0));
}

const void* code_at(code_address place)
{
    if (const void* const code = loaded_code_at(place)) {
        return code;
    }
    module_table& modules = table();
    std::vector<std::string> paths; // the newest first
    {
        const std::lock_guard lock(modules.mutex);
        for (auto known = modules.known.rbegin(); known != modules.known.rend(); ++known) {
            if (known->hash == place.module && !known->path.empty()) {
                paths.push_back(unused_name(modules, known->path));
            }
        }
    }
    std::string reason = "the function belongs to a module that this worker does not have";
    for (const std::string& path : paths) {
        // Without the lock: the library's static objects may ask for code themselves.
        if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
            const char* const error = ::dlerror();
            reason = "the function's library cannot be loaded in the worker: " +
                     (error == nullptr ? path : std::string(error));
        } else if (const void* const code = loaded_code_at(place)) {
            return code;
        } else {
            reason = "the function's library has changed on disk since it was loaded: " + path;
        }
    }
    throw function_not_found(reason);
}

std::size_t module_count() noexcept
{
    // Acquire: pairs with the release in locate_code, though the entries are read under the mutex anyway.
    return table().count.load(std::memory_order_acquire);
}

std::vector<known_module> modules_after(std::size_t known)
{
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    return {modules.known.begin() +
                static_cast<std::ptrdiff_t>(std::min(known, modules.known.size())),
            modules.known.end()};
}

void learn_module(known_module module)
{
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    if (std::find(modules.known.begin(), modules.known.end(), module) == modules.known.end()) {
        modules.known.push_back(std::move(module));
    }
}

} // namespace cofutures::detail
