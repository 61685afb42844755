// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "response_parser.hpp"

#include "token.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace cofutures::http::detail {

namespace {

namespace beast = boost::beast;

// Finds the end of a header whose lines may end in a bare LF, as RFC 9112, section 2.2, permits to
// accept; and lines that go on in the next one, which section 5.2 has abolished.
class header_scanner {
public:
    // One past the empty line; nothing while that has not arrived. `bytes` begin where they did the
    // time before.
    std::optional<std::size_t> end(std::string_view bytes)
    {
        for (;;) {
            const std::size_t found = bytes.find('\n', searched_);
            if (found == std::string_view::npos) {
                searched_ = bytes.size();
                return std::nullopt;
            }
            const std::string_view line = bytes.substr(line_begin_, found - line_begin_);
            any_folded_ = any_folded_ || line.starts_with(' ') || line.starts_with('\t');
            line_begin_ = found + 1;
            searched_ = line_begin_;
            any_bare_ = any_bare_ || !line.ends_with('\r');
            if (line.empty() || line == "\r") {
                return line_begin_;
            }
        }
    }

    bool any_bare() const { return any_bare_; }
    bool any_folded() const { return any_folded_; }

private:
    std::size_t line_begin_ = 0;
    std::size_t searched_ = 0; // else a header that comes byte by byte takes quadratic time
    bool any_bare_ = false;
    bool any_folded_ = false;
};

// What Beast takes for the ends of lines.
std::string with_full_line_ends(std::string_view header)
{
    std::string full;
    for (const char c : header) {
        if (c == '\n' && !full.ends_with('\r')) {
            full += '\r';
        }
        full += c;
    }
    return full;
}

// Beast 1.90 asks for a function that 1.83 does not know. It cannot say `override`, and so needs a
// class where no other does: Clang warns of the one among the many.
class trailer_dropper : public beast::http::basic_parser<false> {
protected:
    void on_trailer_field_impl(beast::http::field,
                               beast::string_view,
                               beast::string_view,
                               beast::error_code&)
    {}
};

// Collects one message, which may be an interim one. Beast calls back; nothing here blocks or
// waits.
class message_parser final : public trailer_dropper {
public:
    message_parser(response_head& head, body_receiver& receiver) : head_(head), receiver_(receiver)
    {}

    bool interim() const { return is_header_done() && head_.status / 100 == 1; }

    /// What the receiver threw: it must not unwind through Beast, whose state would then be
    /// undefined.
    std::exception_ptr failure;

private:
    void on_request_impl(
        beast::http::verb, beast::string_view, beast::string_view, int, beast::error_code&) override
    {}

    void on_response_impl(int code, beast::string_view reason, int, beast::error_code& ec) override
    {
        if (code < 100) {
            ec = beast::http::error::bad_status; // Beast is content with any three digits
        }
        head_.status = code;
        head_.reason.assign(reason.data(), reason.size());
        head_.headers = {};
    }

    void on_field_impl(beast::http::field,
                       beast::string_view name,
                       beast::string_view value,
                       beast::error_code& ec) override
    {
        if (header_complete_) {
            return; // a trailer, which Beast before 1.90 brings here
        }
        try {
            head_.headers.add(std::string(name), std::string(value));
        } catch (const std::invalid_argument&) {
            ec = beast::http::error::bad_value;
        }
    }

    void on_header_impl(beast::error_code&) override { header_complete_ = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

    std::size_t on_body_impl(beast::string_view bytes, beast::error_code& ec) override
    {
        try {
            receiver_.append({bytes.data(), bytes.size()});
        } catch (...) {
            failure = std::current_exception();
            ec = beast::http::error::
                body_limit; // any code stops Beast; `failure` is looked at first
        }
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

    std::size_t
    on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code& ec) override
    {
        return on_body_impl(bytes, ec);
    }

    void on_finish_impl(beast::error_code&) override {}

    response_head& head_;
    body_receiver& receiver_;
    bool header_complete_ = false;
};

std::system_error translated(const beast::error_code& ec)
{
    using error = beast::http::error;
    if (ec == error::header_limit || ec == error::buffer_overflow) {
        return std::system_error(make_error_code(errc::header_too_large));
    }
    if (ec == error::body_limit) {
        return std::system_error(make_error_code(errc::body_too_large));
    }
    if (ec == error::partial_message) {
        return std::system_error(make_error_code(errc::body_truncated));
    }
    return std::system_error(make_error_code(errc::bad_response), ec.message());
}

} // namespace

struct response_parser::impl {
    impl(bool head_only, std::uint64_t limit, body_receiver& body)
        : answers_head(head_only), max_body(limit), receiver(body)
    {
        restart();
    }

    // Every message, interim or final, needs a parser of its own.
    void restart()
    {
        parser.emplace(head, receiver);
        parser->header_limit(static_cast<std::uint32_t>(max_header));
        parser->body_limit(max_body);
        // With eager off, put() returns after the header, where an interim response must be
        // recognised.
        parser->eager(false);
        parser->skip(answers_head);
        scanner = {};
    }

