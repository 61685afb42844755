// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/type_name.hpp>
#include <cofutures/process/error.hpp>
#include <cofutures/process/exceptions.hpp>

#include "error_codes.hpp"
#include "introductions.hpp"

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <any>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <system_error>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <cxxabi.h>

namespace cofutures {

// Exceptions that a string cannot make again say here what they are made of.

namespace detail {

namespace {

std::string text_of(const char* text)
{
    return text == nullptr ? "" : text; // the standard forbids null, but not every class obeys
}

/// An `E` that says what the one in the worker said, where an `E` made here would say something else: the
/// text may depend on where it was thrown, and then no constructor takes it.
template <typename E>
class with_text : public E {
public:
    with_text(E base, const std::string& text)
        : E(std::move(base)), text_(std::make_shared<const std::string>(text))
    {}

    const char* what() const noexcept override { return text_->c_str(); }

private:
    std::shared_ptr<const std::string> text_; // shared, since exceptions must not throw when copied
};

template <typename E>
std::exception_ptr finished(E exception, const std::exception_ptr& cause, const std::string& what)
{
    if (text_of(exception.what()) == what) {
        return exception_with_cause(std::move(exception), cause);
    }
    return exception_with_cause(with_text<E>(std::move(exception), what), cause);
}

/// Describes an exception whose constructor takes more than a text.
template <typename E>
struct exception_parts;

template <typename E>
const exception_handler& handler_with_parts()
{
    static const exception_handler handler{
        &typeid(E),
        nested_type_of<E>(),
        [](encoder& archive, const std::exception_ptr& exception) {
            try {
                std::rethrow_exception(exception);
            } catch (const E& e) {
                exception_parts<E>::write(archive, e);
            }
        },
        [](decoder& archive, const std::exception_ptr& cause, const std::string& what) {
            return finished(exception_parts<E>::read(archive), cause, what);
        }};
    return handler;
}

/// what() without the message of the code, which the constructor adds again.
template <typename E>
std::string prefix_of(const E& e)
{
    std::string what = e.what();
    const std::string suffix = e.code().message();
    if (what == suffix) {
        return {};
    }
    if (what.size() >= suffix.size() + 2 &&
        what.compare(what.size() - suffix.size(), suffix.size(), suffix) == 0) {
        what.resize(what.size() - suffix.size() - 2);
    }
    return what;
}

template <>
struct exception_parts<std::system_error> {
    static void write(encoder& archive, const std::system_error& e)
    {
        write_code(archive, e.code());
        archive(prefix_of(e));
    }
    static std::system_error read(decoder& archive)
    {
        const auto code = read_std_code(archive);
        const auto prefix = archive.read<std::string>();
        return prefix.empty() ? std::system_error(code) : std::system_error(code, prefix);
    }
};

template <>
struct exception_parts<boost::system::system_error> {
    static void write(encoder& archive, const boost::system::system_error& e)
    {
        write_code(archive, e.code());
    }
    static boost::system::system_error read(decoder& archive)
    {
        return boost::system::system_error(read_boost_code(archive));
    }
};

template <>
struct exception_parts<std::ios_base::failure> {
    static void write(encoder& archive, const std::ios_base::failure& e)
    {
        write_code(archive, e.code());
        archive(prefix_of(e));
    }
    static std::ios_base::failure read(decoder& archive)
    {
        const auto code = read_std_code(archive);
        return std::ios_base::failure(archive.read<std::string>(), code);
    }
};

template <>
struct exception_parts<std::filesystem::filesystem_error> {
    static void write(encoder& archive, const std::filesystem::filesystem_error& e)
    {
        write_code(archive, e.code());
        archive(e.path1(), e.path2());
        // libstdc++ prints "filesystem error: TEXT: MESSAGE [PATH] [PATH]"; the text is between.
        std::string text = e.what();
        constexpr std::string_view intro = "filesystem error: ";
        if (text.starts_with(intro)) {
            text.erase(0, intro.size());
        }
        if (const auto end = text.rfind(": " + e.code().message()); end != std::string::npos) {
            text.resize(end);
        }
        archive(text);
    }
    static std::filesystem::filesystem_error read(decoder& archive)
    {
        const auto code = read_std_code(archive);
        const auto path1 = archive.read<std::filesystem::path>();
        const auto path2 = archive.read<std::filesystem::path>();
        const auto text = archive.read<std::string>();
        if (path2.empty()) {
            return path1.empty() ? std::filesystem::filesystem_error(text, code)
                                 : std::filesystem::filesystem_error(text, path1, code);
        }
        return {text, path1, path2, code};
    }
};

template <>
struct exception_parts<std::future_error> {
    static void write(encoder& archive, const std::future_error& e) { archive(e.code().value()); }
    static std::future_error read(decoder& archive)
    {
        return std::future_error(static_cast<std::future_errc>(archive.read<int>()));
    }
};

template <>
struct exception_parts<std::regex_error> {
    static void write(encoder& archive, const std::regex_error& e)
    {
        archive(static_cast<int>(e.code()));
    }
    static std::regex_error read(decoder& archive)
    {
        return std::regex_error(static_cast<std::regex_constants::error_type>(archive.read<int>()));
    }
};

template <>
struct exception_parts<timeout_error> {
    static void write(encoder& archive, const timeout_error& e)
    {
        archive(e.unfinished(), e.total(), std::string(e.what()));
    }
    static timeout_error read(decoder& archive)
    {
        const auto unfinished = archive.read<std::size_t>();
        const auto total = archive.read<std::size_t>();
        const auto what = archive.read<std::string>();
        return total != 0 ? timeout_error(unfinished, total) : timeout_error(what);
    }
};

template <>
struct exception_parts<remote_error> {
    static void write(encoder& archive, const remote_error& e)
    {
        archive(e.type_name(), std::string(e.what()));
    }
    static remote_error read(decoder& archive)
    {
        auto type = archive.read<std::string>();
        return {std::move(type), archive.read<std::string>()};
    }
};

template <>
struct exception_parts<worker_crashed> {
    static void write(encoder& archive, const worker_crashed& e)
    {
        archive(e.pid(), e.signal(), e.exit_status(), e.stderr_tail());
    }
    static worker_crashed read(decoder& archive)
    {
        worker_crashed::details how;
        archive(how.pid, how.signal, how.exit_status, how.stderr_tail);
        return worker_crashed(how);
    }
};

template <>
struct exception_parts<task_timed_out> {
    static void write(encoder& archive, const task_timed_out& e) { archive(e.limit(), e.pid()); }
    static task_timed_out read(decoder& archive)
    {
        const auto limit = archive.read<std::chrono::nanoseconds>();
        return {limit, archive.read<pid_t>()};
    }
};

template <>
struct exception_parts<memory_limit_exceeded> {
    static void write(encoder& archive, const memory_limit_exceeded& e)
    {
        archive(e.limit(), e.pid());
    }
    static memory_limit_exceeded read(decoder& archive)
    {
        const auto limit = archive.read<std::size_t>();
        return {limit, archive.read<pid_t>()};
    }
};

template <typename E>
concept has_parts = requires
{
    sizeof(exception_parts<E>);
};

/// For types whose objects are all alike.
template <typename E>
const exception_handler& handler_of_uniform()
{
    static const exception_handler handler{
        &typeid(E),
        nested_type_of<E>(),
        [](encoder&, const std::exception_ptr&) {},
        [](decoder&, const std::exception_ptr& cause, const std::string& what) {
            return finished(E(), cause, what);
        }};
    return handler;
}

/// For values that are thrown as they are.
template <typename T>
const exception_handler& handler_of_value()
{
    static const exception_handler handler{
        &typeid(T), nullptr, &write_exception_as<T>, &read_exception_as<T>};
    return handler;
}

template <typename E>
const exception_handler& standard_handler()
{
    if constexpr (has_parts<E>) {
        return handler_with_parts<E>();
    } else if constexpr (made_from_text<E>) {
        return exception_handler_of<E>();
    } else if constexpr (std::derived_from<E, std::exception>) {
        return handler_of_uniform<E>();
    } else {
        return handler_of_value<E>();
    }
}

struct known_handler {
    // Null where different types share a name, as those of unnamed namespaces may.
    const exception_handler* handler = nullptr;
    // The function that gave it, and its name, of one that the program registered.
    const void* source = nullptr;
    code_address place = {};
};

struct handler_table {
    std::mutex mutex;
    std::unordered_map<std::string, known_handler> by_name; // guarded by mutex
    std::vector<code_address> added;                        // guarded by mutex
    std::atomic<std::size_t> count{0}; // added.size(), published for the question "anything new?"

