// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "netrc.hpp"

#include "token.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace cofutures::http::detail {

namespace {

constexpr std::string_view blanks = " \t\r\n";

// Words, of which those in quotes may contain blanks.
class word_reader {
public:
    explicit word_reader(std::string_view text) : rest_(text) {}

    // The next keyword; nothing at the end.
    std::optional<std::string> next()
    {
        skip_blanks();
        while (rest_.starts_with('#')) {
            skip(std::min(rest_.find('\n'), rest_.size()));
            skip_blanks();
        }
        return word();
    }

    // A comment cannot stand here, but a password may begin with #.
    std::string value_of(const std::string& keyword)
    {
        skip_blanks();
        auto value = word();
        if (!value) {
            fail("a value after '" + keyword + "', got the end");
        }
        return *std::move(value);
    }

    // A macro ends with the first empty line.
    void skip_macro()
    {
        const std::size_t end = std::min(rest_.find("\n\n"), rest_.find("\n\r\n"));
        skip(std::min(end, rest_.size()));
    }

    [[noreturn]] void fail(const std::string& expected) const
    {
        throw std::invalid_argument("line " + std::to_string(line_) + ": expected " + expected);
    }

private:
    void skip(std::size_t size)
    {
        line_ += std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size), '\n');
        rest_.remove_prefix(size);
    }

    void skip_blanks() { skip(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

    std::optional<std::string> word()
    {
        if (rest_.empty()) {
            return std::nullopt;
        }
        return rest_.front() == '"' ? quoted() : plain();
    }

    std::string plain()
    {
        const std::size_t size = std::min(rest_.find_first_of(blanks), rest_.size());
        std::string word(rest_.substr(0, size));
        skip(size);
        return word;
    }

    std::string quoted()
    {
        std::string word;
        for (std::size_t i = 1; i < rest_.size() && rest_[i] != '\n'; ++i) {
            if (rest_[i] == '"') {
                skip(i + 1);
                return word;
            }
            if (rest_[i] == '\\' && i + 1 < rest_.size()) {
                ++i;
            }
            word += rest_[i];
        }
        fail("a closing quotation mark");
    }

    std::string_view rest_;
    std::ptrdiff_t line_ = 1;
};

} // namespace

netrc netrc::parse(std::string_view text)
{
    // Here rather than in find(), where nobody knows the line any more.
    const auto require_usable = [](const entry& last, const word_reader& words) {
        try {
            credentials::basic(last.login, last.password);
        } catch (const std::invalid_argument&) {
            words.fail("a login without colon, and no control character in it or the password");
        }
    };
    netrc result;
    word_reader words(text);
    while (const auto keyword = words.next()) {
        if (*keyword == "machine") {
            result.entries_.push_back({.machine = words.value_of(*keyword)});
            if (result.entries_.back().machine.empty()) { // which would be any host
                words.fail("a host after 'machine', got nothing in quotation marks");
            }
        } else if (*keyword == "default") {
            result.entries_.push_back({.machine = {}});
        } else if (*keyword == "macdef") {
            words.skip_macro();
        } else if (*keyword != "login" && *keyword != "password" && *keyword != "account") {
            // Not shown: it may be a part of a password that contains a blank.
            words.fail("machine, default, login, password, account or macdef");
        } else if (result.entries_.empty()) {
            words.fail("machine or default before '" + *keyword + "'");
        } else if (*keyword == "login") {
            result.entries_.back().login = words.value_of(*keyword);
            require_usable(result.entries_.back(), words);
        } else if (*keyword == "password") {
            result.entries_.back().password = words.value_of(*keyword);
            require_usable(result.entries_.back(), words);
        } else {
            words.value_of(*keyword); // of FTP, and of no use here
        }
    }
    return result;
}

netrc netrc::load(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file.is_open()) {
        throw std::system_error(
            errno, std::system_category(), "cofutures: cannot read '" + path.string() + "'");
    }
    const std::string text(std::istreambuf_iterator<char>(file), {});
    try {
        return parse(text);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("cofutures: '" + path.string() + "', " + error.what());
    }
}

std::optional<credentials> netrc::find(std::string_view host) const
{
    const auto found = std::find_if(entries_.begin(), entries_.end(), [host](const entry& each) {
        return each.machine.empty() || equal_ignoring_case(each.machine, host);
    });
    if (found == entries_.end()) {
        return std::nullopt;
    }
    return credentials::basic(found->login, found->password);
}

} // namespace cofutures::http::detail