    // Offers what there is once; returns whether anything can still be done with the rest.
    bool step(std::string_view& bytes)
    {
        // Beast 1.83 asserts that a last chunk it could not finish is offered again with at least
        // five bytes. A chunked message never ends within fewer, so waiting for them costs nothing.
        const bool chunked = parser->is_header_done() && parser->chunked();
        if (bytes.empty() || parser->is_done() || (chunked && bytes.size() < 5)) {
            return false;
        }
        beast::error_code ec;
        if (parser->is_header_done()) {
            bytes.remove_prefix(parser->put({bytes.data(), bytes.size()}, ec));
        } else if (!put_header(bytes, ec)) {
            return false;
        }
        if (parser->failure) {
            std::rethrow_exception(parser->failure);
        }
        if (ec && ec != beast::http::error::need_more) {
            throw translated(ec);
        }
        if (!parser->is_header_done()) {
            throw std::system_error(make_error_code(errc::bad_response), "no header");
        }
        if (parser->interim()) {
            // 101 would hand the connection to another protocol, which was never asked for.
            if (head.status == 101 || ++interim_count > max_interim) {
                throw std::system_error(make_error_code(errc::bad_response),
                                        "unexpected interim response " +
                                            std::to_string(head.status));
            }
            told_to_continue = told_to_continue || head.status == 100;
            restart();
            return true;
        }
        if (!begun) {
            begun = true;
            begin();
        }
        if (ec == beast::http::error::need_more) {
            // Only an endless chunk extension or trailer collects here; body bytes are always
            // taken.
            if (bytes.size() > max_header) {
                throw std::system_error(make_error_code(errc::header_too_large));
            }
            return false;
        }
        return true;
    }

    // Offers the header once it is complete; false until then.
    bool put_header(std::string_view& bytes, beast::error_code& ec)
    {
        const auto end = scanner.end(bytes);
        if (!end) {
            if (bytes.size() > max_header) {
                throw std::system_error(make_error_code(errc::header_too_large));
            }
            return false;
        }
        if (scanner.any_folded()) {
            // Some read it as one line, some as two: a header that others do not see.
            throw std::system_error(make_error_code(errc::bad_response), "folded header line");
        }
        if (scanner.any_bare()) {
            const std::string header = with_full_line_ends(bytes.substr(0, *end));
            parser->put({header.data(), header.size()}, ec);
        } else {
            parser->put({bytes.data(), *end}, ec);
        }
        bytes.remove_prefix(*end);
        return true;
    }

    void begin()
    {
        // Both lengths at once, or a coding that we do not know: where one message ends and the
        // next begins is then a matter of opinion, which is how requests are smuggled.
        const auto coding = head.headers.get("Transfer-Encoding");
        if (coding &&
            (!equal_ignoring_case(*coding, "chunked") || head.headers.contains("Content-Length"))) {
            throw std::system_error(make_error_code(errc::bad_response),
                                    "ambiguous length of the body");
        }
        std::optional<std::uint64_t> length;
        if (const auto announced = parser->content_length(); announced && !answers_head) {
            length = *announced;
            if (*length > max_body) {
                throw std::system_error(make_error_code(errc::body_too_large));
            }
        }
        receiver.begin(head, length);
    }

    static constexpr int max_interim = 16;

    bool answers_head;
    std::uint64_t max_body;
    body_receiver& receiver;
    int interim_count = 0;
    response_head head;
    header_scanner scanner;
    std::optional<message_parser> parser;
    std::string buffer; // what could not be used yet
    bool started = false;
    bool told_to_continue = false;
    bool begun = false;
    bool ended = false;
};

response_parser::response_parser(bool answers_head, std::uint64_t max_body, body_receiver& receiver)
    : impl_(std::make_unique<impl>(answers_head, max_body, receiver))
{}

response_parser::~response_parser() = default;

void response_parser::feed(std::string_view bytes)
{
    impl_->started = impl_->started || !bytes.empty();
    // Most of a body is never copied here: it goes to the receiver from where it was read.
    std::string& left = impl_->buffer;
    const bool joined = !left.empty();
    if (joined) {
        left.append(bytes);
        bytes = left;
    }
    while (impl_->step(bytes)) {
    }
    if (joined) {
        left.erase(0, left.size() - bytes.size());
    } else {
        left.assign(bytes);
    }
}

void response_parser::feed_end(bool orderly)
{
    impl_->ended = true;
    if (done()) {
        return;
    }
    if (!impl_->parser->is_header_done()) {
        throw std::system_error(make_error_code(errc::connection_closed));
    }
    if (!orderly) {
        throw std::system_error(make_error_code(errc::body_truncated));
    }
    beast::error_code ec;
    impl_->parser->put_eof(ec);
    if (ec) {
        throw translated(ec);
    }
}

bool response_parser::done() const noexcept
{
    return impl_->begun && impl_->parser->is_done();
}

bool response_parser::told_to_continue() const noexcept
{
    return impl_->told_to_continue;
}

bool response_parser::has_head() const noexcept
{
    return impl_->begun;
}

bool response_parser::started() const noexcept
{
    return impl_->started;
}

bool response_parser::keep_alive() const noexcept
{
    // Bytes after the end are an answer to a question nobody asked; the connection is out of step.
    return done() && !impl_->ended && impl_->buffer.empty() && impl_->parser->keep_alive();
}

response_head& response_parser::head() noexcept
{
    return impl_->head;
}

} // namespace cofutures::http::detail
