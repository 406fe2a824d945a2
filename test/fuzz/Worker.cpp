// SPDX-License-Identifier: Apache-2.0
#include "Worker.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tsum::fuzz {

using Clock = std::chrono::steady_clock;

struct Worker::Report {
  std::atomic<Seed> seed;
  std::atomic<std::int64_t> done;
  std::atomic<Clock::rep> began; ///< the test of `seed`
  std::atomic<std::chrono::nanoseconds::rep> longest_compile;
  char wrong[16384];
};

// Exit codes of the process; a sanitizer's are others.
constexpr int all_right = 0;
constexpr int found = 7;

Worker::~Worker() {
  if (process > 0) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  if (report)
    ::munmap(report, sizeof(Report));
}

void Worker::start(Seed first, Seed last, const Test &test, const Limits &new_limits) {
  if (!report) {
    void *memory =
        ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      throw std::bad_alloc();
    report = new (memory) Report;
  }
  limits = new_limits;
  failure.clear();
  report->seed = first;
  report->done = 0;
  report->longest_compile = 0;
  report->wrong[0] = '\0';
  report->began = Clock::now().time_since_epoch().count();
  std::fflush(nullptr);
  process = ::fork();
  if (process < 0)
    throw std::bad_alloc();
  if (process > 0)
    return;
  if (limits.is_quiet) {
    const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nothing, STDOUT_FILENO);
    ::dup2(nothing, STDERR_FILENO);
  }
  for (Seed seed = first;; ++seed) {
    report->seed = seed;
    report->began = Clock::now().time_since_epoch().count();
    const Outcome outcome = [&]() -> Outcome {
      try {
        return test(seed);
      } catch (const std::exception &error) {
        return {std::string("throws: ") + error.what()};
      }
    }();
    report->longest_compile =
        std::max(report->longest_compile.load(), outcome.compile_time.count());
    if (!outcome.wrong.empty()) {
      std::strncpy(report->wrong, outcome.wrong.c_str(), sizeof(report->wrong) - 1);
      ::_exit(found);
    }
    ++report->done;
    if (seed == last)
      ::_exit(all_right);
  }
}

bool Worker::has_ended() {
  int status = 0;
  if (::waitpid(process, &status, WNOHANG) != process) {
    if (Clock::now().time_since_epoch() - Clock::duration(report->began) < limits.per_seed)
      return false;
    ::kill(process, SIGKILL);
    ::waitpid(process, &status, 0);
    failure = "does not end in " + std::to_string(limits.per_seed.count()) + " s";
  } else if (WIFSIGNALED(status)) {
    failure = std::string("crashes: ") + ::strsignal(WTERMSIG(status));
  } else if (WEXITSTATUS(status) == found) {
    failure = report->wrong;
  } else if (WEXITSTATUS(status) != all_right) {
    failure = "ends the process with status " + std::to_string(WEXITSTATUS(status));
  }
  process = 0;
  return true;
}

void Worker::wait() {
  while (!has_ended())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

Seed Worker::seed() const { return report ? report->seed.load() : 0; }
std::int64_t Worker::done() const { return report ? report->done.load() : 0; }
std::chrono::nanoseconds Worker::longest_compile() const {
  return std::chrono::nanoseconds(report ? report->longest_compile.load() : 0);
}

Outcome run_alone(Seed seed, const Worker::Test &test, const Worker::Limits &limits) {
  Worker worker;
  worker.start(seed, seed, test, limits);
  worker.wait();
  return {worker.wrong(), worker.longest_compile()};
}

} // namespace tsum::fuzz
