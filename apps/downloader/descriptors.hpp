// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the operating system lets this process have open.

#include <cstddef>

namespace downloader {

/// Raises the limit of open descriptors as far as it goes without privileges, and says how many
/// connections that affords if each takes `descriptors_each`.
///
/// Some descriptors stay in reserve for files, standard streams and the event loops. At least 1.
std::size_t affordable_connections(std::size_t descriptors_each);

} // namespace downloader
