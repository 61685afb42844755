// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/exceptions.hpp>

struct bad_row : std::runtime_error {
    using std::runtime_error::runtime_error;
    bad_row() : std::runtime_error("bad row") {}
    int row = 0;
    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(row);
    }
};
struct bad_cell : bad_row {
    using bad_row::bad_row;
    int column = 0;
};
void mistake()
{
    cofutures::process::register_exception<bad_cell>();
}
