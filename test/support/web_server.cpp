// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "web_server.hpp"

#include "tls_server.hpp"

#include <fstream>
#include <string_view>
#include <utility>

namespace cofutures::test {

namespace {

namespace fs = std::filesystem;

// "secret" as bcrypt makes it with the least effort: all three read that, and none wastes time on it.
constexpr std::string_view secret = "$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

// FOLDER, PORT and MODULES are replaced, and what a server with or without TLS needs.
constexpr std::string_view nginx_text = R"(
load_module MODULES/ngx_http_echo_module.so;
daemon off;
master_process off;
pid nginx.pid;
error_log nginx.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    types { text/html html; }
    default_type application/octet-stream;
    server {
        listen 127.0.0.1:PORT TLS_FLAG;
        listen unix:FOLDER/socket;
        TLS
        root html;
        client_max_body_size 100m;
        location /coded/ { alias html/; gzip on; }
        location /private/ { alias html/; auth_basic private; auth_basic_user_file FOLDER/passwords; }
        location /later/ { alias html/; try_files $uri =503; add_header Retry-After 1 always; }
        location = /echo { echo_read_request_body; echo_request_body; }
        location = /moved { absolute_redirect off; return 301 /page.html; }
        location = /see-other { return 303 /page.html; }
        location = /same-method { return 307 /echo; }
    }
}
)";

constexpr std::string_view nginx_tls = R"(
        ssl_certificate FOLDER/certificate.pem;
        ssl_certificate_key FOLDER/key.pem;
        ssl_session_cache shared:sessions:1m;
)";

constexpr std::string_view nginx_certified = R"(
        ssl_client_certificate FOLDER/authority.pem;
        ssl_verify_client on;
)";

constexpr std::string_view apache_text = R"(
ServerRoot "FOLDER"
ServerName 127.0.0.1
User "#65534"
Group "#65534"
PidFile apache.pid
DefaultRuntimeDir "FOLDER"
Mutex pthread
ErrorLog "FOLDER/apache.log"
LoadModule mpm_event_module "MODULES/mod_mpm_event.so"
LoadModule authz_core_module "MODULES/mod_authz_core.so"
LoadModule authz_user_module "MODULES/mod_authz_user.so"
LoadModule authn_core_module "MODULES/mod_authn_core.so"
LoadModule authn_file_module "MODULES/mod_authn_file.so"
LoadModule auth_basic_module "MODULES/mod_auth_basic.so"
LoadModule alias_module "MODULES/mod_alias.so"
LoadModule dir_module "MODULES/mod_dir.so"
LoadModule mime_module "MODULES/mod_mime.so"
LoadModule rewrite_module "MODULES/mod_rewrite.so"
LoadModule headers_module "MODULES/mod_headers.so"
LoadModule filter_module "MODULES/mod_filter.so"
LoadModule deflate_module "MODULES/mod_deflate.so"
LoadModule brotli_module "MODULES/mod_brotli.so"
LoadModule reflector_module "MODULES/mod_reflector.so"
Listen 127.0.0.1:PORT
EnableMMAP off
TypesConfig /dev/null
AddType text/html .html
DocumentRoot "FOLDER/html"
AliasMatch "^/(coded|private|later)/(.*)$" "FOLDER/html/$2"
<Location "/coded/">
    SetOutputFilter BROTLI_COMPRESS;DEFLATE
</Location>
<Location "/private/">
    AuthType Basic
    AuthName private
    AuthBasicProvider file
    AuthUserFile "FOLDER/passwords"
    Require valid-user
</Location>
<Location "/later/">
    Header always set Retry-After 1
    RewriteEngine on
    RewriteCond "%{REQUEST_FILENAME}" !-f
    RewriteRule "" "-" [R=503]
</Location>
<Location "/echo">
    SetHandler reflector
</Location>
RedirectMatch 301 "^/moved$" "/page.html"
RedirectMatch 303 "^/see-other$" "/page.html"
RedirectMatch 307 "^/same-method$" "/echo"
TLS
)";

constexpr std::string_view apache_tls = R"text(
LoadModule ssl_module "MODULES/mod_ssl.so"
LoadModule socache_shmcb_module "MODULES/mod_socache_shmcb.so"
SSLSessionCache "shmcb:FOLDER/sessions(64000)"
SSLEngine on
SSLCertificateFile "FOLDER/certificate.pem"
SSLCertificateKeyFile "FOLDER/key.pem"
)text";

constexpr std::string_view apache_certified = R"(
SSLCACertificateFile "FOLDER/authority.pem"
SSLVerifyClient require
)";

