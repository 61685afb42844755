// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/proxy.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

// What proxies are, which URLs go through them, and what the environment says about it.

namespace cofutures::http {

namespace {

TEST(HttpProxy, ReadsBothKinds)
{
    const proxy plain("proxy.test:3128");
    EXPECT_EQ(plain.kind(), proxy::protocol::http);
    EXPECT_EQ(plain.host(), "proxy.test");
    EXPECT_EQ(plain.port(), 3128);
    EXPECT_EQ(plain.user(), "");
    EXPECT_EQ(proxy("http://proxy.test").port(), 80);

    const proxy socks("SOCKS5h://me:se%3Acret@[::1]/");
    EXPECT_EQ(socks.kind(), proxy::protocol::socks5);
    EXPECT_EQ(socks.host(), "::1");
    EXPECT_EQ(socks.port(), 1080);
    EXPECT_EQ(socks.user(), "me");
    EXPECT_EQ(socks.password(), "se:cret");
    EXPECT_EQ(socks.str(), "socks5://[::1]:1080");
    EXPECT_EQ(proxy("socks5://[::1]:99").port(), 99);
    EXPECT_EQ(socks, proxy("socks5://me:se:cret@[::1]:1080"));
}

std::string refusal_of(const std::string& text)
{
    try {
        proxy{text};
        return "accepted";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

TEST(HttpProxy, TakesNoPartOfAPasswordForAScheme)
{
    const proxy read("me:p://w@host:80");

    EXPECT_EQ(read.user(), "me");
    EXPECT_EQ(read.password(), "p://w");
    EXPECT_EQ(read.str(), "http://host:80");
}

TEST(HttpProxy, SaysWhatIsWrongButNotThePassword)
{
    EXPECT_EQ(refusal_of("https://me:secret@proxy.test"),
              "cofutures: 'https://proxy.test' is no proxy: expected http:// or socks5://");
    for (const char* const bad : {"",
                                  "http://",
                                  "http://proxy.test:99999",
                                  "http://proxy.test/path",
                                  "http://%zz:secret@proxy.test",
                                  "http://:secret@proxy.test",
                                  "http://m%3Ae:secret@proxy.test",
                                  "http://me:secret%0A@proxy.test",
                                  "socks5://me@proxy.test",
                                  "socks4://secret@proxy.test"}) {
        const std::string refusal = refusal_of(bad);
        EXPECT_NE(refusal.find("is no proxy: expected "), std::string::npos) << bad << refusal;
        EXPECT_EQ(refusal.find("secret"), std::string::npos) << refusal;
    }
    EXPECT_NE(refusal_of("socks5://" + std::string(256, 'x') + ":y@proxy.test"), "accepted");
}

TEST(HttpProxy, IsChosenByTheScheme)
{
    proxy_options options;
    options.http = proxy("one.test");
    options.https = proxy("two.test");
    EXPECT_EQ(options.choose(url("http://host.test/")), &*options.http);
    EXPECT_EQ(options.choose(url("https://host.test/")), &*options.https);
    options.http.reset();
    EXPECT_EQ(options.choose(url("http://host.test/")), nullptr);
}

bool is_direct(const std::string& entry, const std::string& address)
{
    proxy_options options;
    options.http = proxy("one.test");
    options.direct = {"unrelated", entry};
    return options.choose(url(address)) == nullptr;
}

TEST(HttpProxy, IsLeftOutForListedHosts)
{
    EXPECT_TRUE(is_direct("host.test", "http://host.test/"));
    EXPECT_TRUE(is_direct("host.test", "http://www.host.test/"));
    EXPECT_TRUE(is_direct(".Host.test", "http://www.host.test/"));
    EXPECT_TRUE(is_direct(".host.test", "http://host.test/"));
    EXPECT_FALSE(is_direct("host.test", "http://myhost.test/"));
    EXPECT_FALSE(is_direct("host.test", "http://host.test.evil/"));
    EXPECT_TRUE(is_direct("host.test:8080", "http://host.test:8080/"));
    EXPECT_FALSE(is_direct("host.test:8080", "http://host.test/"));
    EXPECT_TRUE(is_direct("*", "http://host.test/"));
    EXPECT_FALSE(is_direct("", "http://host.test/"));
    EXPECT_FALSE(is_direct(".", "http://host.test/"));
}

TEST(HttpProxy, IsLeftOutForListedNetworks)
{
    EXPECT_TRUE(is_direct("127.0.0.1", "http://127.0.0.1/"));
    EXPECT_TRUE(is_direct("127.0.0.1:80", "http://127.0.0.1/"));
    EXPECT_FALSE(is_direct("127.0.0.1", "http://127.0.0.11/"));
    EXPECT_FALSE(is_direct("0.0.1", "http://127.0.0.1/"));
    EXPECT_TRUE(is_direct("10.0.0.0/8", "http://10.200.3.4/"));
    EXPECT_FALSE(is_direct("10.0.0.0/8", "http://11.0.0.1/"));
    EXPECT_TRUE(is_direct("192.168.64.0/18", "http://192.168.127.1/"));
    EXPECT_FALSE(is_direct("192.168.64.0/18", "http://192.168.128.1/"));
    EXPECT_TRUE(is_direct("0.0.0.0/0", "http://1.2.3.4/"));
    EXPECT_FALSE(is_direct("10.0.0.0/33", "http://10.0.0.1/"));
    EXPECT_FALSE(is_direct("10.0.0.0/x", "http://10.0.0.1/"));
    EXPECT_TRUE(is_direct("::1", "http://[::1]/"));
    EXPECT_TRUE(is_direct("[::1]:80", "http://[::1]/"));
    EXPECT_FALSE(is_direct("[::1]:81", "http://[::1]/"));
    EXPECT_TRUE(is_direct("fd00::/8", "http://[fd12::1]/"));
    EXPECT_FALSE(is_direct("fd00::/8", "http://10.0.0.1/"));
}

// The variables that count, unset at first and put back at the end.
class environment {
public:
    environment()
    {
        for (const char* const name : names) {
            const char* const value = std::getenv(name);
            former_.push_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
            ::unsetenv(name);
        }
    }
    ~environment()
    {
        for (std::size_t i = 0; i < former_.size(); ++i) {
            if (former_[i]) {
                ::setenv(names[i], former_[i]->c_str(), 1);
            } else {
                ::unsetenv(names[i]);
            }
        }
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

    void set(const char* name, const char* value) { ::setenv(name, value, 1); }

private:
    static constexpr const char* names[] = {"http_proxy",
                                            "HTTP_PROXY",
                                            "https_proxy",
                                            "HTTPS_PROXY",
                                            "all_proxy",
                                            "ALL_PROXY",
                                            "no_proxy",
                                            "NO_PROXY"};
    std::vector<std::optional<std::string>> former_;
};

TEST(HttpProxyEnvironment, NamesProxiesAndExceptions)
{
    environment variables;
    EXPECT_EQ(proxies_from_environment().http, std::nullopt);
    variables.set("http_proxy", "http://one.test:1");
    variables.set("HTTPS_PROXY", "two.test:2");
    variables.set("no_proxy", "a.test, b.test ,c.test");

    const proxy_options found = proxies_from_environment();

    EXPECT_EQ(found.http, proxy("http://one.test:1"));
    EXPECT_EQ(found.https, proxy("http://two.test:2"));
    EXPECT_EQ(found.direct, (std::vector<std::string>{"a.test", "b.test", "c.test"}));
}

TEST(HttpProxyEnvironment, NeverListensToHttpProxyInCapitals)
{
    environment variables;
    variables.set("HTTP_PROXY", "http://attacker.test");
    EXPECT_EQ(proxies_from_environment().http, std::nullopt);
}

TEST(HttpProxyEnvironment, HasADefaultForBothSchemes)
{
    environment variables;
    variables.set("ALL_PROXY", "socks5://all.test");
    variables.set("https_proxy", "two.test");
    EXPECT_EQ(proxies_from_environment().http, proxy("socks5://all.test"));
    EXPECT_EQ(proxies_from_environment().https, proxy("two.test"));
}

TEST(HttpProxyEnvironment, NamesTheVariableThatIsWrong)
{
    environment variables;
    variables.set("all_proxy", "ftp://all.test");
    try {
        proxies_from_environment();
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("all_proxy"), std::string::npos);
    }
}

} // namespace

} // namespace cofutures::http
