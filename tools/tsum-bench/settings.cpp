// SPDX-License-Identifier: Apache-2.0
//
// What programs take with each setting of TSUM_SPECIALIZE: many shapes that come once, one that
// comes often, and benchmarks that warm up. Each in a process of its own, without a disk cache.

#include "Measure.h"

#include <tsum/tsum.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace tsum;

namespace {

using Clock = std::chrono::steady_clock;

constexpr Expression expressions[] = {
    {"sum", [](const Tensor &x) { return reduce_sum(x, 1); }},
    {"variance", [](const Tensor &x) { return reduce_variance(x, 1); }},
    {"softmax", [](const Tensor &x) { return softmax(x, 1); }},
};

constexpr const char *settings[] = {"always", "background", "never"};

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

const std::vector<float> &numbers() {
  static const std::vector<float> values(16 << 20, 0.5f);
  return values;
}

/// The time of a call.
template <class Build> double call(const Build &build, std::int64_t rows, std::int64_t columns) {
  const auto start = Clock::now();
  const Tensor x = borrow(numbers().data(), {rows, columns});
  eval(build(x));
  return milliseconds(Clock::now() - start);
}

/// Random shapes of up to 64 rows of 513; of `always`, fewer.
void many_shapes(const std::string &setting) {
  const int shapes = setting == "always" ? 50 : 10'000;
  for (const Expression &expression : expressions) {
    clear_cache();
    std::mt19937 random(7);
    call(expression.build, 65, 514);
    std::vector<double> first, second;
    double total = 0, memory = 0;
    for (int n = 0; n < shapes; ++n) {
      const std::int64_t rows = random() % 64 + 1, columns = random() % 513 + 1;
      first.push_back(call(expression.build, rows, columns));
      total += first.back();
      second.push_back(call(expression.build, rows, columns));
      if (n == shapes / 10)
        memory = resident_megabytes();
    }
    std::printf("%-10s %-9s %5d shapes: %8.1f ms; medians of first calls %7.1f us, of second ones "
                "%5.1f us; memory grows by %.1f MB from the first tenth on\n",
                setting.c_str(), expression.name, shapes, total, 1e3 * median(first),
                1e3 * median(second), resident_megabytes() - memory);
  }
}

/// So many calls of one shape, after one call of another one, compilation included.
void often(const std::string &setting) {
  constexpr std::pair<std::int64_t, std::int64_t> shapes[] = {
      {8, 8}, {64, 512}, {1000, 100}, {1024, 1024}, {4096, 4096}};
  for (const Expression &expression : expressions)
    for (auto [rows, columns] : shapes) {
      std::printf("%-10s %-9s [%lld,%lld]:", setting.c_str(), expression.name,
                  static_cast<long long>(rows), static_cast<long long>(columns));
      clear_cache();
      call(expression.build, 65, 514);
      double total = 0;
      int calls = 0;
      for (int wanted : {1, 10, 100, 1000}) {
        if (rows * columns > 1 << 22 && wanted > 100)
          break;
        for (; calls < wanted; ++calls)
          total += call(expression.build, rows, columns);
        std::printf("  %d calls %.2f ms", wanted, total);
      }
      std::printf("\n");
    }
}

/// As benchmarks do: each shape three times, then twenty calls, of which the median is told.
void warmed_up(const std::string &setting) {
  constexpr std::pair<std::int64_t, std::int64_t> shapes[] = {
      {8, 8}, {64, 512}, {1000, 100}, {30'000, 28}, {1024, 1024}, {4096, 4096}};
  for (const Expression &expression : expressions) {
    clear_cache();
    std::printf("%-10s %-9s after 3 calls, median of 20, us:", setting.c_str(), expression.name);
    for (auto [rows, columns] : shapes) {
      for (int n = 0; n < 3; ++n)
        call(expression.build, rows, columns);
      std::vector<double> times;
      for (int n = 0; n < 20; ++n)
        times.push_back(call(expression.build, rows, columns));
      std::printf("  [%lld,%lld] %.1f", static_cast<long long>(rows),
                  static_cast<long long>(columns), 1e3 * median(times));
    }
    std::printf("\n");
  }
}

/// Runs `measure` in a process of its own, which reads the settings anew.
template <class Measure> void in_process(const char *setting, const Measure &measure) {
  std::fflush(stdout);
  const pid_t process = ::fork();
  if (process < 0) {
    std::perror("fork");
    std::exit(1);
  }
  if (process == 0) {
    ::setenv("TSUM_SPECIALIZE", setting, 1);
    ::setenv("TSUM_CACHE_DIR", "", 1);
    (void)numbers();
    measure(setting);
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  if (::waitpid(process, &status, 0) != process || status != 0) {
    std::fprintf(stderr, "tsum-bench-settings: a process failed\n");
    std::exit(1);
  }
}

} // namespace

int main() {
  for (auto measure : {many_shapes, often, warmed_up})
    for (const char *setting : settings)
      in_process(setting, measure);
  return 0;
}
