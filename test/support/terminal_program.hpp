// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Running a program on a terminal, as a person sees it.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cofutures::test {

/// A program whose input and output are a terminal of its own, 80 columns wide and 24 lines high.
///
/// The program is killed if it outlives the object.
class terminal_program {
public:
    /// Whether this system can make terminals; a bare chroot without /dev/pts cannot.
    static bool possible();

    terminal_program(std::filesystem::path executable, std::filesystem::path folder);
    ~terminal_program();

    terminal_program(const terminal_program&) = delete;
    terminal_program& operator=(const terminal_program&) = delete;

    /// Starts it with `terminal` as the name of the terminal's type (TERM).
    void start(const std::vector<std::string>& arguments, const std::string& terminal = "xterm");

    /// Types these characters.
    void type(const std::string& keys) const;

    /// Reads until the output matches a regular expression somewhere; false if it ends before,
    /// or does not come for long.
    bool wait_for(const std::string& pattern);

    /// Waits for the end and returns the exit status, 128 + N if signal N ended it.
    int wait();

    /// What it wrote so far, escape sequences included.
    const std::string& output() const noexcept { return output_; }

private:
    bool read_some();

    std::filesystem::path executable_;
    std::filesystem::path folder_;
    pid_t pid_ = -1;
    int master_ = -1;
    std::string output_;
};

} // namespace cofutures::test
