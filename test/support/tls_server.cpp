// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_server.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <sys/time.h>

namespace cofutures::test {

namespace {

template <auto Free>
struct freed_by {
    template <typename T>
    void operator()(T* object) const
    {
        Free(object);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;

void check(bool good, const char* what)
{
    if (!good) {
        throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
    }
}

key_ptr make_key()
{
    key_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    check(key != nullptr, "making a key");
    return key;
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    context.db = nullptr;
    std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    check(extension != nullptr, "making a certificate extension");
    check(X509_add_ext(&certificate, extension.get(), -1) == 1, "adding a certificate extension");
}

x509_ptr
make_certificate(EVP_PKEY& key, const char* name, long serial, const certificate_claims& claims)
{
    x509_ptr certificate(X509_new());
    check(certificate != nullptr, "making a certificate");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), claims.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), claims.valid_until);
    X509_set_pubkey(certificate.get(), &key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()),
                               "CN",
                               MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name),
                               -1,
                               -1,
                               0);
    return certificate;
}

void sign(X509& certificate, X509& issuer, EVP_PKEY& issuer_key)
{
    X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
    check(X509_sign(&certificate, &issuer_key, EVP_sha256()) != 0, "signing a certificate");
}

} // namespace

struct certificates::impl {
    key_ptr authority_key = make_key();
    x509_ptr authority = make_certificate(*authority_key, "cofutures test authority", 1, {});
    key_ptr key = make_key();
    x509_ptr certificate;
};

certificates::certificates(const certificate_claims& claims) : impl_(std::make_unique<impl>())
{
    X509& authority = *impl_->authority;
    add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE");
    sign(authority, authority, *impl_->authority_key);

    impl_->certificate = make_certificate(*impl_->key, "test server", 2, claims);
    std::string names = "DNS:" + claims.dns_name;
    if (!claims.address.empty()) {
        names += ",IP:" + claims.address;
    }
    add_extension(*impl_->certificate, authority, NID_subject_alt_name, names);
    sign(*impl_->certificate, authority, *impl_->authority_key);
}

certificates::~certificates() = default;

void certificates::save_authority(const std::filesystem::path& path) const
{
    std::unique_ptr<std::FILE, freed_by<std::fclose>> file(std::fopen(path.c_str(), "w"));
    check(file != nullptr && PEM_write_X509(file.get(), impl_->authority.get()) == 1,
          "saving a certificate");
}

void certificates::use_in(SSL_CTX* context) const
{
    check(SSL_CTX_use_certificate(context, impl_->certificate.get()) == 1, "using a certificate");
    check(SSL_CTX_use_PrivateKey(context, impl_->key.get()) == 1, "using a key");
}

struct tls_connection::impl {
    explicit impl(scripted_connection accepted) : plain(std::move(accepted)) {}

    scripted_connection plain;
    std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};
    std::unique_ptr<SSL, freed_by<SSL_free>> session;
};

tls_connection::tls_connection(scripted_connection plain, const certificates& identity)
    : impl_(std::make_unique<impl>(std::move(plain)))
{
    const timeval watchdog{10, 0};
    ::setsockopt(impl_->plain.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &watchdog, sizeof watchdog);
    identity.use_in(impl_->context.get());
    impl_->session.reset(SSL_new(impl_->context.get()));
    SSL_set_fd(impl_->session.get(), impl_->plain.descriptor());
    const bool agreed = SSL_accept(impl_->session.get()) == 1;
    ERR_clear_error();
    check(agreed, "the handshake");
}

tls_connection::~tls_connection() = default;

std::string tls_connection::read_request()
{
    std::string request;
    while (!request.ends_with("\r\n\r\n")) {
        char bytes[4096];
        const int size = SSL_read(impl_->session.get(), bytes, sizeof bytes);
        check(size > 0, "reading a request");
        request.append(bytes, static_cast<std::size_t>(size));
    }
    return request;
}

void tls_connection::write(std::string_view bytes)
{
    check(SSL_write(impl_->session.get(), bytes.data(), static_cast<int>(bytes.size())) > 0,
          "writing");
}

void tls_connection::close_orderly()
{
    SSL_shutdown(impl_->session.get());
    impl_->plain.close();
}

std::string tls_connection::server_name() const
{
    const char* name = SSL_get_servername(impl_->session.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string() : name;
}

} // namespace cofutures::test
