// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/task_state.hpp>

namespace cofutures::detail {

void task_state::abandon(std::exception_ptr reason) noexcept
{
    shared_state& target = state();
    if (target.claim()) {
        destroy_work();
        target.store_error(std::move(reason));
        target.finish(phase::failed);
    }
}

} // namespace cofutures::detail
