// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "response_parser.hpp"

#include "token.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>

namespace cofutures::http::detail {

namespace {

namespace beast = boost::beast;

[[noreturn]] void refuse(const char* why)
{
    throw std::system_error(make_error_code(errc::bad_response), why);
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Whether text can be, or be the beginning of, "HTTP/1.1 200".
bool may_become_status_line(std::string_view text)
{
    constexpr std::string_view form = "HTTP/0.0 000"; // 0 stands for any digit
    text = text.substr(0, form.size());
    return std::equal(text.begin(), text.end(), form.begin(), [](char c, char wanted) {
        return wanted == '0' ? is_digit(c) : c == wanted;
    });
}

// Finds the end of a header whose lines may end in a bare LF, as RFC 9112, section 2.2, permits to
// accept, and refuses lines that no header has, each as it comes.
class header_scanner {
public:
    // One past the empty line; nothing while that has not arrived. `bytes` begin where they did the
    // time before.
    std::optional<std::size_t> end(std::string_view bytes)
    {
        if (line_begin_ == 0 && !may_become_status_line(bytes)) {
            refuse("no status line");
        }
        for (;;) {
            const std::size_t found = bytes.find('\n', searched_);
            if (found == std::string_view::npos) {
                searched_ = bytes.size();
                return std::nullopt;
            }
            if (found >= response_parser::max_header) {
                throw std::system_error(make_error_code(errc::header_too_large));
            }
            std::string_view line = bytes.substr(line_begin_, found - line_begin_);
            const bool first = line_begin_ == 0;
            line_begin_ = found + 1;
            searched_ = line_begin_;
            if (line.ends_with('\r')) {
                line.remove_suffix(1);
            } else {
                any_bare_ = true;
            }
            if (line.empty()) {
                return line_begin_;
            }
            if (!first) {
                require_field(line);
            }
        }
    }

    bool any_bare() const { return any_bare_; }

private:
    static void require_field(std::string_view line)
    {
        if (line.front() == ' ' || line.front() == '\t') {
            // Section 5.2 has abolished lines that go on in the next one. Some read it as one line,
            // some as two: a header that others do not see.
            refuse("folded header line");
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
            !is_field_value(line.substr(colon))) {
            refuse("a line that is no header field");
        }
    }

    std::size_t line_begin_ = 0;
    std::size_t searched_ = 0; // else a header that comes byte by byte takes quadratic time
    bool any_bare_ = false;
};

// Refuses what stands where the size of a chunk is due, and cannot become one. Beast waits for a line
// to end as it should, however much comes that does not.
class chunk_scanner {
public:
    // `rest` begins where it did the time before, and ends before the chunk does. `after_chunk`: the
    // line end of the one before is still due.
    void check(std::string_view rest, bool after_chunk)
    {
        constexpr std::size_t most_digits = 16;
        std::size_t at = 0;
        if (after_chunk) {
            if (!std::string_view("\r\n").starts_with(rest.substr(0, 2))) {
                refuse("no end of a chunk");
            }
            at = std::min<std::size_t>(2, rest.size());
        }
        const std::string_view line = rest.substr(at, most_digits + 1);
        const std::size_t digits = line.find_first_not_of("0123456789abcdefABCDEF");
        if (digits == 0 || (digits == std::string_view::npos && line.size() > most_digits) ||
            (digits != std::string_view::npos &&
             std::string_view("; \t\r").find(line[digits]) == std::string_view::npos)) {
            refuse("no size of a chunk");
        }
        for (at = std::max(at, checked_); at < rest.size(); ++at) {
            const bool after_cr = at > 0 && rest[at - 1] == '\r';
            if (after_cr != (rest[at] == '\n')) {
                refuse("a line of a chunk that does not end in CR LF");
            }
        }
        checked_ = rest.size(); // else a line that comes byte by byte takes quadratic time
    }

private:
    std::size_t checked_ = 0;
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
    message_parser(response_head& head, body_receiver& receiver, std::uint64_t max_body)
        : head_(head), receiver_(receiver), room_(max_body)
    {}

    bool interim() const { return is_header_done() && head_.status / 100 == 1; }

    // Whether the line end behind a chunk may still be due.
    bool any_chunk() const { return any_chunk_; }

    std::uint64_t left_in_chunk() const { return left_in_chunk_; }

    void lift_limit() { room_ = std::numeric_limits<std::uint64_t>::max(); }

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
        if (bytes.size() > room_) {
            ec = beast::http::error::body_limit;
            return 0;
        }
        room_ -= bytes.size();
        try {
            receiver_.append({bytes.data(), bytes.size()});
        } catch (...) {
            failure = std::current_exception();
            ec = beast::http::error::
                body_limit; // any code stops Beast; `failure` is looked at first
        }
        return bytes.size();
    }

    void
    on_chunk_header_impl(std::uint64_t size, beast::string_view, beast::error_code& ec) override
    {
        any_chunk_ = true;
        left_in_chunk_ = size;
        if (size > room_) {
            ec = beast::http::error::body_limit;
        }
    }

    std::size_t
    on_chunk_body_impl(std::uint64_t left, beast::string_view bytes, beast::error_code& ec) override
    {
        left_in_chunk_ = left - bytes.size();
        return on_body_impl(bytes, ec);
    }

    void on_finish_impl(beast::error_code&) override {}

    response_head& head_;
    body_receiver& receiver_;
    std::uint64_t room_; // what the body may still bring
    bool header_complete_ = false;
    bool any_chunk_ = false;
    std::uint64_t left_in_chunk_ = 0;
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
        parser.emplace(head, receiver, max_body);
        parser->header_limit(static_cast<std::uint32_t>(max_header));
        parser->body_limit(boost::none); // which bodies it is for, Beast does not know
        // With eager off, put() returns after the header, where an interim response must be
        // recognised.
        parser->eager(false);
        parser->skip(answers_head);
        scanner = {};
        chunks = {};
    }

