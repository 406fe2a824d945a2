// SPDX-License-Identifier: Apache-2.0
#include "Runtime/Helpers.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace tsum;

namespace {

/// A thread that has helped, is restricted to some processors, and does nothing.
class Helper {
public:
  explicit Helper(const cpu_set_t *restriction = nullptr) {
    thread = std::thread([this, restriction] {
      if (restriction)
        sched_setaffinity(0, sizeof(*restriction), restriction);
      note_helper();
      note_helper();
      id = gettid();
      id.notify_one();
      isDone.wait(false);
    });
    id.wait(0);
  }
  ~Helper() {
    isDone = true;
    isDone.notify_one();
    thread.join();
  }

  cpu_set_t processors() const {
    cpu_set_t set;
    CPU_ZERO(&set);
    EXPECT_EQ(sched_getaffinity(id, sizeof(set), &set), 0);
    return set;
  }

private:
  std::atomic<pid_t> id = 0;
  std::atomic<bool> isDone = false;
  std::thread thread;
};

/// As launches do that no helper comes to.
void miss_helpers() {
  for (int launch = 0; launch < 100; ++launch)
    move_helpers_if(/*none_came=*/true);
}

TEST(Helpers, KeepTheirProcessorsWhenMoved) {
  cpu_set_t mine;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
  const Helper helper;
  miss_helpers();
  cpu_set_t theirs = helper.processors();
  EXPECT_TRUE(CPU_EQUAL(&mine, &theirs));
}

TEST(Helpers, StayWhereTheyAreBound) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  const Helper helper(&one);
  miss_helpers();
  cpu_set_t theirs = helper.processors();
  EXPECT_TRUE(CPU_EQUAL(&one, &theirs));
}

TEST(Helpers, MayEndAndComeAgain) {
  {
    const Helper ended;
  }
  miss_helpers();
  const Helper another;
  miss_helpers();
  move_helpers_if(/*none_came=*/false);
  miss_helpers();
}

} // namespace
