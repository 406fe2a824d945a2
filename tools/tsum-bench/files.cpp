// SPDX-License-Identifier: Apache-2.0
//
// tsum-bench-files [BYTES [FOLDER]]: how fast reductions of a file in the page cache are, read in
// pieces, mapped for each evaluation, and mapped once for all; and how fast it is only read, by as
// many threads. Prints a Markdown table.

#include <tsum/npy.h>
#include <tsum/stream.h>
#include <tsum/threads.h>
#include <tsum/tsum.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tsum;

namespace {

constexpr std::int64_t columns = 1024;
constexpr std::size_t rounds = 7;

using Run = std::function<void()>;

/// Seconds, of runs in turns: the best of each, since what else a machine does can only add.
std::vector<double> best_times(const std::vector<Run> &runs) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> best(runs.size(), 1e9);
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t n = 0; n < runs.size(); ++n) {
      const auto start = Clock::now();
      runs[n]();
      best[n] = std::min(best[n], std::chrono::duration<double>(Clock::now() - start).count());
    }
  return best;
}

/// Reads all of a file to one buffer for each thread, which stay in caches.
void read_only(const std::filesystem::path &path, std::int64_t bytes) {
  constexpr std::int64_t piece = 1 << 20;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::int64_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> readers;
  for (std::int64_t first = 0; first < threads; ++first)
    readers.emplace_back([=] {
      std::vector<char> buffer(piece);
      for (std::int64_t at = first * piece; at < bytes; at += threads * piece)
        if (::pread(file, buffer.data(), piece, at) < 0)
          std::perror("pread");
    });
  readers.clear();
  ::close(file);
}

struct Case {
  std::string name;
  std::function<std::vector<Tensor>(const Tensor &)> outputs;
};

const std::vector<Case> cases = {
    {"sum of all elements", [](const Tensor &x) { return std::vector{reduce_sum(x)}; }},
    {"sum over axis 0", [](const Tensor &x) { return std::vector{reduce_sum(x, 0)}; }},
    {"sum over axis 1", [](const Tensor &x) { return std::vector{reduce_sum(x, 1)}; }},
    {"mean and maximum over axis 0, minimum, sum over axis 1",
     [](const Tensor &x) {
       return std::vector{reduce_mean(x, 0), reduce_max(x, 0), reduce_min(x), reduce_sum(x, 1)};
     }},
    {"standard deviation, two passes", [](const Tensor &x) { return std::vector{reduce_std(x)}; }},
    {"exact sum",
     [](const Tensor &x) {
       return std::vector{reduce_sum(x, all_axes, {.accuracy = Accuracy::exact})};
     }},
};

} // namespace

int main(int argc, char **argv) {
  const std::int64_t wanted = argc > 1 ? std::stoll(argv[1]) : std::int64_t{2} << 30;
  const std::filesystem::path folder =
      argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path();
  const std::filesystem::path path = folder / ("tsum-bench-" + std::to_string(::getpid()) + ".npy");
  const std::int64_t rows = std::max<std::int64_t>(1, wanted / (4 * columns));
  const double bytes = 4. * columns * static_cast<double>(rows);
  std::vector<float> down(static_cast<std::size_t>(rows)), across(columns);
  for (std::size_t n = 0; n < down.size(); ++n)
    down[n] = std::sin(static_cast<float>(n));
  for (std::size_t n = 0; n < across.size(); ++n)
    across[n] = std::cos(static_cast<float>(n));
  save_npy(path, constant(down, {rows, 1}) * constant(across, {1, columns}));

  const Tensor mapped = load_npy(path);
  const Tensor in_pieces = open_npy(path);
  std::printf("| GB/s | read only | in pieces | mapped anew | mapped |\n|---|---|---|---|---|\n");
  for (const Case &each : cases) {
    auto evaluate = [&each](const Tensor &x) { return [&] { eval(each.outputs(x)); }; };
    const std::vector<double> times =
        best_times({[&] { read_only(path, static_cast<std::int64_t>(bytes)); }, evaluate(in_pieces),
                    [&] { eval(each.outputs(load_npy(path))); }, evaluate(mapped)});
    std::printf("| %s |", each.name.c_str());
    for (double time : times)
      std::printf(" %.1f |", bytes / time / 1e9);
    std::printf("\n");
    std::fflush(stdout);
  }
  std::filesystem::remove(path);
}
