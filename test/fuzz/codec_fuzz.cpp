// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: one byte that chooses a type, then the bytes that claim to be such a value.

#include <cofutures/codec.hpp>
#include <cofutures/process/exceptions.hpp>

#include "fuzz_target.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <complex>
#include <cstring>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace cf = cofutures;

namespace {

enum class colour : unsigned char { red, green };

struct tree {
    int value = 0;
    std::vector<tree> children;
};

struct nothing_at_all {};

struct fat_tree {
    std::array<char, 5'000> bark{};
    std::vector<fat_tree> children;
};

enum class answer : bool { no, yes };

struct reversible {
    bool reversed = false;
    bool operator()(short a, short b) const { return reversed ? b < a : a < b; }
};

struct modulo {
    unsigned char divisor = 1;
    std::size_t operator()(unsigned value) const { return divisor == 0 ? 0 : value % divisor; }
};

struct nested {
    bool flag = false;
    colour hue = colour::red;
    std::string text;
    std::vector<bool> bits;
    std::vector<std::string> words;
    std::array<short, 3> triple{};
    std::optional<std::string> maybe;
    std::variant<std::monostate, int, std::string> either;
    std::pair<int, std::string> pair;
    std::chrono::nanoseconds duration{};
    std::complex<double> z;
};

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// What decodes must encode to bytes that mean the same.
template <typename T>
void check(std::string_view text)
{
    try {
        const T value = cf::decode<T>(bytes_of(text));
        const cf::byte_buffer once = cf::encode(value);
        const cf::byte_buffer twice = cf::encode(cf::decode<T>(once));
        fuzz::require(equal(once, twice), "a decoded value is encoded the same way twice");
    } catch (const cf::codec_error&) {
    }
}

// The order of an unordered container may change on the way; its elements may not.
template <typename T>
void check_hashed(std::string_view text)
{
    try {
        const auto value = cf::decode<T>(bytes_of(text));
        fuzz::require(cf::decode<T>(cf::encode(value)) == value, "a hash table comes back whole");
    } catch (const cf::codec_error&) {
    }
}

// Whatever an exception offers can be used, and it can be sent on.
void use(const std::exception_ptr& exception)
{
    cf::byte_buffer bytes;
    cf::encoder archive(bytes);
    cf::detail::write_exception(archive, exception);
    try {
        std::rethrow_exception(exception);
    } catch (const std::system_error& e) {
        fuzz::require(e.code().category().name() != nullptr && e.what() != nullptr &&
                          e.code().default_error_condition() == e.code().default_error_condition(),
                      "an error code is whole");
        static_cast<void>(e.code().message());
    } catch (const std::exception& e) {
        fuzz::require(e.what() != nullptr, "an exception has a text");
    } catch (...) {
    }
}

void check_exception(std::string_view text)
{
    cf::decoder archive(bytes_of(text));
    try {
        const std::exception_ptr read = cf::detail::read_exception(archive);
        fuzz::require(read != nullptr, "what is read is an exception");
        use(read);
    } catch (const cf::codec_error&) {
    }
}

using checker = void (*)(std::string_view);

constexpr checker checkers[] = {
    check<int>,
    check<std::string>,
    check<std::vector<std::string>>,
    check<std::vector<bool>>,
    check<std::map<std::string, std::vector<int>>>,
    check<std::multimap<int, std::optional<std::string>>>,
    check<std::set<std::u16string>>,
    check<std::variant<std::monostate, int, std::string, std::vector<double>>>,
    check<std::deque<std::list<std::pair<short, std::string>>>>,
    check<tree>,
    check<nested>,
    check<std::vector<nested>>,
    check<std::vector<nothing_at_all>>,
    check<std::vector<std::vector<nothing_at_all>>>,
    check<std::unique_ptr<std::filesystem::path>>,
    check_hashed<std::unordered_map<std::string, std::vector<int>>>,
    check_exception,
    check<fat_tree>,
    check<std::vector<answer>>,
    check<std::multiset<short, reversible>>,
    check_hashed<std::unordered_set<unsigned, modulo>>,
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 0) {
        // Letters, so that the corpus is text where the types are.
        const std::size_t choice = (data[0] - std::size_t{'a'}) % std::size(checkers);
        checkers[choice](fuzz::text_of(data + 1, size - 1));
    }
    return 0;
}
