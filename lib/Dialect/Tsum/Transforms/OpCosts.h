// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "llvm/ADT/DenseMap.h"

namespace tsum {

/// What the operations of a function cost a kernel that computes them: its code, and with it the
/// time to compile, and the time for each element.
class OpCosts {
public:
  /// Looks at all operations of `body`, in their order.
  explicit OpCosts(mlir::Block &body);

  /// The code of one operation beside that of an addition. What is computed by elementary functions
  /// or divides with a remainder takes 2 to 15 ms to compile for vectors of 256 bytes, an addition
  /// 0.1; a reduction brings loops of its own.
  static int64_t codeOf(mlir::Operation *op);

  /// The code of all that `value` is computed from, counted once for each way to it, up to some
  /// thousand.
  int64_t codeBehind(mlir::Value value) const { return values.lookup(value).code; }

  /// The dimensions of `value` along which it takes long to compute: it has functions, divisions
  /// or roots whose operands vary along them. A bit for each; a reduction is where that ends.
  uint64_t longDims(mlir::Value value) const { return values.lookup(value).longDims; }

private:
  struct Known {
    int64_t code = 0;
    uint64_t longDims = 0;
    uint64_t dims = 0; ///< along which it varies at all
  };
  Known look(mlir::Operation *op) const;
  Known operandOf(mlir::Value value) const;

  llvm::DenseMap<mlir::Value, Known> values;
};

} // namespace tsum
