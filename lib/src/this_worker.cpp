// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/this_worker.hpp>

#include <utility>

#include <pthread.h>

namespace cofutures {

namespace {

std::string& current_name() noexcept
{
    thread_local std::string name;
    return name;
}

} // namespace

const std::string& this_worker::name() noexcept
{
    return current_name();
}

void detail::set_worker_name(std::string name)
{
    constexpr std::size_t kernel_limit = 15;
    pthread_setname_np(pthread_self(), name.substr(0, kernel_limit).c_str());
    current_name() = std::move(name);
}

} // namespace cofutures