    // Offers what there is once; returns whether anything can still be done with the rest.
    bool step(std::string_view& bytes)
    {
        // Beast 1.83 asserts that a last chunk it could not finish is offered again with at least
        // five bytes. A chunked message never ends within fewer, so waiting for them costs nothing.
        const bool chunked = parser->is_header_done() && parser->chunked();
        if (bytes.empty() || parser->is_done()) {
            return false;
        }
        if (chunked && bytes.size() < 5) {
            check_chunks(bytes);
            return false;
        }
        beast::error_code ec;
        if (parser->is_header_done()) {
            if (const std::size_t used = parser->put({bytes.data(), bytes.size()}, ec); used > 0) {
                bytes.remove_prefix(used);
                chunks = {};
            }
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
            begin();
            begun = true;
        }
        if (ec == beast::http::error::need_more) {
            // Only an endless chunk extension or trailer collects here; body bytes are always
            // taken.
            if (bytes.size() > max_header) {
                throw std::system_error(make_error_code(errc::header_too_large));
            }
            if (chunked) {
                check_chunks(bytes);
            }
            return false;
        }
        return true;
    }

    // Looks at what Beast is not offered yet, or has left for later.
    void check_chunks(std::string_view bytes)
    {
        const std::uint64_t data = parser->left_in_chunk();
        if (bytes.size() > data) {
            chunks.check(bytes.substr(static_cast<std::size_t>(data)), parser->any_chunk());
        }
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
        }
        receiver.begin(head, length);
        if (!receiver.wants_body()) {
            parser->lift_limit();
        } else if (length && *length > max_body) {
            throw std::system_error(make_error_code(errc::body_too_large));
        }
    }

    static constexpr int max_interim = 16;

    bool answers_head;
    std::uint64_t max_body;
    body_receiver& receiver;
    int interim_count = 0;
    response_head head;
    header_scanner scanner;
    chunk_scanner chunks;
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

bool response_parser::can_keep_alive() const noexcept
{
    return has_head() && impl_->parser->keep_alive();
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
