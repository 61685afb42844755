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

key_ptr make_key(const std::string& kind = "P-256")
{
    key_ptr key(kind.starts_with("RSA-")
                    ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::stoul(kind.substr(4)))
                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
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

x509_ptr make_certificate(EVP_PKEY& key,
                          const std::string& name,
                          long serial,
                          const certificate_claims& claims)
{
    x509_ptr certificate(X509_new());
    check(certificate != nullptr, "making a certificate");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), claims.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), claims.valid_until);
    X509_set_pubkey(certificate.get(), &key);
    if (!name.empty()) {
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()),
                                   "CN",
                                   MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()),
                                   -1,
                                   -1,
                                   0);
    }
    return certificate;
}

void sign(X509& certificate, X509& issuer, EVP_PKEY& issuer_key, const char* digest = "SHA256")
{
    X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
    check(X509_sign(&certificate, &issuer_key, EVP_get_digestbyname(digest)) != 0,
          "signing a certificate");
}

x509_ptr make_authority(EVP_PKEY& key, const char* name, long serial)
{
    x509_ptr authority = make_certificate(key, name, serial, {});
    add_extension(*authority, *authority, NID_basic_constraints, "critical,CA:TRUE");
    return authority;
}

std::string alternative_names(const certificate_claims& claims)
{
    std::string names;
    const auto add = [&names](const std::string& more) {
        names += (names.empty() || more.empty() ? "" : ",") + more;
    };
    add(claims.dns_name.empty() ? "" : "DNS:" + claims.dns_name);
    add(claims.address.empty() ? "" : "IP:" + claims.address);
    add(claims.more_names);
    return names;
}

using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

void save(X509& certificate, std::FILE* file)
{
    check(file != nullptr && PEM_write_X509(file, &certificate) == 1, "saving a certificate");
}

int select_http(SSL*,
                const unsigned char** selected,
                unsigned char* size,
                const unsigned char* offered,
                unsigned offered_size,
                void*)
{
    static constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* found = nullptr;
    const int outcome =
        SSL_select_next_proto(&found, size, http_1_1, sizeof http_1_1, offered, offered_size);
    *selected = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

} // namespace

struct certificates::impl {
    key_ptr authority_key = make_key();
    x509_ptr authority = make_authority(*authority_key, "cofutures test authority", 1);
    key_ptr intermediate_key;
    x509_ptr intermediate;
    key_ptr key;
    x509_ptr certificate;
};

certificates::certificates(const certificate_claims& claims) : impl_(std::make_unique<impl>())
{
    sign(*impl_->authority, *impl_->authority, *impl_->authority_key);
    X509* issuer = impl_->authority.get();
    EVP_PKEY* issuer_key = impl_->authority_key.get();
    if (claims.intermediate) {
        impl_->intermediate_key = make_key();
        impl_->intermediate = make_authority(*impl_->intermediate_key, "intermediate", 3);
        sign(*impl_->intermediate, *issuer, *issuer_key);
        issuer = impl_->intermediate.get();
        issuer_key = impl_->intermediate_key.get();
    }
    impl_->key = make_key(claims.key);
    impl_->certificate = make_certificate(*impl_->key, claims.subject, 2, claims);
    if (const std::string names = alternative_names(claims); !names.empty()) {
        add_extension(*impl_->certificate, *issuer, NID_subject_alt_name, names);
    }
    if (claims.self_signed) {
        issuer = impl_->certificate.get();
        issuer_key = impl_->key.get();
    }
    sign(*impl_->certificate, *issuer, *issuer_key, claims.digest);
}

certificates::~certificates() = default;

void certificates::save_authority(const std::filesystem::path& path) const
{
    save(*impl_->authority, file_ptr(std::fopen(path.c_str(), "w")).get());
}

void certificates::use_in(SSL_CTX* context) const
{
    check(SSL_CTX_use_certificate(context, impl_->certificate.get()) == 1, "using a certificate");
    check(SSL_CTX_use_PrivateKey(context, impl_->key.get()) == 1, "using a key");
}

