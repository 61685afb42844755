// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

#include <gtest/gtest.h>

#include <any>
#include <cmath>
#include <concepts>
#include <functional>
#include <limits>
#include <memory_resource>
#include <random>
#include <thread>

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

// Policies of containers: with a state, and what it takes to bring it along or not.

struct reversible {
    bool reversed = false;
    bool operator()(int a, int b) const { return reversed ? b < a : a < b; }
};

struct modulo {
    unsigned divisor = 1;
    std::size_t operator()(unsigned value) const { return value % divisor; }
    bool operator()(unsigned a, unsigned b) const { return a % divisor == b % divisor; }
};

class private_state {
public:
    explicit private_state(bool reversed = false) : reversed_(reversed) {}
    bool operator()(int a, int b) const { return reversed_ ? b < a : a < b; }

private:
    bool reversed_;
};

struct refers {
    const int* order = nullptr;
    bool operator()(int a, int b) const { return order == nullptr ? a < b : order[a] < order[b]; }
};

template <typename T>
class counted_allocator {
public:
    using value_type = T;
    explicit counted_allocator(int number = 0) : number_(number) {}
    template <typename U>
    counted_allocator(const counted_allocator<U>& other) : number_(other.number())
    {}
    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* place, std::size_t count) { std::allocator<T>().deallocate(place, count); }
    int number() const { return number_; }
    template <typename U>
    bool operator==(const counted_allocator<U>& other) const
    {
        return number_ == other.number();
    }
    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(number_);
    }

private:
    int number_;
};

struct closer {
    void operator()(int* place) const { delete place; }
};

// Functions serialize in every form that is documented, each with a class that only inherits it.

struct with_member {
    int kept = 0;
    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(kept);
    }
};

struct with_version {
    int kept = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned)
    {
        archive(kept);
    }
};

struct with_two_members {
    int kept = 0;
    void serialize(cf::encoder& archive) { archive(kept); }
    void serialize(cf::decoder& archive) { archive(kept); }
};

struct with_halves {
    int kept = 0;
    template <typename Archive>
    requires Archive::is_saving void serialize(Archive& archive) const { archive(kept); }
    template <typename Archive>
    requires Archive::is_loading void serialize(Archive& archive) { archive(kept); }
};

class with_friend {
public:
    int kept = 0;
    template <typename Archive>
    friend void serialize(Archive& archive, with_friend& value)
    {
        archive(value.kept);
    }
};

struct with_function {
    int kept = 0;
    int ignored = 0;
};
template <typename Archive>
void serialize(Archive& archive, with_function& value)
{
    archive(value.kept);
}

struct with_versioned_function {
    int kept = 0;
};
template <typename Archive>
void serialize(Archive& archive, with_versioned_function& value, const unsigned)
{
    archive(value.kept);
}

struct with_int_version {
    int kept = 0;
};
template <typename Archive>
void serialize(Archive& archive, with_int_version& value, int)
{
    archive(value.kept);
}

struct with_two_functions {
    int kept = 0;
};
void serialize(cf::encoder& archive, const with_two_functions& value)
{
    archive(value.kept);
}
void serialize(cf::decoder& archive, with_two_functions& value)
{
    archive(value.kept);
}

template <typename T>
struct with_function_template {
    T kept{};
    T ignored{};
};
template <typename Archive, typename T>
void serialize(Archive& archive, with_function_template<T>& value)
{
    archive(value.kept);
}

/// One function for a family of classes, which knows each by its own type.
struct family {};
struct relative : family {
    int kept = 0;
    template <typename Archive>
    void members(Archive& archive)
    {
        archive(kept);
    }
};
template <typename Archive, std::derived_from<family> T>
void serialize(Archive& archive, T& value)
{
    value.members(archive);
}

template <typename Base>
struct adds_a_member : Base {
    int lost = 0;
};

template <typename Base>
class hides_a_member : public Base {
public:
    int lost() const { return lost_; }

private:
    int lost_ = 0;
};

template <typename Base>
struct says_so_itself : Base {
    int added = 0;
    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(Base::kept, added);
    }
};

template <typename Base>
void check_serialize()
{
    static_assert(cf::encodable<Base>);
    static_assert(!cf::encodable<adds_a_member<Base>>);
    static_assert(!cf::encodable<hides_a_member<Base>>);
    static_assert(!cf::encodable<std::vector<adds_a_member<Base>>>);
    static_assert(cf::encodable<says_so_itself<Base>>);

    Base value;
    value.kept = 3;
    EXPECT_EQ(cf::decode<Base>(cf::encode(value)).kept, 3);
    says_so_itself<Base> larger;
    larger.kept = 4;
    larger.added = 5;
    const auto copy = cf::decode<says_so_itself<Base>>(cf::encode(larger));
    EXPECT_EQ(copy.kept, 4);
    EXPECT_EQ(copy.added, 5);
}

struct empty_base {};
struct aggregate_with_base : empty_base {
    int number = 0;
};
struct aggregate_of_greedy {
    std::any anything;
};

enum class answer : bool { no, yes };

struct fat_tree {
    std::array<char, 40'000> bark{};
    std::vector<fat_tree> children;
};

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

