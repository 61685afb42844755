// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "error_codes.hpp"

#include <cofutures/codec.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <ios>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cofutures::detail {

namespace {

/// What there is to know about a code of a category that only the sender has.
struct foreign_code {
    std::string category;
    int value = 0;
    std::string message;
    std::optional<int> condition; // the generic one that it is equivalent to
};

// Nobody deletes a category, so Boost's has no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

template <typename Code>
class stand_in final : public std::remove_cvref_t<decltype(std::declval<Code>().category())> {
public:
    using category = std::remove_cvref_t<decltype(std::declval<Code>().category())>;
    using condition = std::remove_cvref_t<decltype(std::declval<Code>().default_error_condition())>;

    stand_in(std::string name, const category& generic) : name_(std::move(name)), generic_(&generic)
    {}

    const char* name() const noexcept override { return name_.c_str(); }

    using category::message;
    std::string message(int value) const override
    {
        const std::lock_guard lock(mutex_);
        const auto found = codes_.find(value);
        return found == codes_.end() ? name_ + ' ' + std::to_string(value) : found->second.message;
    }

    condition default_error_condition(int value) const noexcept override
    {
        const std::lock_guard lock(mutex_);
        const auto found = codes_.find(value);
        if (found == codes_.end() || !found->second.condition) {
            return condition(value, *this);
        }
        return condition(*found->second.condition, *generic_);
    }

    /// Whether it stands in for exactly this code.
    bool holds(const foreign_code& code) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = codes_.find(code.value);
        return code.category == name_ && found != codes_.end() &&
               found->second.message == code.message && found->second.condition == code.condition;
    }

    /// Stands in for this code from now on, unless it does so for one that only has the same number.
    bool add(const foreign_code& code)
    {
        const std::lock_guard lock(mutex_);
        return code.category == name_ && codes_.try_emplace(code.value, code).second;
    }

private:
    std::string name_;
    const category* generic_;
    mutable std::mutex mutex_;
    std::map<int, foreign_code> codes_; // guarded by mutex_
};

#pragma GCC diagnostic pop

/// The categories that are in every program, the generic one first.
template <typename Code>
const auto& known_categories();

template <>
const auto& known_categories<std::error_code>()
{
    static const std::array<const std::error_category*, 4> list{&std::generic_category(),
                                                                &std::system_category(),
                                                                &std::iostream_category(),
                                                                &std::future_category()};
    return list;
}

template <>
const auto& known_categories<boost::system::error_code>()
{
    namespace errors = boost::asio::error;
    static const std::array<const boost::system::error_category*, 5> list{
        &boost::system::generic_category(),
        &boost::system::system_category(),
        &errors::get_misc_category(),
        &errors::get_netdb_category(),
        &errors::get_addrinfo_category()};
    return list;
}

constexpr std::uint8_t foreign = 255;

// Beyond these, codes of other categories make their exceptions arrive without a code.
constexpr std::size_t most_foreign_codes = 10'000;

/// A code whose category stands in for the sender's.
template <typename Code>
Code code_from(const foreign_code& code)
{
    static std::mutex mutex;
    // Never destroyed: a code may be kept by a static object.
    static auto* const categories = new std::vector<std::unique_ptr<stand_in<Code>>>;
    static std::size_t taken = 0;

    const std::lock_guard lock(mutex);
    for (const auto& category : *categories) {
        if (category->holds(code)) {
            return {code.value, *category};
        }
    }
    if (taken == most_foreign_codes) {
        throw codec_error("too many different error codes of categories that are not known here");
    }
    ++taken;
    for (const auto& category : *categories) {
        if (category->add(code)) {
            return {code.value, *category};
        }
    }
    categories->push_back(
        std::make_unique<stand_in<Code>>(code.category, *known_categories<Code>().front()));
    categories->back()->add(code);
    return {code.value, *categories->back()};
}

template <typename Code>
void write_any_code(encoder& archive, const Code& code)
{
    const auto& known = known_categories<Code>();
    const auto place = std::find_if(known.begin(), known.end(), [&](const auto* category) {
        return *category == code.category(); // not by name: anybody may choose the same
    });
    if (place != known.end()) {
        archive(static_cast<std::uint8_t>(place - known.begin()), code.value());
        return;
    }
    const char* const name = code.category().name();
    const auto condition = code.default_error_condition();
    archive(foreign,
            foreign_code{name == nullptr ? "" : name,
                         code.value(),
                         code.message(),
                         condition.category() == *known.front()
                             ? std::optional<int>(condition.value())
                             : std::nullopt});
}

template <typename Code>
Code read_any_code(decoder& archive)
{
    const auto place = archive.read<std::uint8_t>();
    if (place == foreign) {
        return code_from<Code>(archive.read<foreign_code>());
    }
    const auto& known = known_categories<Code>();
    if (place >= known.size()) {
        throw codec_error("there is no such category of error codes");
    }
    return {archive.read<int>(), *known[place]};
}

} // namespace

void write_code(encoder& archive, const std::error_code& code)
{
    write_any_code(archive, code);
}

void write_code(encoder& archive, const boost::system::error_code& code)
{
    write_any_code(archive, code);
}

std::error_code read_std_code(decoder& archive)
{
    return read_any_code<std::error_code>(archive);
}

boost::system::error_code read_boost_code(decoder& archive)
{
    return read_any_code<boost::system::error_code>(archive);
}

} // namespace cofutures::detail
