// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "python_peer.hpp"

#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bench {

python_peer::python_peer(const std::string& script)
{
    int requests[2];
    int answers[2];
    if (::pipe2(requests, O_CLOEXEC) != 0 || ::pipe2(answers, O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe to Python");
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, requests[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO);
    std::string name = "python3";
    std::string argument = script;
    char* arguments[] = {name.data(), argument.data(), nullptr};
    const int failure = ::posix_spawnp(&pid_, "python3", &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(requests[0]);
    ::close(answers[1]);
    requests_.reset(::fdopen(requests[1], "w"));
    answers_.reset(::fdopen(answers[0], "r"));
    version_ = failure == 0 ? read_line() : "";
    if (version_.empty()) {
        throw std::runtime_error("python3 cannot be started");
    }
}

python_peer::~python_peer()
{
    requests_.reset(); // it ends when it reads the end of the requests
    ::waitpid(pid_, nullptr, 0);
}

double
python_peer::measure(const std::string& contender, const std::string& scenario, std::size_t count)
{
    std::fprintf(requests_.get(), "%s %s %zu\n", contender.c_str(), scenario.c_str(), count);
    std::fflush(requests_.get());
    const std::string answer = read_line();
    char* end = nullptr;
    const double seconds = std::strtod(answer.c_str(), &end);
    if (end == answer.c_str() || seconds <= 0) {
        throw std::runtime_error("Python, " + contender + " " + scenario + ": " + answer);
    }
    return seconds;
}

std::string python_peer::read_line()
{
    std::string line;
    for (int c = 0; (c = std::fgetc(answers_.get())) != EOF && c != '\n';) {
        line += static_cast<char>(c);
    }
    return line;
}

} // namespace bench
