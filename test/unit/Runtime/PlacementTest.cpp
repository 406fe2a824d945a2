// SPDX-License-Identifier: Apache-2.0
#include "Runtime/Placement.h"
#include "tsum/threads.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace tsum;

namespace {

/// A worker that has come, is restricted to some processors, and does nothing.
class Worker {
public:
  explicit Worker(const cpu_set_t *restriction = nullptr) {
    set_worker_moving(true); // only then are they known
    thread = std::thread([this, restriction] {
      if (restriction)
        sched_setaffinity(0, sizeof(*restriction), restriction);
      note_worker();
      note_worker();
      id = gettid();
      id.notify_one();
      isDone.wait(false);
    });
    id.wait(0);
  }
  ~Worker() {
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

/// As launches do that no worker comes to.
void miss_workers() {
  for (int launch = 0; launch < 100; ++launch)
    move_workers_if(/*none_came=*/true);
}

TEST(Placement, KeepTheirProcessorsWhenMoved) {
  cpu_set_t mine;
  ASSERT_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
  const Worker worker;
  miss_workers();
  cpu_set_t theirs = worker.processors();
  EXPECT_TRUE(CPU_EQUAL(&mine, &theirs));
}

TEST(Placement, StayWhereTheyAreBound) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  const Worker worker(&one);
  miss_workers();
  cpu_set_t theirs = worker.processors();
  EXPECT_TRUE(CPU_EQUAL(&one, &theirs));
}

TEST(Placement, MayEndAndComeAgain) {
  {
    const Worker ended;
  }
  miss_workers();
  const Worker another;
  miss_workers();
  move_workers_if(/*none_came=*/false);
  miss_workers();
}

} // namespace
