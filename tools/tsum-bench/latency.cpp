// SPDX-License-Identifier: Apache-2.0
//
// What compiling, finding and calling kernels costs. Prints a table and, with --json=FILE, the same
// as JSON. `--memory` adds 10,000 shapes through a cache of 256, which takes a minute.

#include "Measure.h"

#include <tsum/tsum.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tsum;

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Row {
  std::string name;
  double value;
  const char *unit;
  double limit; ///< that docs/caching.md promises, or 0
};

/// An empty directory that is removed again.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    if (!::mkdtemp(path.data())) {
      std::perror("mkdtemp");
      std::exit(1);
    }
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  [[nodiscard]] const std::string &name() const { return path; }

private:
  std::string path = std::filesystem::temp_directory_path() / "tsum-latency-XXXXXX";
};

Tensor variance(const Tensor &x) {
  const auto count = static_cast<float>(x.shape()[1]);
  Tensor mean = reduce_sum(x, 1, /*keepdims=*/true) / count;
  return reduce_sum(square(x - mean), 1) / count;
}

Tensor data_of(std::int64_t rows, std::int64_t columns) {
  std::vector<float> values(static_cast<std::size_t>(rows * columns), 1.5f);
  return constant(std::span<const float>(values), {rows, columns});
}

/// The median over 50 shapes of what each compilation takes, all its graphs together.
template <class Build> double cold_compile(const Build &build) {
  std::vector<double> times;
  for (std::int64_t n = 0; n < 51; ++n) {
    Tensor x = data_of(100 + 3 * n, 300 + 7 * n);
    const auto before = cache_stats().compile_time;
    eval(build(x));
    if (n > 0) // the first one sets the compiler up
      times.push_back(Milliseconds(cache_stats().compile_time - before).count());
  }
  return median(times);
}

/// The median of finding kernels on disk and loading them.
double disk_hit() {
  TemporaryDirectory directory;
  std::vector<double> times;
  for (bool warm : {false, true}) {
    set_cache_directory(directory.name());
    clear_cache();
    for (std::int64_t n = 0; n < 50; ++n) {
      const auto before = cache_stats().compile_time;
      eval(reduce_sum(data_of(100 + 3 * n, 310 + 7 * n), 1));
      if (warm)
        times.push_back(Milliseconds(cache_stats().compile_time - before).count());
    }
  }
  set_cache_directory("");
  return median(times);
}

/// Nanoseconds per call, the least of several runs.
template <class Call> double time_call(const Call &call) {
  constexpr int calls = 20'000;
  double least = 1e9;
  for (int run = 0; run < 9; ++run) {
    const auto start = Clock::now();
    for (int n = 0; n < calls; ++n)
      call();
    least = std::min(least, std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
                                calls);
  }
  return least;
}

double prepared_call() {
  Tensor x = input(DType::f32, {8, 8});
  Function sum = compile({x}, {reduce_sum(x)});
  std::array<float, 64> values{};
  float result = 0;
  const std::array<const void *, 1> in = {values.data()};
  const std::array<void *, 1> out = {&result};
  return time_call([&] { sum(in, out); });
}

double lazy_call() {
  Tensor x = data_of(8, 8);
  return time_call([&] {
    volatile float result = reduce_sum(x).item<float>();
    static_cast<void>(result);
  });
}

/// Microseconds per hit of 8 threads, 100,000 hits in all, and that none compiled.
double threaded_hits() {
  static_cast<void>(reduce_sum(data_of(8, 8)).item<float>());
  const CacheStats before = cache_stats();
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread)
      threads.emplace_back([] {
        Tensor x = data_of(8, 8);
        for (int n = 0; n < 12'500; ++n)
          eval(reduce_sum(x));
      });
  }
  const auto time = Clock::now() - start;
  const CacheStats after = cache_stats();
  if (after.misses != before.misses || after.hits - before.hits != 100'000) {
    std::cerr << "tsum-bench-latency: hits were lost\n";
    std::exit(1);
  }
  return std::chrono::duration<double, std::micro>(time).count() / 100'000;
}

/// What a process of its own does: writes to `file` how long its first evaluation takes.
int first_evaluation(const std::string &file) {
  std::vector<float> values(64 * 128, 1.0f);
  const auto start = Clock::now();
  Tensor x = borrow(values.data(), {64, 128});
  static_cast<void>(reduce_sum(x, 1).data<float>());
  std::ofstream(file) << Milliseconds(Clock::now() - start).count();
  return 0;
}

/// Whether `program` succeeds.
bool run(std::string program, std::string argument) {
  char *const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t process = 0;
  int status = 0;
  return ::posix_spawn(&process, program.c_str(), nullptr, nullptr, arguments, environ) == 0 &&
         ::waitpid(process, &status, 0) == process && status == 0;
}