TEST(CodecPolicies, TravelWithTheirContainer)
{
    const std::set<int, reversible> set({1, 3, 2}, reversible{true});
    const auto set_copy = round_trip(set);
    EXPECT_TRUE(set_copy.key_comp().reversed);
    EXPECT_EQ(*set_copy.begin(), 3);
    EXPECT_EQ(set_copy, set);

    const std::multimap<int, std::string, reversible> map({{1, "one"}, {2, "two"}},
                                                          reversible{true});
    EXPECT_EQ(round_trip(map), map);

    const std::unordered_set<unsigned, modulo, modulo> hash_set(
        {1, 12, 23}, 0, modulo{5}, modulo{10});
    const auto hash_copy = round_trip(hash_set);
    EXPECT_EQ(hash_copy.hash_function().divisor, 5U);
    EXPECT_EQ(hash_copy.key_eq().divisor, 10U);
    EXPECT_EQ(hash_copy.size(), 3U);
    EXPECT_TRUE(hash_copy.contains(102));

    const std::unordered_multimap<unsigned, std::string, modulo, modulo> hash_map(
        {{1, "one"}, {11, "eleven"}}, 0, modulo{5}, modulo{10});
    EXPECT_EQ(round_trip(hash_map).count(21), 2U);
}

TEST(CodecPolicies, IncludeAllocators)
{
    const std::vector<int, counted_allocator<int>> numbers({1, 2}, counted_allocator<int>(7));
    EXPECT_EQ(round_trip(numbers), numbers);
    EXPECT_EQ(round_trip(numbers).get_allocator().number(), 7);

    using text = std::basic_string<char, std::char_traits<char>, counted_allocator<char>>;
    const text word("a word", counted_allocator<char>(8));
    EXPECT_EQ(round_trip(word), word);
    EXPECT_EQ(round_trip(word).get_allocator().number(), 8);

    const std::list<std::string, counted_allocator<std::string>> words(
        {"a", "b"}, counted_allocator<std::string>(9));
    EXPECT_EQ(round_trip(words).get_allocator().number(), 9);
}

TEST(CodecPolicies, OfEmptyClassesNeedNothing)
{
    const auto by_size = [](const std::string& a, const std::string& b) {
        return a.size() < b.size();
    };
    const std::set<std::string, decltype(by_size)> words{"three", "one"};
    EXPECT_EQ(round_trip(words), words);
    EXPECT_EQ(cf::encode(std::set<int, std::greater<>>{1, 2}).size(),
              cf::encode(std::set<int>{1, 2}).size());
}

TEST(CodecPolicies, WithAStateThatCannotBeEncodedAreRefused)
{
    static_assert(!cf::encodable<std::set<int, bool (*)(int, int)>>);
    static_assert(!cf::encodable<std::multiset<int, std::function<bool(int, int)>>>);
    static_assert(!cf::encodable<std::map<int, int, private_state>>);
    static_assert(!cf::encodable<std::multimap<int, int, refers>>);
    static_assert(!cf::encodable<std::unordered_set<int, std::size_t (*)(int)>>);
    static_assert(!cf::encodable<
                  std::unordered_map<int, int, std::hash<int>, std::function<bool(int, int)>>>);
    static_assert(!cf::encodable<std::vector<std::set<int, bool (*)(int, int)>>>);
    static_assert(!cf::encodable<std::pmr::vector<int>>);
    static_assert(!cf::encodable<std::pmr::string>);
    static_assert(!cf::encodable<std::pmr::unordered_map<int, int>>);
    static_assert(!cf::encodable<std::pmr::list<int>>);
    static_assert(!cf::encodable<std::unique_ptr<int, closer>>);
    static_assert(!cf::encodable<std::unique_ptr<int, void (*)(int*)>>);
    static_assert(!cf::encodable<std::unique_ptr<int[]>>);
    SUCCEED();
}

TEST(CodecSerialize, MustBelongToTheClassItself)
{
    check_serialize<with_member>();
    check_serialize<with_version>();
    check_serialize<with_two_members>();
    check_serialize<with_halves>();
    check_serialize<with_friend>();
    check_serialize<with_function>();
    check_serialize<with_versioned_function>();
    check_serialize<with_int_version>();
    check_serialize<with_two_functions>();
    check_serialize<with_function_template<int>>();
}

TEST(CodecSerialize, MayBeForAFamilyOfClasses)
{
    relative value;
    value.kept = 6;

    EXPECT_EQ(round_trip(value).kept, 6);
}

TEST(CodecSerialize, IsNeededByAnAggregateWithABaseClass)
{
    static_assert(!cf::encodable<aggregate_with_base>);
    static_assert(!cf::encodable<aggregate_of_greedy>);
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
    EXPECT_THROW(cf::decode<answer>(cf::encode(char{2})), cf::codec_error);
    EXPECT_THROW((cf::decode<std::array<answer, 2>>(cf::encode(std::array<char, 2>{1, 2}))),
                 cf::codec_error);
    EXPECT_EQ(round_trip(answer::yes), answer::yes);
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

TEST(CodecHostileBytes, NestingOfLargeObjectsIsLimitedByTheStack)
{
    // 450 levels are fewer than the limit, and with several copies of each object on the stack too many.
    cf::byte_buffer bytes;
    cf::encoder archive(bytes);
    for (int level = 0; level != 450; ++level) {
        archive& fat_tree().bark& std::uint64_t{1};
    }
    archive& fat_tree().bark& std::uint64_t{0};
    bool refused = false;

    // A thread, since the first one's stack may be as large as anything.
    std::thread([&] {
        try {
            static_cast<void>(cf::decode<fat_tree>(bytes));
        } catch (const cf::codec_error&) {
            refused = true;
        }
    }).join();

    EXPECT_TRUE(refused);
}
