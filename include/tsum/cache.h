// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/error.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

/// What the caches have done since the process started.
struct CacheStats {
  std::int64_t hits = 0;   ///< look-ups that found code, or waited for another thread's compilation
  std::int64_t misses = 0; ///< look-ups that did not, and read it from disk or compiled it
  std::int64_t evictions = 0;               ///< entries unloaded to keep within the capacity
  std::int64_t entries = 0;                 ///< entries now
  std::int64_t bytes = 0;                   ///< of their code and what describes it
  std::int64_t compilations = 0;            ///< misses that nobody had on disk
  std::chrono::nanoseconds compile_time{0}; ///< summed over all misses

  std::int64_t generic_runs = 0;     ///< evaluations, of a graph or a part of one, by generic code
  std::int64_t specialized_runs = 0; ///< by code compiled for their shapes; of functions none
  std::int64_t specializations = 0;  ///< compilations that took the place of generic code

  std::int64_t disk_hits = 0;
  std::int64_t disk_misses = 0;
  std::int64_t disk_broken = 0; ///< disk misses where there was a file that could not be used
  std::int64_t disk_writes = 0;
  std::int64_t disk_failed_writes = 0;
  std::int64_t disk_errors = 0; ///< other failures of the file system, each without consequence
};

[[nodiscard]] CacheStats cache_stats();

/// Bounds the cache in memory to `entries` kernels' programs (at least 1; 1024 at the start) and to
/// `bytes` of their code (256 MB at the start; the latest stays in any case). The least recently
/// used code is unloaded, once no thread runs it. The functions that `jit` makes are bounded
/// likewise, to as many and as much code.
/// \throws Error for fewer than 1 entry or a negative number of bytes.
void set_cache_capacity(std::int64_t entries, std::int64_t bytes = std::int64_t{256} << 20);

/// Forgets all code in memory and what `jit` has made of it, unloads it once no thread runs it, and
/// keeps the counters. The disk cache stays as it is.
void clear_cache();

/// Keeps compiled code in the files of `directory`, an absolute path, which is made when it is
/// needed; empty means on no disk. At the start it is what TSUM_CACHE_DIR names, or else `tsum` in
/// XDG_CACHE_HOME or in ~/.cache. See docs/caching.md for what is trusted.
void set_cache_directory(std::string directory);
/// That directory; empty if there is none, or it may not be trusted.
[[nodiscard]] std::string cache_directory();

/// What evaluates graphs of a shape for which nothing is compiled. Generic code, which is part of
/// the library, runs any shape at once. What it takes longer than compiled code depends on the
/// graph: see docs/caching.md. It gives the same bits.
enum class Specialize : std::uint8_t {
  /// The first shape of an expression is compiled where it is asked for. Others run as generic code
  /// at once, and are compiled on a thread of low priority where they take long.
  background,
  never, ///< Generic code runs whatever it can. For the rest code is compiled.
  always ///< Every shape is compiled before it runs.
};

/// Sets that for the process, whose environment may say it, too, as TSUM_SPECIALIZE=always. At the
/// start it is `background`. Code that is known stays. Functions that `compile` makes have compiled
/// code in any case, those of `jit` if it is told so.
void set_specialize(Specialize when);
[[nodiscard]] Specialize specialize();

/// One look-up of a kind of graph that was new to the process, or no longer known.
struct CacheEvent {
  /// `Generic` is code for all shapes; `Reference` the evaluator that the compiler is tested
  /// against: slow, for what does not compile.
  enum class Origin : std::uint8_t { Memory, Disk, Compiler, Reference, Generic };

  Origin origin = Origin::Memory; ///< where the code came from
  std::string graph;              ///< the canonical graph, a line per value
  /// Of a miss: which parts of the key were new, compared with the most similar graph in memory.
  std::string novelty;
  /// Why generic code runs, or why compiled code takes its place.
  std::string reason;
  /// Where the compiler failed, at which stage and why. The graph is then evaluated in smaller
  /// kernels, or if these fail too by generic code or the reference evaluator: to the same values,
  /// but slower.
  std::string failure;
  /// What was done in which time: the compiler's stages, "disk" (reading), "write", "load".
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> stages;
  std::chrono::nanoseconds total{0};
};

/// Calls `log` with each event, on the thread that looked up; null turns that off. TSUM_LOG=cache
/// in the environment prints events to stderr instead. `log` must not evaluate anything.
void set_cache_log(std::function<void(const CacheEvent &)> log);

} // namespace tsum

#pragma GCC visibility pop