void certificates::save_certificate(const std::filesystem::path& path) const
{
    const file_ptr file(std::fopen(path.c_str(), "w"));
    save(*impl_->certificate, file.get());
    if (impl_->intermediate) {
        save(*impl_->intermediate, file.get());
    }
}

void certificates::save_key(const std::filesystem::path& path, const std::string& password) const
{
    const file_ptr file(std::fopen(path.c_str(), "w"));
    const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
    check(file != nullptr && PEM_write_PKCS8PrivateKey(file.get(),
                                                       impl_->key.get(),
                                                       cipher,
                                                       password.c_str(),
                                                       static_cast<int>(password.size()),
                                                       nullptr,
                                                       nullptr) == 1,
          "saving a key");
}

struct tls_server::impl {
    std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};
};

tls_server::tls_server(const certificates& identity, const tls_behaviour& behaviour)
    : impl_(std::make_unique<impl>())
{
    SSL_CTX* const context = impl_->context.get();
    // A server that does wrong must be able to: the client is to refuse, not the server.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, behaviour.min_version);
    SSL_CTX_set_max_proto_version(context, behaviour.max_version);
    identity.use_in(context);
    if (*behaviour.ciphers != '\0') {
        check(SSL_CTX_set_cipher_list(context, behaviour.ciphers) == 1, "choosing ciphers");
    }
    if (behaviour.weak_keys) {
        SSL_CTX_set_dh_auto(context, 2); // "always 1024 bits"
    }
    if (behaviour.root_first) {
        SSL_CTX_add1_chain_cert(context, identity.get().authority.get());
    }
    if (behaviour.sends_chain && identity.get().intermediate) {
        SSL_CTX_add1_chain_cert(context, identity.get().intermediate.get());
    }
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    if (behaviour.selects_http) {
        SSL_CTX_set_alpn_select_cb(context, select_http, nullptr);
    }
    if (behaviour.asks_for_client) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), identity.get().authority.get());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    constexpr unsigned char name[] = "test";
    SSL_CTX_set_session_id_context(context, name, sizeof name);
}

tls_server::~tls_server() = default;

struct tls_connection::impl {
    explicit impl(scripted_connection accepted) : plain(std::move(accepted)) {}

    scripted_connection plain;
    std::unique_ptr<SSL, freed_by<SSL_free>> session;
};

tls_connection::tls_connection(scripted_connection plain, const tls_server& server)
    : impl_(std::make_unique<impl>(std::move(plain)))
{
    const timeval watchdog{10, 0};
    const int descriptor = impl_->plain.descriptor();
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &watchdog, sizeof watchdog);
    impl_->session.reset(SSL_new(server.get().context.get())); // which keeps the context, too
    SSL_set_fd(impl_->session.get(), descriptor);
    const bool agreed = SSL_accept(impl_->session.get()) == 1;
    ERR_clear_error();
    if (!agreed) {
        // Closing with bytes unread would reset the connection, and take the alert away from the
        // client before it has read it.
        ::shutdown(descriptor, SHUT_WR);
        impl_->plain.wait_closed();
    }
    check(agreed, "the handshake");
}

tls_connection::tls_connection(scripted_connection plain, const certificates& identity)
    : tls_connection(std::move(plain), tls_server(identity))
{}

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

void tls_connection::send_ticket()
{
    check(SSL_new_session_ticket(impl_->session.get()) == 1 &&
              SSL_do_handshake(impl_->session.get()) == 1,
          "sending a ticket");
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

std::string tls_connection::client_name() const
{
    const x509_ptr shown(SSL_get1_peer_certificate(impl_->session.get()));
    char name[100] = "";
    if (shown) {
        X509_NAME_get_text_by_NID(
            X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    }
    return name;
}

std::string tls_connection::protocol() const
{
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(impl_->session.get(), &name, &size);
    return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
}

bool tls_connection::resumed() const
{
    return SSL_session_reused(impl_->session.get()) == 1;
}

} // namespace cofutures::test
