// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/forked_child.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::exit_code_of_child;
using test::scripted_server;

TEST(HttpClientInAForkedChild, IsLeftAloneAndRefusesRequests)
{
    scripted_server server;
    std::optional<client> fetcher(std::in_place);
    const auto answer = fetcher->get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();

    EXPECT_EQ(exit_code_of_child([&] {
                  bool refused = false;
                  try {
                      fetcher->get(server.url("/"));
                  } catch (const executor_shut_down&) {
                      refused = true;
                  }
                  answer.add_done_callback([](const any_future&) {});
                  answer.cancel();
                  answer.request_stop();
                  const bool done = answer.wait_for(0s);
                  fetcher->stop_all();
                  fetcher.reset();
                  return refused && !done ? 0 : 1;
              }),
              0);

    connection.write_ok("the parent's");
    EXPECT_EQ(answer.result(10s).body, "the parent's");
}

} // namespace

} // namespace cofutures::http
