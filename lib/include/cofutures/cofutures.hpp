// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Futures and the in-process executors, without Asio. The process pool, the Asio bridge and the HTTP
/// client have headers of their own: <cofutures/process_pool_executor.hpp>, <cofutures/asio/…>,
/// <cofutures/http/…>.

#include <cofutures/any_future.hpp>
#include <cofutures/as_completed.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/error.hpp>
#include <cofutures/error_handler.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/future.hpp>
#include <cofutures/initializer.hpp>
#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/map.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/task.hpp>
#include <cofutures/this_worker.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/timeout.hpp>
#include <cofutures/version.hpp>
#include <cofutures/wait.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>
#include <cofutures/worker_count.hpp>
