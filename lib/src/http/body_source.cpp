// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "body_source.hpp"

#include <cofutures/http/error.hpp>

#include "../standard_descriptors.hpp"
#include "download_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::http {

request_body request_body::from_file(std::filesystem::path path)
{
    request_body body;
    body.content_ = std::move(path);
    return body;
}

request_body request_body::from_generator(generator next, std::optional<std::uint64_t> length)
{
    if (!next) {
        throw std::invalid_argument("cofutures: the body of a request needs a generator, got none");
    }
    auto shared = std::make_shared<detail::generated_body>();
    shared->next = std::move(next);
    shared->length = length;
    request_body body;
    body.content_ = std::move(shared);
    return body;
}

bool request_body::empty() const noexcept
{
    return bytes() != nullptr && bytes()->empty();
}

bool request_body::can_be_sent() const noexcept
{
    const auto* const generated = std::get_if<std::shared_ptr<detail::generated_body>>(&content_);
    return generated == nullptr || !(*generated)->taken.load(std::memory_order_relaxed);
}

namespace detail {

namespace {

class memory_source final : public body_source {
public:
    explicit memory_source(std::string_view bytes) : bytes_(bytes) {}

    std::optional<std::uint64_t> length() const noexcept override { return bytes_.size(); }

    std::string_view next() override
    {
        done_ = true;
        return bytes_;
    }

    bool done() const noexcept override { return done_ || bytes_.empty(); }

private:
    std::string_view bytes_;
    bool done_ = false;
};

class file_source final : public body_source {
public:
    // Not to hang on a pipe that nobody writes to: O_NONBLOCK has no effect on regular files.
    explicit file_source(const std::filesystem::path& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    {
        if (descriptor_ < 0) {
            throw file_error({errno, std::system_category()}, "open");
        }
        struct stat status {};
        std::error_code problem;
        if (::fstat(descriptor_, &status) != 0) {
            problem = {errno, std::system_category()};
        } else if (S_ISDIR(status.st_mode)) {
            problem = std::make_error_code(std::errc::is_a_directory);
        } else if (!S_ISREG(status.st_mode)) {
            problem = std::make_error_code(std::errc::invalid_seek); // a pipe, a terminal
        }
        if (problem) {
            ::close(descriptor_);
            throw file_error(problem, "send");
        }
        length_ = static_cast<std::uint64_t>(status.st_size);
        left_ = length_;
    }

    ~file_source() override { ::close(descriptor_); }

    std::optional<std::uint64_t> length() const noexcept override { return length_; }

    std::string_view next() override
    {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, block_size));
        block_.resize(std::max(block_.size(), wanted));
        ssize_t size = 0;
        do {
            size = ::read(descriptor_, block_.data(), wanted);
        } while (size < 0 && errno == EINTR);
        if (size < 0) {
            throw file_error({errno, std::system_category()}, "read");
        }
        if (size == 0) {
            throw file_error(make_error_code(errc::wrong_body_length), "send");
        }
        left_ -= static_cast<std::uint64_t>(size);
        return {block_.data(), static_cast<std::size_t>(size)};
    }

    bool done() const noexcept override { return left_ == 0; }

private:
    static constexpr std::size_t block_size = 256 * 1024;

    int descriptor_;
    std::uint64_t length_ = 0;
    std::uint64_t left_ = 0;
    std::string block_;
};

class generator_source : public body_source {
public:
    bool done() const noexcept override { return done_; }

protected:
    explicit generator_source(std::shared_ptr<generated_body> generated)
        : generated_(std::move(generated))
    {}

    std::optional<std::string> produce()
    {
        if (!begun_ && generated_->taken.exchange(true, std::memory_order_relaxed)) {
            throw std::system_error(make_error_code(errc::invalid_request),
                                    "two requests want the same generator for a body");
        }
        begun_ = true;
        try {
            return generated_->next();
        } catch (...) {
            throw generator_failure{std::current_exception()};
        }
    }

    const std::shared_ptr<generated_body> generated_;
    bool done_ = false;

private:
    bool begun_ = false;
};

// Keeps the last piece back until it has been seen that nothing follows: what is too long thus
// never looks like a whole request to the server.
class measured_source final : public generator_source {
public:
    explicit measured_source(std::shared_ptr<generated_body> generated)
        : generator_source(std::move(generated)), left_(*generated_->length)
    {}

    std::optional<std::uint64_t> length() const noexcept override { return generated_->length; }

    std::string_view next() override
    {
        std::optional<std::string> more = produce();
        if (!more) {
            if (left_ > 0) {
                fail("only " + std::to_string(*length() - left_) + " of ");
            }
            done_ = true;
            return piece_;
        }
        if (more->size() > left_) {
            fail("more than ");
        }
        if (more->empty()) {
            return {};
        }
        left_ -= more->size();
        piece_ = std::move(*more);
        return left_ == 0 ? std::string_view() : piece_;
    }

private:
    [[noreturn]] void fail(const std::string& how_much) const
    {
        throw std::system_error(make_error_code(errc::wrong_body_length),
                                how_much + std::to_string(*length()) + " bytes");
    }

    std::uint64_t left_;
    std::string piece_;
};

class chunked_source final : public generator_source {
public:
    explicit chunked_source(std::shared_ptr<generated_body> generated)
        : generator_source(std::move(generated))
    {}

    std::optional<std::uint64_t> length() const noexcept override { return std::nullopt; }

    std::string_view next() override
    {
        const std::optional<std::string> piece = produce();
        if (!piece) {
            done_ = true;
            return "0\r\n\r\n";
        }
        if (piece->empty()) {
            return {}; // an empty chunk would end the body
        }
        char size[24];
        const int digits = std::snprintf(size, sizeof size, "%zx\r\n", piece->size());
        chunk_.assign(size, static_cast<std::size_t>(digits));
        chunk_.append(*piece).append("\r\n");
        return chunk_;
    }

private:
    std::string chunk_;
};

} // namespace

body_source::place body_source::place_of(const request_body& body) noexcept
{
    if (body.bytes() != nullptr) {
        return place::anywhere;
    }
    return body.file() != nullptr ? place::files : place::generators;
}

std::unique_ptr<body_source> body_source::open(const request_body& body)
{
    if (const std::string* const bytes = body.bytes()) {
        return std::make_unique<memory_source>(*bytes);
    }
    if (const auto* const path = body.file()) {
        cofutures::detail::occupy_standard_descriptors();
        return std::make_unique<file_source>(*path);
    }
    const auto& generated = std::get<std::shared_ptr<generated_body>>(body.content_);
    if (generated->length) {
        return std::make_unique<measured_source>(generated);
    }
    return std::make_unique<chunked_source>(generated);
}

} // namespace detail

} // namespace cofutures::http
