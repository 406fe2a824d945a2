// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/cache.h" // IWYU pragma: export
#include "tsum/tensor.h"

#include <cstdint>
#include <span>

namespace tsum {

/// Evaluates `outputs` together: what they share is computed once. Outputs that are evaluated
/// already cost nothing.
///
/// Compiles the graph the first time its signature (operations, canonical shapes and strides,
/// dtypes) is seen; later calls find the code in the cache (tsum/cache.h), and a prepared function
/// (tsum/function.h) needs not even look. May be called from several threads at once.
///
/// \throws CompileError if the compiler fails, or has gone because the process is exiting;
/// `std::bad_alloc` if memory runs out; Error for an `input` that has no data. Nothing is evaluated
/// then.
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

} // namespace tsum
