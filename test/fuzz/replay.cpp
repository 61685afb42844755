// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Gives a fuzz target each file of its corpus, then mutations of them: the same ones in every run.
// It finds no new paths as libFuzzer does; it keeps what was found from coming back, with any compiler.

#include "fuzz_target.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using inputs = std::vector<std::string>;

// What is under way, for the handler of a signal that ends the program.
const char* current_bytes = nullptr;
std::size_t current_size = 0;

void run(const std::string& input)
{
    // A copy of exactly this size: a read past the end must not find a string's spare room.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    current_bytes = input.data();
    current_size = input.size();
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

extern "C" void tell_input(int signal)
{
    // Nothing here can fail in a way that would help anybody.
    const auto written = ::write(STDERR_FILENO, current_bytes, current_size);
    static_cast<void>(written);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

// Sorted, because the order of a directory differs from one machine to the next.
inputs corpus_of(const char* folder)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    inputs found;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        found.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return found;
}

class mutator {
public:
    explicit mutator(const inputs& corpus) : corpus_(corpus) {}

    std::string next()
    {
        std::string text = any_input();
        for (std::size_t change = 0; change <= below(4); ++change) {
            mutate(text);
        }
        return text;
    }

private:
    // Not std::uniform_int_distribution, which differs between libraries.
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

    const std::string& any_input() { return corpus_[below(corpus_.size())]; }

    void mutate(std::string& text)
    {
        const std::size_t at = below(text.size() + 1);
        const std::size_t length = below(std::min<std::size_t>(text.size() - at, 16) + 1);
        switch (below(7)) {
        case 0:
            if (at < text.size()) {
                text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
            }
            break;
        case 1:
            text.insert(at, 1, static_cast<char>(below(256)));
            break;
        case 2:
            text.erase(at, length);
            break;
        case 3:
            text.insert(below(text.size() + 1), text.substr(at, length));
            break;
        case 4:
            text.resize(at);
            break;
        case 5: {
            const std::string& other = any_input();
            text.replace(at, length, other, below(other.size() + 1), below(64));
            break;
        }
        default:
            text.insert(at, telling_[below(std::size(telling_))]);
        }
    }

    // Where lengths, signs and encodings go wrong.
    static constexpr const char* telling_[] = {"0",
                                               "-1",
                                               "18446744073709551615",
                                               "4294967296",
                                               "%",
                                               "%00",
                                               "..",
                                               "//",
                                               "\r\n",
                                               "\n",
                                               "\xff",
                                               ":",
                                               " "};

    const inputs& corpus_;
    std::mt19937 random_{20'261'121};
};

} // namespace

int main(int argc, char** argv)
{
    const int mutations = argc == 3 ? std::atoi(argv[2]) : 0;
    if (mutations <= 0) {
        std::fprintf(stderr, "usage: %s FOLDER MUTATIONS\n", argv[0]);
        return 2;
    }
    const inputs corpus = corpus_of(argv[1]);
    if (corpus.empty()) {
        std::fprintf(stderr, "%s: no files in %s\n", argv[0], argv[1]);
        return 1;
    }
    std::signal(SIGABRT, tell_input);
    for (const std::string& input : corpus) {
        run(input);
    }
    mutator changed(corpus);
    for (int i = 0; i < mutations; ++i) {
        run(changed.next());
    }
    std::printf("%zu files, %d mutations\n", corpus.size(), mutations);
}
