// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Standard input, output and error of a program that loses nothing of what it says.

#include <cstdio>
#include <string>
#include <string_view>

namespace common {

/// Makes sure that descriptors 0, 1 and 2 are taken, so that no socket or file gets what was for a
/// person, or feeds the program as if a person had written it.
///
/// Streams that were closed still cannot be used: reading and writing fail, as before. For the first
/// line of `main`.
void occupy_standard_streams() noexcept;

/// Writes `text` into the stream's buffer.
///
/// **Throws** `std::system_error` "cannot write NAME: REASON" if it cannot be written, as on a full
///   disk, to a pipe that nobody reads (where SIGPIPE is ignored), or to a closed stream.
void put(std::FILE* stream, const std::string& name, std::string_view text);

/// Writes what is in the buffer. **Throws** As `put`.
void flush(std::FILE* stream, const std::string& name);

/// `put` and `flush`.
void write(std::FILE* stream, const std::string& name, std::string_view text);

/// `write` to standard output, under that name.
void write_out(std::string_view text);

/// Writes to standard error what goes wrong while the program ends. A failure is ignored: nobody is
/// left to tell, and the exit status says that something went wrong.
void complain(std::string_view text) noexcept;

} // namespace common