/// Medians over processes: of the first evaluation alone and of all, start and end included.
std::pair<double, double> in_processes(const std::string &program, bool is_warm) {
  std::vector<double> evaluations, totals;
  TemporaryDirectory cache, output;
  const std::string file = output.name() + "/milliseconds";
  ::setenv("TSUM_CACHE_DIR", cache.name().c_str(), 1);
  for (int round = 0; round < 21; ++round) {
    const auto start = Clock::now();
    const bool succeeded = run(program, "--first-evaluation=" + file);
    const double total = Milliseconds(Clock::now() - start).count();
    double evaluation = 0;
    if (!succeeded || !(std::ifstream(file) >> evaluation)) {
      std::cerr << "tsum-bench-latency: the process of a first evaluation failed\n";
      std::exit(1);
    }
    if (round > 0) {
      totals.push_back(total);
      evaluations.push_back(evaluation);
    }
    if (!is_warm)
      for (const auto &file : std::filesystem::directory_iterator(cache.name()))
        std::filesystem::remove(file);
  }
  return {median(evaluations), median(totals)};
}

/// By how much resident memory grows from 1,000 to 10,000 shapes.
double memory_growth() {
  set_cache_capacity(256);
  std::vector<float> values(10'100, 1.0f);
  double after_thousand = 0;
  double most = 0;
  for (std::int64_t n = 1; n <= 10'000; ++n) {
    static_cast<void>(reduce_sum(borrow(values.data(), {n + 50})).item<float>());
    if (n == 1000)
      after_thousand = resident_megabytes();
    if (n % 100 == 0 && n > 1000)
      most = std::max(most, resident_megabytes() - after_thousand);
  }
  set_cache_capacity(1024);
  return most;
}

void print(const std::vector<Row> &rows, const std::string &json) {
  for (const Row &row : rows) {
    std::printf("%-58s %10.3f %s", row.name.c_str(), row.value, row.unit);
    if (row.limit != 0)
      std::printf("  (limit %g%s)", row.limit, row.value <= row.limit ? "" : ", EXCEEDED");
    std::printf("\n");
  }
  if (json.empty())
    return;
  std::ofstream file(json);
  file << "[\n";
  for (std::size_t n = 0; n < rows.size(); ++n)
    file << "  {\"name\": \"" << rows[n].name << "\", \"value\": " << rows[n].value
         << ", \"unit\": \"" << rows[n].unit << "\", \"limit\": " << rows[n].limit << '}'
         << (n + 1 < rows.size() ? ",\n" : "\n");
  file << "]\n";
}

} // namespace

int main(int argc, char **argv) {
  std::string json;
  bool with_memory = false;
  for (int n = 1; n < argc; ++n) {
    const std::string argument = argv[n];
    if (constexpr std::string_view first = "--first-evaluation="; argument.starts_with(first))
      return first_evaluation(argument.substr(first.size()));
    if (argument == "--memory") {
      with_memory = true;
    } else if (argument.starts_with("--json=")) {
      json = argument.substr(7);
    } else {
      std::cerr << "usage: tsum-bench-latency [--memory] [--json=FILE]\n";
      return 1;
    }
  }
  set_threads(1);
  set_specialize(Specialize::always);
  std::vector<Row> rows;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  auto [cold, cold_process] = in_processes(self, /*is_warm=*/false);
  auto [warm, warm_process] = in_processes(self, /*is_warm=*/true);
  rows.push_back({"first evaluation, empty disk cache", cold, "ms", 40});
  rows.push_back({"its whole process", cold_process, "ms", 60});
  rows.push_back({"first evaluation, full disk cache", warm, "ms", 10});
  rows.push_back({"its whole process", warm_process, "ms", 20});
  set_cache_directory("");
  rows.push_back({"compilation of a sum along rows, median of 50",
                  cold_compile([](const Tensor &x) { return reduce_sum(x, 1); }), "ms", 5});
  rows.push_back({"compilation of a sum over rows, median of 50",
                  cold_compile([](const Tensor &x) { return reduce_sum(x, 0); }), "ms", 5});
  rows.push_back(
      {"compilation of a variance of rows, median of 50", cold_compile(variance), "ms", 12});
  rows.push_back({"compilation of a softmax of rows, median of 50",
                  cold_compile([](const Tensor &x) { return softmax(x, 1); }), "ms", 12});
  rows.push_back({"disk hit to a loaded kernel, median of 50", disk_hit(), "ms", 0.5});
  rows.push_back({"prepared 8x8 f32 sum, a call", prepared_call(), "ns", 150});
  rows.push_back({"lazy 8x8 f32 sum built, evaluated and read", lazy_call(), "ns", 1000});
  rows.push_back({"hit of one kernel by 8 threads, each", threaded_hits(), "us", 0});
  if (with_memory)
    rows.push_back({"growth from 1,000 to 10,000 shapes, cache of 256", memory_growth(), "MB", 64});
  print(rows, json);
  return 0;
}
