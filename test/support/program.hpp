// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Running a program as a person would, and looking at what it said.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cofutures::test {

/// What a program left behind.
struct program_result {
    int status = -1; ///< the exit status; 128 + N if signal N ended it
    std::string out;
    std::string err;
};

/// A program in a folder of its own, which is removed with this object.
///
/// Its output goes through pipes, not to terminals. The program is killed if it outlives the
/// object.
class program {
public:
    explicit program(std::filesystem::path executable);
    ~program();

    program(const program&) = delete;
    program& operator=(const program&) = delete;

    /// Starts it in `folder()`, with `extra` added to this process's environment.
    void start(const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& extra = {});

    void signal(int number) const;

    /// Waits for the end.
    program_result wait();

    /// Reads the first line of its output as soon as it is there.
    std::string wait_for_line();

    /// Reads no more of its output, as a pipe's reader that has gone away.
    void close_output();

    /// `start` and `wait`.
    program_result run(const std::vector<std::string>& arguments,
                       const std::map<std::string, std::string>& extra = {});

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    std::filesystem::path executable_;
    std::filesystem::path folder_;
    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::string out_text_;
};

/// Runs a program with some of its streams led elsewhere: `redirections` are the shell's, such as
/// ">/dev/full 2>&-". The folder it runs in is gone afterwards.
program_result run_redirected(const std::string& executable,
                              const std::vector<std::string>& arguments,
                              const std::string& redirections);

} // namespace cofutures::test