    template <typename... Es>
    void add_standard()
    {
        (add_standard_one<Es>(), ...);
    }

    template <typename E>
    void add_standard_one()
    {
        const exception_handler& handler = standard_handler<E>();
        add({&handler});
        if constexpr (std::derived_from<E, std::exception>) {
            // As it arrives where the worker's worker threw it.
            by_name[typeid(with_text<E>).name()] = {&handler};
            if (const std::type_info* const nested = nested_type_of<with_text<E>>()) {
                by_name[nested->name()] = {&handler};
            }
        }
    }

    void add(const known_handler& fresh)
    {
        for (const std::type_info* const type : {fresh.handler->type, fresh.handler->nested_type}) {
            if (type == nullptr) {
                continue;
            }
            known_handler& known = by_name.try_emplace(type->name(), fresh).first->second;
            if (!is_loaded(known)) {
                known = fresh;
            } else if (known.handler != nullptr && *known.handler->type != *fresh.handler->type) {
                known.handler = nullptr; // nothing could tell whose bytes they are
            }
        }
    }

    /// Whether the library that registered it is still there.
    static bool is_loaded(const known_handler& known)
    {
        return known.source == nullptr || loaded_code_at(known.place) == known.source;
    }

    handler_table()
    {
        add_standard<std::exception,
                     std::runtime_error,
                     std::range_error,
                     std::overflow_error,
                     std::underflow_error,
                     std::logic_error,
                     std::invalid_argument,
                     std::domain_error,
                     std::length_error,
                     std::out_of_range,
                     std::bad_alloc,
                     std::bad_array_new_length,
                     std::bad_cast,
                     std::bad_typeid,
                     std::bad_exception,
                     std::bad_any_cast,
                     std::bad_function_call,
                     std::bad_optional_access,
                     std::bad_variant_access,
                     std::bad_weak_ptr,
                     std::system_error,
                     std::ios_base::failure,
                     std::filesystem::filesystem_error,
                     std::future_error,
                     std::regex_error,
                     boost::system::system_error>();
        add_standard<error,
                     cancelled_error,
                     timeout_error,
                     invalid_state_error,
                     executor_shut_down,
                     deadlock_error,
                     broken_executor,
                     broken_process_pool,
                     codec_error,
                     function_not_found,
                     wrong_process,
                     remote_error,
                     worker_crashed,
                     task_timed_out,
                     memory_limit_exceeded>();
        add_standard<int, long, double, std::string>();
        // What streams throw in libstdc++, whose headers do not show it, and whatever Boost throws.
        by_name["St13__ios_failure"] = by_name[typeid(std::ios_base::failure).name()];
        by_name[typeid(boost::wrapexcept<boost::system::system_error>).name()] =
            by_name[typeid(boost::system::system_error).name()];
    }
};

handler_table& handlers()
{
    // As module_table: never destroyed, and in a forked process never left locked. That table comes first,
    // so that a fork takes its lock second, as find_handler does.
    static handler_table* const instance = [] {
        module_count();
        auto* const made = new handler_table;
        ::pthread_atfork([] { handlers().mutex.lock(); },
                         [] { handlers().mutex.unlock(); },
                         [] { handlers().mutex.unlock(); });
        return made;
    }();
    return *instance;
}

// Made while the program is loaded, and the table of modules with it: a process that is forked while
// another thread makes them would wait for that thread, which it does not have.
[[maybe_unused]] const handler_table& made_at_the_start = handlers();

const exception_handler* find_handler(const std::string& name)
{
    handler_table& table = handlers();
    const std::lock_guard lock(table.mutex);
    const auto found = table.by_name.find(name);
    return found != table.by_name.end() && handler_table::is_loaded(found->second)
               ? found->second.handler
               : nullptr;
}

struct exception_facts {
    const std::type_info* type = nullptr;
    std::string what;
    std::exception_ptr cause;
};

exception_facts facts_of(const std::exception_ptr& exception)
{
    exception_facts facts;
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        facts.type = &typeid(e);
        facts.what = text_of(e.what());
        if (const auto* nested = dynamic_cast<const std::nested_exception*>(&e)) {
            facts.cause = nested->nested_ptr();
        }
    } catch (const std::nested_exception& e) {
        facts.type = abi::__cxa_current_exception_type();
        facts.cause = e.nested_ptr();
    } catch (const char* text) {
        facts.type = &typeid(const char*);
        facts.what = text_of(text);
    } catch (...) {
        facts.type = abi::__cxa_current_exception_type();
    }
    return facts;
}

/// The name without the wrapper that std::throw_with_nested puts around a type.
std::string readable_name(const std::type_info* type)
{
    if (type == nullptr) {
        return "unknown exception";
    }
    std::string name = demangled(*type);
    constexpr std::string_view wrapper = "std::_Nested_exception<";
    if (name.starts_with(wrapper) && name.ends_with('>')) {
        name = name.substr(wrapper.size(), name.size() - wrapper.size() - 1);
        while (name.ends_with(' ')) {
            name.pop_back();
        }
    }
    return name;
}

// A chain of causes can be made as long as one likes; beyond this depth it is cut.
constexpr unsigned deepest_chain = 16;

void write_chain(encoder& archive, const std::exception_ptr& exception, unsigned depth)
{
    const exception_facts facts = facts_of(exception);
    const exception_handler* const handler =
        facts.type == nullptr ? nullptr : find_handler(facts.type->name());
    byte_buffer own;
    bool typed = false;
    if (handler != nullptr) {
        try {
            encoder inner(own);
            handler->write(inner, exception);
            typed = true;
        } catch (...) {
            // It cannot be encoded after all; type and text remain.
            own.clear();
        }
    }
    archive(std::string(typed ? handler->type->name() : ""), readable_name(facts.type), facts.what);
    archive.write_count(own.size());
    archive.write(own.data(), own.size());
    const bool caused = facts.cause != nullptr && depth < deepest_chain;
    archive(caused);
    if (caused) {
        write_chain(archive, facts.cause, depth + 1);
    }
}

std::exception_ptr read_chain(decoder& archive, unsigned depth)
{
    if (depth > deepest_chain) {
        throw codec_error("a chain of exceptions is longer than any that is sent");
    }
    const auto type = archive.read<std::string>();
    auto name = archive.read<std::string>();
    const auto what = archive.read<std::string>();
    const std::size_t size = archive.read_count(1);
    const std::byte* const bytes = archive.view(size);
    const std::exception_ptr cause =
        archive.read<bool>() ? read_chain(archive, depth + 1) : nullptr;

    if (const exception_handler* const handler = type.empty() ? nullptr : find_handler(type)) {
        try {
            // A copy, so that it is aligned for whatever is in it.
            byte_buffer own;
            own.append(bytes, size);
            decoder inner{std::span<const std::byte>(own)};
            return handler->read(inner, cause, what);
        } catch (...) {
            // Its decoder failed; type and text remain.
        }
    }
    return exception_with_cause(remote_error(std::move(name), what), cause);
}

} // namespace

void add_exception_handler(const exception_handler& (*handler)())
{
    const code_address place = locate_function(handler);
    handler_table& table = handlers();
    const std::lock_guard lock(table.mutex);
    table.add({&handler(), reinterpret_cast<const void*>(handler), place});
    table.added.push_back(place);
    table.count.store(table.added.size(), std::memory_order_release);
}

void write_exception(encoder& archive, const std::exception_ptr& exception)
{
    write_chain(archive, exception, 0);
}

std::exception_ptr read_exception(decoder& archive)
{
    return read_chain(archive, 0);
}

std::size_t handler_count() noexcept
{
    // Acquire: pairs with the release in add_exception_handler.
    return handlers().count.load(std::memory_order_acquire);
}

std::vector<code_address> handlers_after(std::size_t known)
{
    handler_table& table = handlers();
    const std::lock_guard lock(table.mutex);
    return {table.added.begin() + static_cast<std::ptrdiff_t>(std::min(known, table.added.size())),
            table.added.end()};
}

void learn_handler(code_address place)
{
    const auto handler = function_at<const exception_handler& (*)()>(place);
    handler_table& table = handlers();
    const std::lock_guard lock(table.mutex);
    table.add({&handler(), reinterpret_cast<const void*>(handler), place});
}

} // namespace detail

