// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/promise.hpp>

cofutures::promise<int&&> mistake;
