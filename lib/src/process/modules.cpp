// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/code_address.hpp>
#include <cofutures/process/error.hpp>

#include "introductions.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

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

struct module_table {
    std::mutex mutex;
    std::vector<loaded_module> loaded; // guarded by mutex; of this process
    std::vector<known_module> known;   // guarded by mutex; in the order of introduction
    std::atomic<std::size_t> count{0}; // known.size(), published for the question "anything new?"
};

module_table& table()
{
    // Never destroyed: tasks may still be submitted by destructors of static objects.
    static module_table* const instance = new module_table;
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
    // Linked without a build-id: the layout of its segments must do.
    const std::uint64_t layout = hash_of(info.dlpi_phdr, info.dlpi_phnum * sizeof(ElfW(Phdr)));
    const std::string_view path = info.dlpi_name == nullptr ? "" : info.dlpi_name;
    return layout ^ hash_of(path.data(), path.size());
}

int add_module(dl_phdr_info* info, std::size_t, void* target)
{
    loaded_module module;
    module.hash = identity_of(*info);
    module.base = info->dlpi_addr;
    module.path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
    for (int i = 0; i != info->dlpi_phnum; ++i) {
        const auto& header = info->dlpi_phdr[i];
        if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
            const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            module.code.push_back({begin, begin + header.p_memsz});
        }
    }
    static_cast<std::vector<loaded_module>*>(target)->push_back(std::move(module));
    return 0;
}

bool contains(const loaded_module& module, std::uintptr_t address)
{
    return std::any_of(module.code.begin(), module.code.end(), [address](const code_range& range) {
        return address >= range.begin && address < range.end;
    });
}

void scan(module_table& modules)
{
    modules.loaded.clear();
    ::dl_iterate_phdr(&add_module, &modules.loaded);
}

std::optional<loaded_module> find_by_address(module_table& modules, std::uintptr_t address)
{
    for (const loaded_module& module : modules.loaded) {
        if (contains(module, address)) {
            return module;
        }
    }
    return std::nullopt;
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

} // namespace

code_address locate_code(const void* address)
{
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    auto module = find_by_address(modules, place);
    if (!module) {
        scan(modules); // the library may have been loaded since
        module = find_by_address(modules, place);
    }
    if (!module) {
        throw std::invalid_argument(
            "cofutures: a function for a process task must be in the program or in a shared "
            "library, and must not be null");
    }
    const auto same = [&](const known_module& known) { return known.hash == module->hash; };
    if (std::none_of(modules.known.begin(), modules.known.end(), same)) {
        modules.known.push_back({module->hash, module->path});
        modules.count.store(modules.known.size(), std::memory_order_release);
    }
    return {module->hash, place - module->base};
}

const void* code_at(code_address place)
{
    module_table& modules = table();
    const std::lock_guard lock(modules.mutex);
    bool present = false;
    auto address = find_by_hash(modules, place, present);
    if (!present) {
        scan(modules);
        address = find_by_hash(modules, place, present);
    }
    if (!present) {
        const auto named =
            std::find_if(modules.known.begin(),
                         modules.known.end(),
                         [&](const known_module& known) { return known.hash == place.module; });
        if (named == modules.known.end() || named->path.empty()) {
            throw function_not_found(
                "the function belongs to a module that this worker does not have");
        }
        if (::dlopen(named->path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
            const char* const reason = ::dlerror();
            throw function_not_found("the function's library cannot be loaded in the worker: " +
                                     std::string(reason == nullptr ? named->path.c_str() : reason));
        }
        scan(modules);
        address = find_by_hash(modules, place, present);
        if (!present) {
            throw function_not_found(
                "the function's library has changed on disk since it was loaded: " + named->path);
        }
    }
    if (!address) {
        throw function_not_found("the address of the function lies outside of its module's code");
    }
    return reinterpret_cast<const void*>(*address);
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
    const auto same = [&](const known_module& known) { return known.hash == module.hash; };
    if (std::none_of(modules.known.begin(), modules.known.end(), same)) {
        modules.known.push_back(std::move(module));
    }
}

} // namespace cofutures::detail