namespace {

std::string describe(const worker_crashed::details& how)
{
    std::string text = "the worker process " + std::to_string(how.pid);
    if (how.signal != 0) {
        const char* const name = ::sigabbrev_np(how.signal);
        text += " was ended by " + (name == nullptr ? "signal " + std::to_string(how.signal)
                                                    : "SIG" + std::string(name));
    } else {
        text += " exited with status " + std::to_string(how.exit_status);
    }
    text += " while it ran this task";
    if (!how.stderr_tail.empty()) {
        text += "; its last output: " + how.stderr_tail;
        while (text.ends_with('\n')) {
            text.pop_back();
        }
    }
    return text;
}

std::string seconds(std::chrono::nanoseconds time)
{
    std::string text = std::to_string(std::chrono::duration<double>(time).count());
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) {
        text.pop_back();
    }
    return text + " s";
}

} // namespace

worker_crashed::worker_crashed(details how)
    : worker_failure(describe(how), how.pid), how_(std::move(how))
{}

task_timed_out::task_timed_out(std::chrono::nanoseconds limit, pid_t pid)
    : worker_failure("the task was killed after its time limit of " + seconds(limit), pid),
      limit_(limit)
{}

memory_limit_exceeded::memory_limit_exceeded(std::size_t limit, pid_t pid)
    : worker_failure("the task wanted more memory than its worker's limit of " +
                         std::to_string(limit) + " bytes",
                     pid),
      limit_(limit)
{}

} // namespace cofutures
