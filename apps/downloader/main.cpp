// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "common/standard_streams.hpp"

int main(int argc, char** argv)
{
    common::occupy_standard_streams();
    return downloader::run({argv + 1, argv + argc});
}
