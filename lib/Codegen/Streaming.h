// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Value.h"

namespace tsum {

/// The argument or allocation that a buffer lies in.
mlir::Value memoryOf(mlir::Value buffer);

/// Bytes of a cache line.
inline constexpr int64_t lineBytes = 64;

/// Whether so many elements are whole cache lines.
bool areLines(int64_t elements, mlir::Type element);

/// Whether `output`, of an op of a kernel, lies in a result that is so large that it is written
/// past the caches, which spares reading it before, and whose rows are whole lines. Smaller ones
/// are wanted in the caches by who reads them next.
bool isStreamed(mlir::Value output);

} // namespace tsum
