// SPDX-License-Identifier: Apache-2.0
//
// How many times as fast f32 sums are on two threads as on one, where calls follow one another, and
// a loop that only reads, as a limit. Prints a Markdown table.

#include <tsum/tsum.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace tsum;

namespace {

using Clock = std::chrono::steady_clock;

/// What is timed: with that many threads.
using Run = std::function<void(int threads)>;

/// Seconds a call, for a few milliseconds.
double time_calls(const Run &run, int threads) {
  using namespace std::chrono_literals;
  run(threads);
  const auto start = Clock::now();
  std::int64_t calls = 0;
  auto elapsed = Clock::duration();
  for (; elapsed < 5ms; elapsed = Clock::now() - start, ++calls)
    run(threads);
  return std::chrono::duration<double>(elapsed).count() / static_cast<double>(calls);
}

/// The lower quartiles of rounds in turns: what else a machine does can only add.
double speedup(const Run &run) {
  constexpr std::size_t rounds = 40;
  std::array<std::vector<double>, 2> times;
  for (std::size_t round = 0; round < rounds; ++round)
    for (int threads : {1, 2})
      times[static_cast<std::size_t>(threads - 1)].push_back(time_calls(run, threads));
  for (std::vector<double> &each : times)
    std::ranges::nth_element(each, each.begin() + rounds / 4);
  return times[0][rounds / 4] / times[1][rounds / 4];
}

/// Reads memory, a half of it by a thread that does nothing but wait for that.
class Reader {
public:
  Reader() : helper([this](const std::stop_token &stop) { help(stop); }) {}

  void read(std::span<const float> values, int threads) {
    const std::size_t mine = values.size() / static_cast<std::size_t>(threads);
    theirs = values.subspan(mine);
    const int turn = begun + 1;
    if (threads == 2)
      begun.store(turn, std::memory_order_release);
    combine(values.first(mine));
    while (threads == 2 && done.load(std::memory_order_acquire) != turn)
      ;
  }

private:
  static void combine(std::span<const float> values) {
    using Line = std::uint64_t __attribute__((vector_size(64), may_alias));
    const auto *lines = reinterpret_cast<const Line *>(values.data());
    Line sums[8] = {}; // no std::array, which ignores the type's attributes
    for (std::size_t line = 0; line + 8 <= values.size() / 16; line += 8)
      for (std::size_t n = 0; n < 8; ++n)
        sums[n] ^= lines[line + n];
    asm volatile("" : : "r"(&sums) : "memory");
  }

  void help(const std::stop_token &stop) {
    for (int turn = 0; !stop.stop_requested();) {
      if (begun.load(std::memory_order_acquire) == turn)
        continue;
      combine(theirs);
      done.store(++turn, std::memory_order_release);
    }
  }

  std::span<const float> theirs;
  std::atomic<int> begun = 0, done = 0;
  std::jthread helper; // last: it uses the others
};

/// A row of the table: the speedups of `run` for data of each size.
void print_row(const char *name, const std::vector<std::int64_t> &kilobytes,
               const std::function<Run(std::span<const float>)> &prepare) {
  std::printf("| %s |", name);
  for (std::int64_t size : kilobytes) {
    const std::size_t count = static_cast<std::size_t>(size) * 1024 / sizeof(float);
    // At a page, as large arrays are.
    std::vector<float> memory(count + 1024, 0.5f);
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    const auto *data = memory.data() + (4096 - address % 4096) % 4096 / sizeof(float);
    std::printf(" %.2f |", speedup(prepare({data, count})));
    std::fflush(stdout);
  }
  std::printf("\n");
}

Run sum(std::span<const float> values, Shape shape, const Axes &axes) {
  Tensor x = input(DType::f32, std::move(shape));
  Tensor result = reduce_sum(x, axes);
  auto results = std::make_shared<std::vector<float>>(static_cast<std::size_t>(result.size()));
  return [values, results, function = compile({x}, {result})](int threads) {
    ThreadScope scope(threads);
    const std::array<const void *, 1> in = {values.data()};
    const std::array<void *, 1> out = {results->data()};
    function(in, out);
  };
}

} // namespace

int main() {
  set_specialize(Specialize::always);
  const std::vector<std::int64_t> kilobytes = {4, 256, 512, 1024, 2048, 4096, 8192, 16384};
  std::printf("| |");
  for (std::int64_t size : kilobytes)
    std::printf(
        " %s |",
        (size < 1024 ? std::to_string(size) + " KB" : std::to_string(size / 1024) + " MB").c_str());
  std::printf("\n|---|");
  for (std::size_t n = 0; n < kilobytes.size(); ++n)
    std::printf("---|");
  std::printf("\n");

  auto columns = [](std::span<const float> values) {
    return std::min<std::int64_t>(1024, std::ssize(values) / 16);
  };
  print_row("of all", kilobytes, [](std::span<const float> values) {
    return sum(values, {std::ssize(values)}, all_axes);
  });
  print_row("over axis 1", kilobytes, [&](std::span<const float> values) {
    return sum(values, {std::ssize(values) / columns(values), columns(values)}, 1);
  });
  print_row("over axis 0", kilobytes, [&](std::span<const float> values) {
    return sum(values, {std::ssize(values) / columns(values), columns(values)}, 0);
  });
  Reader reader;
  print_row("a loop that reads", kilobytes, [&](std::span<const float> values) {
    return [&reader, values](int threads) { reader.read(values, threads); };
  });
}
