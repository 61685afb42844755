// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Keeping the library's descriptors out of the places of standard input, output and error. Internal.

namespace cofutures::detail {

/// Fills those of descriptors 0, 1 and 2 that are closed, so that what is opened next is above them.
///
/// Otherwise a socket or an event of ours would get such a number, and whatever is printed would be sent
/// through it. The placeholder cannot be read or written (EBADF, as before), and a program that this one
/// executes finds the descriptor closed. Every room that is about to open descriptors calls this, since
/// a program may close its standard descriptors at any time; it is cheap where they are open.
void occupy_standard_descriptors() noexcept;

/// Whether the standard descriptor is closed, or is such a placeholder.
bool is_missing_standard_descriptor(int descriptor) noexcept;

} // namespace cofutures::detail
