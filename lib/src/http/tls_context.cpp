// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_context.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace cofutures::http::detail {

namespace {

using boost::system::error_code;

void require_loaded(const error_code& ec, const std::filesystem::path& file)
{
    if (ec) {
        throw std::system_error(make_error_code(errc::tls_failed),
                                "cannot load '" + file.string() + "': " + ec.message());
    }
}

// "example.org." is the same host, but certificates and SNI know it without the last dot.
bool is_hashed(const std::string& name)
{
    return name.size() >= 10 && name[8] == '.' && name.find_first_not_of("0123456789abcdef") == 8;
}

// The system's authorities, named by the hash of their subject, so that each is read when a server
// shows a certificate of it; reading all of them takes 20 ms.
bool has_hashed_authorities()
{
    if (::getenv(X509_get_default_cert_file_env()) != nullptr) {
        return false; // somebody wants those of a file
    }
    const char* const named = ::getenv(X509_get_default_cert_dir_env());
    const std::filesystem::path folder = named != nullptr ? named : X509_get_default_cert_dir();
    std::error_code ignored;
    for (std::filesystem::directory_iterator each(folder, ignored), end; each != end;
         each.increment(ignored)) {
        if (is_hashed(each->path().filename().string())) {
            return true;
        }
    }
    return false;
}

std::string certified_name(std::string host)
{
    if (host.ends_with('.')) {
        host.pop_back();
    }
    return host;
}

} // namespace

tls_context::tls_context(const tls_options& options)
    : native_(asio::ssl::context::tls_client),
      verify_(options.verification == tls_options::verification::required)
{
    SSL_CTX* const context = native_.native_handle();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // Refuses keys of less than 112 bits of strength and SHA-1 signatures, whatever the system's
    // configuration allows.
    SSL_CTX_set_security_level(context, std::max(2, SSL_CTX_get_security_level(context)));
    constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context, http_1_1.data(), http_1_1.size());
    native_.set_verify_mode(verify_ ? asio::ssl::verify_peer : asio::ssl::verify_none);
    tls_session_keeper::install(*context);
    trust(options);
    identify(options);
}

void tls_context::trust(const tls_options& options)
{
    error_code ec;
    if (options.system_authorities) {
        if (has_hashed_authorities()) {
            SSL_CTX_set_default_verify_dir(native_.native_handle());
        } else {
            native_.set_default_verify_paths(ec);
        }
        require_loaded(ec, "the system's authorities");
    }
    if (!options.ca_file.empty()) {
        native_.load_verify_file(options.ca_file.string(), ec);
        require_loaded(ec, options.ca_file);
    }
}

void tls_context::identify(const tls_options& options)
{
    if (options.certificate_file.empty()) {
        return;
    }
    error_code ec;
    // Set even where it is empty: without it, OpenSSL asks the terminal.
    native_.set_password_callback(
        [password = options.key_password](std::size_t, asio::ssl::context::password_purpose) {
            return password;
        },
        ec);
    native_.use_certificate_chain_file(options.certificate_file.string(), ec);
    require_loaded(ec, options.certificate_file);
    const std::filesystem::path& key =
        options.key_file.empty() ? options.certificate_file : options.key_file;
    native_.use_private_key_file(key.string(), asio::ssl::context::pem, ec);
    require_loaded(ec, key);
}

void tls_context::prepare(SSL& connection, const std::string& host) const
{
    std::string name = certified_name(host);
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(&connection);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    bool good = true;
    if (not_an_address) {
        // SNI carries names only; RFC 6066 forbids addresses there.
        // (SSL_set_tlsext_host_name, spelled out: the macro hides an old-style cast.)
        good = SSL_ctrl(&connection,
                        SSL_CTRL_SET_TLSEXT_HOSTNAME,
                        TLSEXT_NAMETYPE_host_name,
                        name.data()) == 1 &&
               (!verify_ || X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1);
    } else if (verify_) {
        good = X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
    }
    if (!good) {
        throw std::system_error(make_error_code(errc::tls_failed), "cannot name the server");
    }
}

std::string why_refused(SSL& connection, const std::string& message, const std::string& host)
{
    if (SSL_get_verify_mode(&connection) == SSL_VERIFY_NONE) {
        return message; // whatever the verdict was, it was not the reason
    }
    switch (const long verdict = SSL_get_verify_result(&connection)) {
    case X509_V_OK:
        return message;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "the certificate is not for '" + host + "'";
    default:
        return X509_verify_cert_error_string(verdict);
    }
}

} // namespace cofutures::http::detail
