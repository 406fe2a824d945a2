// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/cache.h" // IWYU pragma: export
#include "tsum/tensor.h"
#include "tsum/threads.h" // IWYU pragma: export

#include <cstdint>
#include <span>

#pragma GCC visibility push(default)

namespace tsum {

/// Evaluates `outputs` together: what they share is computed once. Outputs that are evaluated
/// already cost nothing.
///
/// Compiles the graph the first time its signature (operations, canonical shapes and strides,
/// dtypes) is seen; later calls find the code in the cache (tsum/cache.h), and a prepared function
/// (tsum/function.h) needs not even look. May be called from several threads at once.
///
/// Where the compiler fails, takes longer than 10 s and 20 ms for each operation, or has gone
/// because the process is exiting, the graph is evaluated in smaller kernels, or at last without
/// any, element by element: to the same values, but slower. The first time, a line on stderr says
/// so.
///
/// \throws `std::bad_alloc` if memory runs out; Error for an `input` that has no data. Nothing is
/// evaluated then.
void eval(std::span<const Tensor> outputs);

template <class... Tensors>
  requires(std::same_as<Tensors, Tensor> && ...)
void eval(const Tensors &...outputs) {
  const Tensor list[] = {outputs...};
  eval(std::span<const Tensor>(list));
}

/// Bounds the memory that is kept for results to come, once tensors have let go of it, to `bytes`
/// (256 MB at the start); 0 keeps none.
/// \throws Error if `bytes` is negative.
void set_pool_capacity(std::int64_t bytes);

/// Calls `hook` before each kernel of an evaluation, on the thread that evaluates; null, as at the
/// start, for nothing. What it throws ends the evaluation, which then gives no values. For host
/// programs that have signals or cancellation to look at: it should cost little.
void set_kernel_hook(void (*hook)());

} // namespace tsum

#pragma GCC visibility pop
