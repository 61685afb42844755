// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http_date.hpp"

#include <array>
#include <charconv>

namespace cofutures::http::detail {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Takes a date apart from left to right; once something does not fit, nothing fits any more.
class reader {
public:
    explicit reader(std::string_view text) : rest_(text) {}

    void skip(std::string_view expected)
    {
        good_ = good_ && rest_.starts_with(expected);
        rest_.remove_prefix(good_ ? expected.size() : 0);
    }

    // Exactly so many digits; with `padded`, the first may be a blank.
    int number(std::size_t digits, bool padded = false)
    {
        if (padded && rest_.starts_with(' ')) {
            skip(" ");
            --digits;
        }
        int value = 0;
        if (rest_.size() < digits) {
            good_ = false;
        }
        if (good_) {
            const char* const end = rest_.data() + digits;
            const auto [stop, ec] = std::from_chars(rest_.data(), end, value);
            good_ = ec == std::errc() && stop == end && rest_.front() != '-';
            rest_.remove_prefix(digits);
        }
        return value;
    }

    month month_name()
    {
        for (unsigned i = 0; i < months.size(); ++i) {
            if (good_ && rest_.starts_with(months[i])) {
                skip(months[i]);
                return month(i + 1);
            }
        }
        good_ = false;
        return month(0);
    }

    seconds time_of_day()
    {
        const int h = number(2);
        skip(":");
        const int m = number(2);
        skip(":");
        const int s = number(2);
        good_ = good_ && h < 24 && m < 60 && s <= 60; // 60 is a leap second
        return hours(h) + minutes(m) + seconds(s);
    }

    bool complete() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

int full_year(int last_digits, system_clock::time_point now)
{
    const int this_year = static_cast<int>(year_month_day(floor<std::chrono::days>(now)).year());
    int candidate = this_year - this_year % 100 + last_digits;
    if (candidate > this_year + 50) {
        candidate -= 100;
    }
    return candidate;
}

std::optional<sys_seconds> assembled(const reader& end, int y, month m, int d, seconds time)
{
    const year_month_day date(year(y), m, day(static_cast<unsigned>(d)));
    if (!end.complete() || !date.ok()) {
        return std::nullopt;
    }
    return sys_days(date) + time;
}

} // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text, system_clock::time_point now)
{
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) { // Sun Nov  6 08:49:37 1994
        reader in(text.substr(std::min<std::size_t>(text.size(), 3)));
        in.skip(" ");
        const month m = in.month_name();
        in.skip(" ");
        const int d = in.number(2, true);
        in.skip(" ");
        const seconds time = in.time_of_day();
        in.skip(" ");
        const int y = in.number(4);
        return assembled(in, y, m, d, time);
    }
    const bool long_ago = comma > 3; // Sunday, 06-Nov-94 08:49:37 GMT
    const std::string_view separator = long_ago ? "-" : " ";
    reader in(text.substr(comma));
    in.skip(", ");
    const int d = in.number(2);
    in.skip(separator);
    const month m = in.month_name();
    in.skip(separator);
    const int y = long_ago ? full_year(in.number(2), now) : in.number(4);
    in.skip(" ");
    const seconds time = in.time_of_day();
    in.skip(" GMT");
    return assembled(in, y, m, d, time);
}

std::string format_http_date(sys_seconds time)
{
    const sys_days midnight = floor<std::chrono::days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(time - midnight);
    const auto padded = [](long value, std::size_t digits) {
        std::string text = std::to_string(value);
        return std::string(digits - std::min(digits, text.size()), '0') + text;
    };
    std::string text(days[weekday(midnight).c_encoding()]);
    text += ", " + padded(static_cast<unsigned>(date.day()), 2) + " ";
    text += months[static_cast<unsigned>(date.month()) - 1];
    text += " " + padded(static_cast<int>(date.year()), 4) + " ";
    text += padded(clock.hours().count(), 2) + ":" + padded(clock.minutes().count(), 2) + ":" +
            padded(clock.seconds().count(), 2) + " GMT";
    return text;
}

} // namespace cofutures::http::detail
