// SPDX-License-Identifier: Apache-2.0
//
// The search of test/fuzz notices whatever may happen to a test.
#include "../../fuzz/Worker.h"

#include <gmock/gmock.h>

#include <csignal>
#include <stdexcept>
#include <thread>
#include <unistd.h>

using namespace tsum::fuzz;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr Worker::Limits quietly{120s, /*is_quiet=*/true};

TEST(FuzzWorker, TestsAllSeedsThatAreRight) {
  Worker worker;
  worker.start(3, 12, [](Seed seed) { return Outcome{"", seed * 1ms}; }, quietly);
  worker.wait();
  EXPECT_EQ(worker.wrong(), "");
  EXPECT_EQ(worker.done(), 10);
  EXPECT_EQ(worker.longest_compile(), 12ms);
}

TEST(FuzzWorker, EndsWithTheFirstThatIsWrong) {
  Worker worker;
  worker.start(
      0, 12, [](Seed seed) { return Outcome{seed < 5 ? "" : "seed " + std::to_string(seed)}; },
      quietly);
  worker.wait();
  EXPECT_EQ(worker.wrong(), "seed 5");
  EXPECT_EQ(worker.seed(), 5U);
  EXPECT_EQ(worker.done(), 5);
}

TEST(FuzzWorker, SaysHowTheProcessEnded) {
  auto wrong = [](const Worker::Test &test, std::chrono::seconds limit = 120s) {
    return run_alone(1, test, {limit, /*is_quiet=*/true}).wrong;
  };
  EXPECT_THAT(wrong([](Seed) -> Outcome {
                std::signal(SIGSEGV, SIG_DFL); // a sanitizer has a handler
                std::raise(SIGSEGV);
                return {};
              }),
              StartsWith("crashes: "));
  EXPECT_EQ(wrong([](Seed) -> Outcome { throw std::runtime_error("no"); }), "throws: no");
  EXPECT_EQ(wrong([](Seed) -> Outcome { ::_exit(3); }), "ends the process with status 3");
  EXPECT_THAT(wrong(
                  [](Seed) -> Outcome {
                    for (;;)
                      std::this_thread::sleep_for(1s);
                  },
                  1s),
              HasSubstr("does not end"));
}

} // namespace
