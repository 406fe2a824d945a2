// SPDX-License-Identifier: Apache-2.0
//
// What memory gives: runs of bytes are read once, with nothing to do but an exclusive or.
// peers/limit.py calls it for the arrays that the peers reduce.

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <cstdint>

namespace {

typedef std::uint64_t Line __attribute__((vector_size(64)));
typedef std::uint64_t StoredLine __attribute__((vector_size(64), aligned(1)));

constexpr std::int64_t unroll = 8; ///< lines at a time

/// The exclusive or of `count` lines, read in `streams` places at once: one stream is the fastest
/// in L1 and L2, four where the hardware's prefetchers have to look ahead.
template <std::int64_t streams> void read_lines(const StoredLine *lines, std::int64_t count) {
  constexpr std::int64_t each = unroll / streams;
  const std::int64_t apart = count / streams / each * each;
  Line sums[unroll] = {};
  for (std::int64_t i = 0; i < apart; i += each)
    for (std::int64_t s = 0; s < streams; ++s)
      for (std::int64_t k = 0; k < each; ++k)
        sums[s * each + k] ^= lines[s * apart + i + k];
  for (std::int64_t i = streams * apart; i < count; ++i)
    sums[0] ^= lines[i];
  asm volatile("" ::"r"(sums) : "memory");
}

template <std::int64_t streams>
void read_runs(const char *data, std::int64_t begin, std::int64_t end, std::int64_t bytes,
               std::int64_t stride) {
  for (std::int64_t run = begin; run < end; ++run)
    read_lines<streams>(reinterpret_cast<const StoredLine *>(data + run * stride), bytes / 64);
}

} // namespace

/// Reads the 64-byte lines of `runs` runs of `bytes` bytes, the first at `data` and the others `stride` bytes apart, in `streams` (1 or 4) places at once, on
/// `threads` threads.
extern "C" [[gnu::visibility("default")]] void tsum_bench_read(const char *data, std::int64_t runs,
                                                               std::int64_t bytes,
                                                               std::int64_t stride, int streams,
                                                               int threads) {
  const auto read = streams == 1 ? read_runs<1> : read_runs<4>;
  // One run is divided, several are dealt out.
  const std::int64_t share = bytes / threads / 64 * 64;
  const auto read_share = [&](std::int64_t thread) {
    if (runs == 1)
      read(data + thread * share, 0, 1, share, 0);
    else
      read(data, runs * thread / threads, runs * (thread + 1) / threads, bytes, stride);
  };
  if (threads == 1)
    return read_share(0);
  static tbb::task_arena arena;
  arena.execute([&] { tbb::parallel_for(0, threads, read_share, tbb::static_partitioner()); });
}
