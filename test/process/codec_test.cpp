// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace cf = cofutures;
using namespace std::chrono_literals;

namespace {

enum class colour : unsigned char { red, green };

struct point {
    double x = 0;
    double y = 0;
    bool operator==(const point&) const = default;
};

struct padded {
    char tag = 0;
    int number = 0;
    bool operator==(const padded&) const = default;
};

struct tree {
    int value = 0;
    std::vector<tree> children;
    bool operator==(const tree&) const = default;
};

struct nothing_at_all {
    bool operator==(const nothing_at_all&) const = default;
};

class account {
public:
    account() = default;
    account(std::string owner, long balance) : owner_(std::move(owner)), balance_(balance) {}
    bool operator==(const account&) const = default;

private:
    template <typename Archive>
    friend void serialize(Archive& archive, account& value)
    {
        archive(value.owner_, value.balance_);
    }

    std::string owner_;
    long balance_ = 0;
};

class versioned {
public:
    int number = 0;
    bool operator==(const versioned&) const = default;
    explicit versioned(int n) : number(n) {}
    versioned() : number(0) {}

    template <typename Archive>
    void serialize(Archive& archive, unsigned /*version*/)
    {
        archive(number);
    }
};

struct everything {
    bool flag = false;
    int number = 0;
    long double wide = 0;
    colour hue = colour::red;
    std::string text;
    std::u16string text16;
    std::vector<int> numbers;
    std::vector<bool> bits;
    std::vector<std::string> words;
    std::vector<point> points;
    std::vector<padded> paddeds;
    std::array<int, 3> triple{};
    std::deque<int> queue;
    std::list<double> list;
    std::map<std::string, std::vector<int>> map;
    std::unordered_map<int, std::string> hash_map;
    std::multimap<int, int> multimap;
    std::set<std::string> set;
    std::unordered_set<int> hash_set;
    std::optional<std::string> maybe;
    std::variant<std::monostate, int, std::string> either;
    std::tuple<int, std::string> tuple;
    std::pair<int, std::string> pair;
    std::chrono::nanoseconds duration{};
    std::chrono::system_clock::time_point time;
    std::filesystem::path path;
    std::complex<double> z;
    tree family;
    account owner;
    versioned old;
    bool operator==(const everything&) const = default;
};

everything sample()
{
    everything value;
    value.flag = true;
    value.number = -7;
    value.wide = 1.25L;
    value.hue = colour::green;
    value.text = "text with \0 inside";
    value.text16 = u"sixteen";
    value.numbers = {1, 2, 3};
    value.bits = {true, false, true};
    value.words = {"", "a", "longer than any small string"};
    value.points = {{1, 2}, {3, 4}};
    value.paddeds = {{'a', 1}, {'b', 2}};
    value.triple = {7, 8, 9};
    value.queue = {4, 5};
    value.list = {0.5, 0.25};
    value.map = {{"one", {1}}, {"none", {}}};
    value.hash_map = {{1, "one"}, {2, "two"}};
    value.multimap = {{1, 1}, {1, 2}};
    value.set = {"x", "y"};
    value.hash_set = {9, 8};
    value.maybe = "yes";
    value.either = std::string("a string");
    value.tuple = {1, "tuple"};
    value.pair = {2, "pair"};
    value.duration = 5s;
    value.time = std::chrono::system_clock::time_point(77s);
    value.path = "/tmp/somewhere";
    value.z = {1, -1};
    value.family = {1, {{2, {}}, {3, {{4, {}}}}}};
    value.owner = account("Ada", 1815);
    value.old = versioned(42);
    return value;
}

template <typename T>
T round_trip(const T& value)
{
    return cf::decode<T>(cf::encode(value));
}

} // namespace

TEST(Codec, RoundTripsEveryKindOfType)
{
    const everything value = sample();

    EXPECT_EQ(round_trip(value), value);
    EXPECT_EQ(cf::encoded_size(value), cf::encode(value).size());
    const std::array<std::string, 2> words{"first", "second"};
    EXPECT_EQ(round_trip(words), words);
}

