// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

namespace tsum::fuzz {

using Seed = std::uint32_t;

/// What the test of a seed came to.
struct Outcome {
  std::string wrong; ///< nothing if it is right
  std::chrono::nanoseconds compile_time{0};
};

/// A process that tests one seed after the other until one is wrong: whatever it does, it crashes
/// or hangs alone.
class Worker {
public:
  using Test = std::function<Outcome(Seed)>;
  /// What `start` lets the process do.
  struct Limits {
    std::chrono::seconds per_seed{120}; ///< after which it is killed
    bool is_quiet = false;              ///< whether what it prints is lost
  };

  Worker() = default;
  ~Worker();
  Worker(const Worker &) = delete;
  Worker &operator=(const Worker &) = delete;

  /// Starts to test the seeds from `first` to `last`, one at least.
  void start(Seed first, Seed last, const Test &test, const Limits &limits);
  [[nodiscard]] bool is_started() const { return process > 0; }
  /// Whether it has ended, after which it may be started again.
  [[nodiscard]] bool has_ended();
  void wait();

  // What is known then, and but for `wrong` before.
  [[nodiscard]] const std::string &wrong() const { return failure; } ///< with the last seed
  [[nodiscard]] Seed seed() const;                                   ///< the one it is, or was, at
  [[nodiscard]] std::int64_t done() const;                           ///< how many were right
  [[nodiscard]] std::chrono::nanoseconds longest_compile() const;

private:
  struct Report;

  Report *report = nullptr; ///< shared with the process
  pid_t process = 0;
  Limits limits;
  std::string failure;
};

/// What is wrong with a single test, made in a process of its own.
[[nodiscard]] Outcome run_alone(Seed seed, const Worker::Test &test, const Worker::Limits &limits);

} // namespace tsum::fuzz
