// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace downloader {

namespace {

// What a shell can offer as the value of an option.
enum class value { none, file, folder, other };

struct described_option {
    std::vector<std::string> brief; ///< without dashes
    std::vector<std::string> full;  ///< without dashes
    std::string text;
    std::string value_name;
    value takes = value::none;
    bool repeats = false;

    std::vector<std::string> names() const
    {
        std::vector<std::string> all;
        for (const std::string& name : brief) {
            all.push_back("-" + name);
        }
        for (const std::string& name : full) {
            all.push_back("--" + name);
        }
        return all;
    }
};

struct described_command {
    std::string name;
    std::string text;
    std::vector<described_option> options;
    std::vector<std::string> words; ///< what may stand beside the options
};

value value_of(const CLI::Option& option)
{
    if (option.get_items_expected_max() == 0) {
        return value::none;
    }
    const std::string name = option.get_type_name();
    if (name == "DIR") {
        return value::folder;
    }
    return name == "FILE" || name == "REPORT" ? value::file : value::other;
}

// "a|b" names two words; anything else is free text.
std::vector<std::string> words_of(const std::string& type_name)
{
    std::vector<std::string> words;
    if (type_name.find('|') != std::string::npos) {
        words = CLI::detail::split(type_name, '|');
    }
    return words;
}

std::vector<described_command> commands_of(const CLI::App& app)
{
    std::vector<described_command> commands;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
        described_command command{each->get_name(), each->get_description(), {}, {}};
        for (const CLI::Option* option : each->get_options()) {
            if (option->get_positional()) {
                command.words = words_of(option->get_type_name());
                continue;
            }
            command.options.push_back({option->get_snames(),
                                       option->get_lnames(),
                                       option->get_description(),
                                       option->get_type_name(),
                                       value_of(*option),
                                       option->get_expected_max() > 1});
        }
        commands.push_back(std::move(command));
    }
    return commands;
}

std::string replaced(std::string text, std::string_view what, std::string_view by)
{
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

std::string bash_script(const std::vector<described_command>& commands)
{
    std::vector<std::string> names;
    std::string values;
    std::string options;
    for (const described_command& command : commands) {
        names.push_back(command.name);
        std::vector<std::string> all;
        for (const described_option& option : command.options) {
            for (const std::string& name : option.names()) {
                all.push_back(name);
                if (option.takes != value::none) {
                    values += fmt::format("        {}:{}) {} return ;;\n",
                                          command.name,
                                          name,
                                          option.takes == value::file     ? "_downloader_offer -f;"
                                          : option.takes == value::folder ? "_downloader_offer -d;"
                                                                          : "");
                }
            }
        }
        all.insert(all.end(), command.words.begin(), command.words.end());
        options += fmt::format(
            "        {}) _downloader_offer -W '{}' ;;\n", command.name, fmt::join(all, " "));
    }
    return fmt::format(R"(# bash completion for downloader
_downloader_offer() {{
    mapfile -t COMPREPLY < <(compgen "$@" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
_downloader() {{
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        _downloader_offer -W '{} --help --version'
        return
    fi
    case "${{COMP_WORDS[1]}}:${{COMP_WORDS[COMP_CWORD-1]}}" in
{}    esac
    case "${{COMP_WORDS[1]}}" in
{}    esac
}}
complete -o filenames -F _downloader downloader
)",
                       fmt::join(names, " "),
                       values,
                       options);
}

// Within '...[text]...': neither may end early.
std::string zsh_text(const std::string& text)
{
    std::string result = replaced(text, "\\", "\\\\");
    for (const char* special : {"[", "]", ":"}) {
        result = replaced(result, special, std::string("\\") + special);
    }
    return replaced(result, "'", "'\\''");
}

std::string zsh_option(const described_option& option)
{
    std::string value_text;
    if (option.takes != value::none) {
        value_text = ":" + zsh_text(option.value_name) + ":";
        value_text += option.takes == value::file     ? "_files"
                      : option.takes == value::folder ? "_files -/"
                                                      : "";
    }
    const std::vector<std::string> names = option.names();
    std::string lines;
    for (const std::string& name : names) {
        const std::string before =
            option.repeats ? "*" : fmt::format("({})", fmt::join(names, " "));
        // --name=VALUE and -nVALUE are understood, too.
        const char* joint = option.takes == value::none ? "" : name.starts_with("--") ? "=" : "+";
        lines += fmt::format(" \\\n                '{}{}{}[{}]{}'",
                             before,
                             name,
                             joint,
                             zsh_text(option.text),
                             value_text);
    }
    return lines;
}

std::string zsh_script(const std::vector<described_command>& commands)
{
    std::string names;
    std::string cases;
    for (const described_command& command : commands) {
        names += fmt::format("        '{}:{}'\n", command.name, zsh_text(command.text));
        cases += fmt::format("        {})\n            _arguments", command.name);
        for (const described_option& option : command.options) {
            cases += zsh_option(option);
        }
        if (!command.words.empty()) {
            cases +=
                fmt::format(" \\\n                '1:word:({})'", fmt::join(command.words, " "));
        }
        cases += " ;;\n";
    }
    return fmt::format(R"(#compdef downloader
_downloader() {{
    local -a commands
    commands=(
{}    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
{}    esac
}}
compdef _downloader downloader
)",
                       names,
                       cases);
}

std::string fish_text(const std::string& text)
{
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_script(const std::vector<described_command>& commands)
{
    std::string script = "# fish completion for downloader\ncomplete -c downloader -f\n";
    for (const described_command& command : commands) {
        script += fmt::format("complete -c downloader -n __fish_use_subcommand -a {} -d {}\n",
                              command.name,
                              fish_text(command.text));
    }
    for (const described_command& command : commands) {
        if (!command.words.empty()) {
            script +=
                fmt::format("complete -c downloader -n '__fish_seen_subcommand_from {}' -a '{}'\n",
                            command.name,
                            fmt::join(command.words, " "));
        }
        for (const described_option& option : command.options) {
            script += fmt::format("complete -c downloader -n '__fish_seen_subcommand_from {}'",
                                  command.name);
            for (const std::string& name : option.brief) {
                script += " -s " + name;
            }
            for (const std::string& name : option.full) {
                script += " -l " + name;
            }
            switch (option.takes) {
            case value::none:
                break;
            case value::file:
                script += " -r -F";
                break;
            case value::folder:
                script += " -x -a '(__fish_complete_directories)'";
                break;
            case value::other:
                script += " -x";
                break;
            }
            script += " -d " + fish_text(option.text) + "\n";
        }
    }
    return script;
}

} // namespace

std::string completion_script(shell which, const CLI::App& app)
{
    const std::vector<described_command> commands = commands_of(app);
    switch (which) {
    case shell::bash:
        return bash_script(commands);
    case shell::zsh:
        return zsh_script(commands);
    case shell::fish:
        return fish_script(commands);
    }
    return {};
}

} // namespace downloader
