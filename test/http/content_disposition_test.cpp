// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/content_disposition.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace cofutures::http::detail {

namespace {

struct row {
    const char* field;
    std::string name; // empty: none
};

void expect(std::initializer_list<row> rows)
{
    for (const auto& [field, name] : rows) {
        EXPECT_EQ(file_name_of(field), name) << field;
    }
}

TEST(HttpContentDisposition, HasANameInQuotesOrWithout)
{
    expect({{R"(attachment; filename="report.pdf")", "report.pdf"},
            {"attachment; filename=report.pdf", "report.pdf"},
            {"Attachment;FileName=report.pdf;", "report.pdf"},
            {R"(attachment ; size=5 ; filename = "annual report.pdf" ; x=y)", "annual report.pdf"},
            {R"(inline; filename="a.html")", "a.html"},
            {R"(attachment; filename="a;b=c.txt")", "a;b=c.txt"},
            {R"(attachment; filename="say \"hi\" \\ a.txt")", "a.txt"},
            {R"(attachment; filename="say \"hi\".txt")", "say \"hi\".txt"},
            {R"(attachment; filename="first"; filename="second")", "first"},
            {"attachment; filename=\"na\xc3\xafve.txt\"", "na\xc3\xafve.txt"}});
}

TEST(HttpContentDisposition, MayLackWhatBrowsersDoNotInsistOn)
{
    expect({{"filename=report.pdf", "report.pdf"},
            {R"(filename="report.pdf")", "report.pdf"},
            {"attachment; filename=annual report.pdf", "annual report.pdf"},
            {"attachment;; ; filename=a", "a"},
            {R"(attachment; filename="a.html".txt)", "a.html"},
            {R"(attachment; filename*="UTF-8''a.txt")", "a.txt"}});
}

TEST(HttpContentDisposition, PrefersTheExtendedName)
{
    expect({{R"(attachment; filename="plain.txt"; filename*=UTF-8''na%C3%AFve.txt)",
             "na\xc3\xafve.txt"},
            {R"(attachment; filename*=utf-8'en'%e2%82%ac.txt; filename="plain.txt")",
             "\xe2\x82\xac.txt"},
            {"attachment; filename*=ISO-8859-1''na%EFve.txt", "na\xc3\xafve.txt"},
            {"attachment; filename*=UTF-8''%22quoted%22", "\"quoted\""}});
}

TEST(HttpContentDisposition, FallsBackToThePlainName)
{
    for (const char* const bad : {"UTF-8''%zz",
                                  "UTF-8''a%C3",
                                  "UTF-8''a%c",
                                  "UTF-8''%C3%28",
                                  "UTF-16''a",
                                  "UTF-8'a",
                                  "a.txt",
                                  "UTF-8''..",
                                  "UTF-8''a%00.txt",
                                  "UTF-8''"}) {
        EXPECT_EQ(file_name_of(std::string("attachment; filename=plain; filename*=") + bad),
                  "plain")
            << bad;
    }
}

TEST(HttpContentDisposition, MayHaveNoName)
{
    expect({{"", ""},
            {"attachment", ""},
            {"inline;", ""},
            {"attachment; filename", ""},
            {"attachment; filename=", ""},
            {R"(attachment; filename="")", ""},
            {R"(attachment; filename="no end)", ""},
            {R"(attachment; filename="no end\)", ""},
            {R"("filename=a")", ""},
            {"attachment; name=a; notfilename=b", ""},
            {"attachment; filename=%66oo", "%66oo"}});
}

TEST(HttpContentDisposition, LeadsOutOfNoFolder)
{
    expect({{R"(attachment; filename="/etc/passwd")", "passwd"},
            {R"(attachment; filename="../../up.txt")", "up.txt"},
            {R"(attachment; filename="..\\..\\up.txt")", "up.txt"},
            {R"(attachment; filename="C:\\dir\\file.txt")", "file.txt"},
            {"attachment; filename*=UTF-8''..%2f..%2fup.txt", "up.txt"},
            {"attachment; filename*=UTF-8''..%5Cup.txt", "up.txt"},
            {R"(attachment; filename="dir/")", ""},
            {R"(attachment; filename="..")", ""},
            {R"(attachment; filename=".")", ""},
            {R"(attachment; filename="a/..")", ""},
            {R"(attachment; filename=".bashrc")", ""},
            {R"(attachment; filename="  .bashrc ")", ""},
            {R"(attachment; filename="  a ")", "a"}});
}

TEST(SafeFileName, IsCleanText)
{
    EXPECT_EQ(safe_file_name("a b-c_d.tar.gz"), "a b-c_d.tar.gz");
    EXPECT_EQ(safe_file_name("\xf0\x9f\x87\xa7\xf0\x9f\x87\xb7.png"),
              "\xf0\x9f\x87\xa7\xf0\x9f\x87\xb7.png");
    const std::string bad[] = {std::string("a\0b", 3),
                               "a\nb",
                               "a\x1b[2Jb",
                               "a\x7f",
                               "a\xc2\x85",            // a control character of two bytes
                               "a\xe2\x80\xaegpj.exe", // written from right to left
                               "a\xe2\x80\xa8",        // a line separator
                               "\xff",                 // never in UTF-8
                               "a\xc0\xaf",            // an overlong slash
                               "a\xe0\x80\xaf",        // as above
                               "a\xed\xa0\x80",        // half of a pair
                               "a\xf4\x90\x80\x80",    // behind the last character
                               "a\xf0\x80\x80\xaf",    // overlong
                               "a\x80",                // a continuation of nothing
                               "a\xe2\x82"};           // no end
    for (const std::string& each : bad) {
        EXPECT_EQ(safe_file_name(each), "") << each;
    }
}

TEST(SafeFileName, FitsIntoAFolder)
{
    const std::string longest(255, 'n');
    EXPECT_EQ(safe_file_name(longest), longest);
    EXPECT_EQ(safe_file_name(longest + "n"), longest);
    EXPECT_EQ(safe_file_name(longest + ".tar.gz"), std::string(252, 'n') + ".gz");
    EXPECT_EQ(safe_file_name("a." + longest), "a." + longest.substr(2)) << "that is no extension";
    // 127 characters of two bytes, and not half of another one.
    std::string wide;
    for (int i = 0; i < 130; ++i) {
        wide += "\xc3\xa4";
    }
    EXPECT_EQ(safe_file_name(wide), wide.substr(0, 254));
    EXPECT_EQ(safe_file_name(wide + ".txt"), wide.substr(0, 250) + ".txt");
}

} // namespace

} // namespace cofutures::http::detail