TEST(Codec, KeepsTheBitsOfFloatingPointNumbers)
{
    EXPECT_TRUE(std::isnan(round_trip(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_TRUE(std::signbit(round_trip(-0.0)));
    EXPECT_EQ(round_trip(std::numeric_limits<float>::infinity()),
              std::numeric_limits<float>::infinity());
}

TEST(Codec, MovesTypesThatCannotBeCopied)
{
    std::vector<std::unique_ptr<std::string>> value;
    value.push_back(std::make_unique<std::string>("owned"));
    value.push_back(nullptr);

    const auto copy = round_trip(value);

    ASSERT_EQ(copy.size(), 2U);
    EXPECT_EQ(*copy[0], "owned");
    EXPECT_EQ(copy[1], nullptr);
}

TEST(Codec, DecodesViewsIntoTheMessage)
{
    const std::vector<double> numbers{1, 2, 3};
    const auto bytes =
        cf::encode(std::tuple(std::string_view("abc"), std::span<const double>(numbers)));

    const auto [text, view] =
        cf::decode<std::tuple<std::string_view, std::span<const double>>>(bytes);

    EXPECT_EQ(text, "abc");
    EXPECT_TRUE(std::equal(view.begin(), view.end(), numbers.begin(), numbers.end()));
    const auto* const first = reinterpret_cast<const std::byte*>(view.data());
    EXPECT_TRUE(first >= bytes.data() && first < bytes.data() + bytes.size());
}

TEST(Codec, AlignsElementsOfAnyAlignment)
{
    struct alignas(256) wide {
        std::array<double, 32> numbers{};
        bool operator==(const wide&) const = default;
    };
    std::vector<wide> value(3);
    value[2].numbers[31] = 0.5;

    EXPECT_EQ(round_trip(value), value);
}

TEST(Codec, PassesOverWhatMeansNothing)
{
    struct with_gap {
        int before = 0;
        int after = 0;
        void serialize(cf::encoder& archive) { archive(before).skip(100), archive(after); }
        void serialize(cf::decoder& archive) { archive(before).skip(100), archive(after); }
    };
    const auto bytes = cf::encode(with_gap{1, 2});

    EXPECT_EQ(bytes.size(), 2 * sizeof(int) + 100);
    EXPECT_EQ(cf::decode<with_gap>(bytes).after, 2);
    std::array<std::byte, 50> small{};
    EXPECT_THROW(cf::encoder(std::span(small)).skip(51), cf::codec_error);
    EXPECT_THROW(cf::decoder(std::span<const std::byte>(small)).skip(51), cf::codec_error);
}

TEST(Codec, SaysWhichTypesItAccepts)
{
    static_assert(cf::encodable<everything>);
    static_assert(cf::encodable<std::vector<std::map<int, std::optional<tree>>>>);
    static_assert(!cf::encodable<int*>);
    static_assert(!cf::encodable<const char*>);
    static_assert(!cf::encodable<std::vector<int*>>);
    static_assert(!cf::encodable<std::function<void()>>);
    static_assert(!cf::encodable<std::reference_wrapper<int>>);
    static_assert(!cf::encodable<std::exception_ptr>);
    static_assert(!cf::encodable<std::shared_ptr<int>>);
    static_assert(!cf::encodable<std::mutex*>);
    static_assert(!cf::encodable<std::runtime_error>);
    SUCCEED();
}

TEST(CodecHostileBytes, TruncationAtEveryByteIsAnError)
{
    const auto bytes = cf::encode(sample());

    for (std::size_t size = 0; size != bytes.size(); ++size) {
        // A copy of exactly this size, so that the sanitizer sees any read beyond it.
        const std::vector<std::byte> cut(bytes.data(), bytes.data() + size);
        SCOPED_TRACE(size);
        EXPECT_THROW(cf::decode<everything>(cut), cf::codec_error);
    }
}

TEST(CodecHostileBytes, LeftOverBytesAreAnError)
{
    auto bytes = cf::encode(1);
    bytes.append("x", 1);

    EXPECT_THROW(cf::decode<int>(bytes), cf::codec_error);
}

TEST(CodecHostileBytes, MutationsNeverDoWorseThanAnError)
{
    const auto original = cf::encode(sample());
    std::mt19937 random(20260101); // the same mutations in every run
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<std::size_t> place(0, original.size() - 1);
    int rejected = 0;
    int accepted = 0;

    for (int round = 0; round != 20000; ++round) {
        std::vector<std::byte> bytes(original.data(), original.data() + original.size());
        for (int change = 0; change <= round % 4; ++change) {
            bytes[place(random)] = static_cast<std::byte>(byte(random));
        }
        try {
            cf::decode<everything>(bytes);
            ++accepted;
        } catch (const cf::codec_error&) {
            ++rejected;
        }
    }

    EXPECT_GT(rejected, 0);
    EXPECT_GT(accepted, 0);
}

TEST(CodecHostileBytes, ALyingCountAllocatesNothing)
{
    for (const std::uint64_t count :
         {std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        SCOPED_TRACE(count);
        const auto bytes = cf::encode(count);
        EXPECT_THROW(cf::decode<std::vector<int>>(bytes), cf::codec_error);
        EXPECT_THROW(cf::decode<std::string>(bytes), cf::codec_error);
        EXPECT_THROW(cf::decode<std::list<std::string>>(bytes), cf::codec_error);
        EXPECT_THROW((cf::decode<std::map<int, int>>(bytes)), cf::codec_error);
        // Elements without any bytes of their own cannot be claimed for nothing either.
        EXPECT_THROW(cf::decode<std::vector<nothing_at_all>>(bytes), cf::codec_error);
        EXPECT_THROW(cf::decode<std::vector<std::monostate>>(bytes), cf::codec_error);
        EXPECT_THROW(cf::decode<std::vector<account>>(bytes), cf::codec_error);
    }
    EXPECT_EQ(round_trip(std::vector<nothing_at_all>(3)).size(), 3U);
}

TEST(CodecHostileBytes, BoolsAndVariantIndicesAreChecked)
{
    EXPECT_THROW(cf::decode<bool>(cf::encode(char{2})), cf::codec_error);
    EXPECT_THROW(cf::decode<std::optional<int>>(cf::encode(char{9})), cf::codec_error);
    EXPECT_THROW((cf::decode<std::variant<int, std::string>>(cf::encode(std::uint32_t{2}))),
                 cf::codec_error);
}

TEST(CodecHostileBytes, NestingIsLimited)
{
    // Each level of the tree costs twelve bytes: without a limit, a message could end the stack.
    cf::byte_buffer bytes;
    cf::encoder archive(bytes);
    for (int level = 0; level != 100000; ++level) {
        archive & 1 & std::uint64_t{1};
    }

    EXPECT_THROW(cf::decode<tree>(bytes), cf::codec_error);

    tree deep;
    for (int level = 0; level != 400; ++level) {
        tree parent{level, {}};
        parent.children.push_back(std::move(deep));
        deep = std::move(parent);
    }
    EXPECT_EQ(round_trip(deep), deep);
}
