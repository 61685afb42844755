// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "program.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cofutures::test {

namespace {

namespace fs = std::filesystem;

fs::path new_folder()
{
    std::string name = (fs::temp_directory_path() / "cofutures_program_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::system_error(errno, std::system_category(), name);
    }
    return name;
}

struct pipe_ends {
    int read;
    int write;
};

pipe_ends new_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::system_category(), "pipe2");
    }
    return {ends[0], ends[1]};
}

// Appends what is there; false at the end.
bool read_some(int descriptor, std::string& text)
{
    char bytes[4096];
    ssize_t size = 0;
    do {
        size = ::read(descriptor, bytes, sizeof bytes);
    } while (size < 0 && errno == EINTR);
    if (size > 0) {
        text.append(bytes, static_cast<std::size_t>(size));
    }
    return size > 0;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

} // namespace

program::program(fs::path executable) : executable_(std::move(executable)), folder_(new_folder()) {}

program::~program()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    fs::remove_all(folder_);
}

void program::start(const std::vector<std::string>& arguments,
                    const std::map<std::string, std::string>& extra)
{
    std::vector<std::string> words{executable_.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string variable = *each;
        const std::string name = variable.substr(0, variable.find('='));
        // Of two of the same name the first one would count; a proxy of this machine is for others.
        if (extra.count(name) == 0 && !name.ends_with("_proxy") && !name.ends_with("_PROXY")) {
            environment.push_back(variable);
        }
    }
    for (const auto& [name, value] : extra) {
        environment.push_back(name + "=" + value);
    }

    const pipe_ends out = new_pipe();
    const pipe_ends err = new_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out.write, 1);
    ::posix_spawn_file_actions_adddup2(&actions, err.write, 2);
    const int error = ::posix_spawn(&pid_,
                                    executable_.c_str(),
                                    &actions,
                                    nullptr,
                                    pointers(words).data(),
                                    pointers(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out.write);
    ::close(err.write);
    out_ = out.read;
    err_ = err.read;
    out_text_.clear();
    if (error != 0) {
        throw std::system_error(error, std::system_category(), executable_.string());
    }
}

void program::signal(int number) const
{
    ::kill(pid_, number);
}

std::string program::wait_for_line()
{
    while (out_text_.find('\n') == std::string::npos && read_some(out_, out_text_)) {
    }
    return out_text_.substr(0, out_text_.find('\n'));
}

void program::close_output()
{
    ::close(std::exchange(out_, -1));
}

program_result program::wait()
{
    // Both at once: the program must not block on one pipe while the other is being read.
    std::string err_text;
    pollfd pipes[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    std::string* const texts[] = {&out_text_, &err_text};
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        if (::poll(pipes, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        for (std::size_t i = 0; i < 2; ++i) {
            if (pipes[i].fd >= 0 && pipes[i].revents != 0 && !read_some(pipes[i].fd, *texts[i])) {
                ::close(std::exchange(pipes[i].fd, -1));
            }
        }
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, std::move(out_text_), std::move(err_text)};
}

program_result program::run(const std::vector<std::string>& arguments,
                            const std::map<std::string, std::string>& extra)
{
    start(arguments, extra);
    return wait();
}

program_result run_redirected(const std::string& executable,
                              const std::vector<std::string>& arguments,
                              const std::string& redirections)
{
    std::vector<std::string> words{"-c", "exec \"$0\" \"$@\" " + redirections, executable};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return program("/bin/sh").run(words);
}

} // namespace cofutures::test
