// SPDX-License-Identifier: Apache-2.0
//
// What memory gives: read once, with nothing to do but an exclusive or. peers/limit.py calls it for
// arrays like those that the peers reduce.

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace {

typedef std::uint64_t Line __attribute__((vector_size(64)));
typedef std::uint64_t StoredLine __attribute__((vector_size(64), aligned(1)));

constexpr std::int64_t unroll = 8; ///< lines at a time

/// The exclusive or of `count` lines, read in `streams` places at once: one stream is the fastest
/// in L1 and L2, four where the hardware's prefetchers have to look ahead.
template <std::int64_t streams> Line read_lines(const StoredLine *lines, std::int64_t count) {
  constexpr std::int64_t each = unroll / streams;
  const std::int64_t apart = count / streams / each * each;
  Line sums[unroll] = {};
  for (std::int64_t i = 0; i < apart; i += each)
    for (std::int64_t s = 0; s < streams; ++s)
      for (std::int64_t k = 0; k < each; ++k)
        sums[s * each + k] ^= lines[s * apart + i + k];
  for (std::int64_t i = streams * apart; i < count; ++i)
    sums[0] ^= lines[i];
  for (std::int64_t k = 1; k < unroll; ++k)
    sums[0] ^= sums[k];
  return sums[0];
}

template <std::int64_t streams>
std::uint64_t read_runs(const char *data, std::int64_t count, std::int64_t bytes,
                        std::int64_t stride) {
  Line sum = {};
  for (std::int64_t run = 0; run < count; ++run)
    sum ^=
        read_lines<streams>(reinterpret_cast<const StoredLine *>(data + run * stride), bytes / 64);
  std::uint64_t words = 0;
  for (int k = 0; k < 8; ++k)
    words ^= sum[k];
  return words;
}

/// Threads that each keep to a CPU of their own, the calling one among them, and spin for a while
/// before they sleep: what a scheduler does with threads is not the memory's limit.
class Team {
public:
  explicit Team(int size) : size(size) {
    cpu_set_t allowed;
    ::sched_getaffinity(0, sizeof(allowed), &allowed);
    int cpu = -1;
    for (int number = 0; number < size; ++number) {
      while (++cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &allowed)) {
      }
      pthread_t thread = ::pthread_self();
      if (number > 0) {
        std::thread member([this, number] { work(number); });
        thread = member.native_handle();
        member.detach();
      }
      cpu_set_t own;
      CPU_ZERO(&own);
      CPU_SET(cpu, &own);
      ::pthread_setaffinity_np(thread, sizeof(own), &own);
    }
  }

  void run(const std::function<void(int)> &all) {
    job = &all;
    done = 1;
    ++rounds;
    rounds.notify_all();
    all(0);
    while (done < size)
      __builtin_ia32_pause();
  }

private:
  void work(int number) {
    constexpr int patience = 10'000;
    for (int round = 0;; ++round) {
      for (int turn = 0; rounds == round; ++turn)
        turn < patience ? __builtin_ia32_pause() : rounds.wait(round);
      (*job)(number);
      ++done;
    }
  }

  const int size;
  const std::function<void(int)> *job = nullptr;
  std::atomic<int> rounds = 0, done = 0;
};

} // namespace

/// Reads the whole 64-byte lines of `runs` runs of `bytes` bytes, the first at `data` and the
/// others `stride` bytes apart, in `streams` (1 or 4) places at once, on `threads` threads. Gives
/// the exclusive or of the 64-bit words.
extern "C" [[gnu::visibility("default")]] std::uint64_t
tsum_bench_read(const char *data, std::int64_t runs, std::int64_t bytes, std::int64_t stride,
                int streams, int threads) {
  const auto read = streams == 1 ? read_runs<1> : read_runs<4>;
  if (threads == 1)
    return read(data, runs, bytes, stride);
  std::atomic<std::uint64_t> sum = 0;
  const auto read_share = [&](int thread) {
    // One run is divided, several are dealt out.
    const std::int64_t count = runs == 1 ? bytes / 64 : runs;
    const std::int64_t begin = count * thread / threads, end = count * (thread + 1) / threads;
    sum ^= runs == 1 ? read(data + begin * 64, 1, (end - begin) * 64, 0)
                     : read(data + begin * stride, end - begin, bytes, stride);
  };
  static Team &team = *new Team(threads); // whose threads never end
  team.run(read_share);
  return sum;
}