constexpr std::string_view caddy_text = R"(
{
    admin off
    auto_https off
    storage file_system FOLDER/storage
    servers {
        protocols h1 h2
    }
}
SCHEME://:PORT {
    bind 127.0.0.1
    TLS
    root * FOLDER/html
    redir /moved /page.html 301
    redir /see-other /page.html 303
    redir /same-method /echo 307
    handle /echo {
        respond "{http.request.body}"
    }
    handle_path /coded/* {
        encode zstd gzip
        file_server
    }
    handle_path /private/* {
        basicauth {
            me HASH
        }
        file_server
    }
    handle_path /later/* {
        @missing not file
        header @missing Retry-After 1
        respond @missing 503
        file_server
    }
    handle {
        file_server
    }
}
)";

constexpr std::string_view caddy_tls = R"(
    tls FOLDER/certificate.pem FOLDER/key.pem {
        CERTIFIED
    }
)";

constexpr std::string_view caddy_certified = R"(
        client_auth {
            mode require_and_verify
            trusted_ca_cert_file FOLDER/authority.pem
        }
)";

void replace(std::string& text, std::string_view what, std::string_view by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
}

// Debian puts the modules of PREFIX/sbin/NAME into PREFIX/lib/NAME/modules.
std::string modules_of(const fs::path& executable)
{
    return executable.parent_path().parent_path() / "lib" / executable.filename() / "modules";
}

std::string written_to(const fs::path& path, const std::string& text)
{
    std::ofstream(path) << text;
    return path.string();
}

} // namespace

web_server::web_server(const web_server_program& program,
                       std::filesystem::path folder,
                       const certificates* identity,
                       clients allowed)
    : program_(program),
      folder_(std::move(folder)),
      secure_(identity != nullptr),
      allowed_(allowed),
      running_(
          [&](const std::string& port) {
              fs::create_directories(folder_ / "tmp");
              // As root, Apache becomes nobody, who must find the files.
              fs::permissions(folder_, fs::perms(0755));
              fs::permissions(folder_ / "html", fs::perms(0755));
              std::ofstream(folder_ / "passwords") << "me:" << secret << "\n";
              if (identity != nullptr) {
                  identity->save_certificate(folder_ / "certificate.pem");
                  identity->save_key(folder_ / "key.pem");
                  identity->save_authority(folder_ / "authority.pem");
              }
              return command(port);
          },
          folder_ / "log")
{}

std::string web_server::url(const std::string& path) const
{
    const std::string port = std::to_string(running_.port());
    return (secure_ ? "https://localhost:" : "http://127.0.0.1:") + port + path;
}

std::vector<std::string> web_server::command(const std::string& port) const
{
    const std::string& executable = program_.executable;
    const std::string folder = folder_.string();
    switch (program_.brand) {
    case web_server_program::brand::nginx:
        return {executable,
                "-p",
                folder,
                "-e",
                "nginx.log",
                "-c",
                written_to(folder_ / "nginx.conf", nginx_settings(port))};
    case web_server_program::brand::apache:
        // One process, so that nobody survives it.
        return {executable,
                "-X",
                "-d",
                folder,
                "-f",
                written_to(folder_ / "httpd.conf", apache_settings(port))};
    case web_server_program::brand::caddy:
        break;
    }
    return {"/usr/bin/env",
            "HOME=" + folder,
            "XDG_CONFIG_HOME=" + folder,
            "XDG_DATA_HOME=" + folder,
            executable,
            "run",
            "--adapter",
            "caddyfile",
            "--config",
            written_to(folder_ / "Caddyfile", caddy_settings(port))};
}

std::string web_server::nginx_settings(const std::string& port) const
{
    std::string tls(secure_ ? nginx_tls : "");
    tls += allowed_ == clients::certified ? nginx_certified : "";
    std::string text(nginx_text);
    replace(text, "TLS_FLAG", secure_ ? "ssl" : "");
    replace(text, "TLS", tls);
    replace(text, "PORT", port);
    replace(text, "FOLDER", folder_.string());
    replace(text, "MODULES", modules_of(program_.executable));
    return text;
}

std::string web_server::apache_settings(const std::string& port) const
{
    std::string tls(secure_ ? apache_tls : "");
    tls += allowed_ == clients::certified ? apache_certified : "";
    std::string text(apache_text);
    replace(text, "TLS", tls);
    replace(text, "PORT", port);
    replace(text, "FOLDER", folder_.string());
    replace(text, "MODULES", modules_of(program_.executable));
    return text;
}

std::string web_server::caddy_settings(const std::string& port) const
{
    std::string text(caddy_text);
    replace(text, "TLS", secure_ ? caddy_tls : "");
    replace(text, "CERTIFIED", allowed_ == clients::certified ? caddy_certified : "");
    replace(text, "SCHEME", secure_ ? "https" : "http");
    replace(text, "PORT", port);
    replace(text, "FOLDER", folder_.string());
    replace(text, "HASH", secret);
    return text;
}

} // namespace cofutures::test
