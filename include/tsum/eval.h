// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <chrono>
#include <cstdint>
#include <span>

namespace tsum {

/// Evaluates `outputs` together: what they share is computed once. Outputs that are evaluated
/// already cost nothing.
///
/// Compiles the graph the first time its signature (operations, canonical shapes and strides,
/// dtypes) is seen; later calls find the code in the cache. May be called from several threads at
/// once.
///
/// \throws CompileError if the compiler fails, or has gone because the process is exiting;
/// `std::bad_alloc` if memory runs out. Nothing is evaluated then.
void eval(std::span<const Tensor> outputs);

template <class... Tensors>
  requires(std::same_as<Tensors, Tensor> && ...)
void eval(const Tensors &...outputs) {
  const Tensor list[] = {outputs...};
  eval(std::span<const Tensor>(list));
}

/// Lets kernels use at most `count` threads: 1 keeps them on the calling thread, 0 (as at the
/// start) leaves it to the TBB arena that `eval` is called in. No number of threads changes a bit
/// of any result.
void set_threads(std::int64_t count);

/// Bounds the memory that is kept for results to come, once tensors have let go of it, to `bytes`
/// (256 MB at the start); 0 keeps none.
/// \throws Error if `bytes` is negative.
void set_pool_capacity(std::int64_t bytes);

/// Calls `hook` between two kernels of an evaluation, on the thread that evaluates; null, as at the
/// start, for nothing. What it throws ends the evaluation, which then gives no values. For host
/// programs that have signals or cancellation to look at: it should cost little.
void set_kernel_hook(void (*hook)());

/// What the kernel cache has done since the process started.
struct CacheStats {
  std::int64_t hits = 0;   ///< look-ups that found code, or waited for another thread's compilation
  std::int64_t misses = 0; ///< look-ups that compiled
  std::int64_t evictions = 0;               ///< entries unloaded to keep within the capacity
  std::int64_t entries = 0;                 ///< entries now
  std::chrono::nanoseconds compile_time{0}; ///< summed over all compilations
};

[[nodiscard]] CacheStats cache_stats();

/// Bounds the kernel cache to `entries` (at least 1; 1024 at the start); the least recently used
/// code is unloaded once no thread runs it.
void set_cache_capacity(std::int64_t entries);

/// Forgets all compiled code and keeps the counters.
void clear_cache();

} // namespace tsum
