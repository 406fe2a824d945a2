// SPDX-License-Identifier: Apache-2.0
#include "Dimensions.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tsum;

LogicalResult ir::verifyDimensions(llvm::function_ref<InFlightDiagnostic()> emitError,
                                   StringRef noun, ArrayRef<int64_t> indices,
                                   RankedTensorType type) {
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t index : indices) {
    if (index < 0 || index >= type.getRank()) {
      InFlightDiagnostic error = emitError();
      error << noun << " " << index << " is out of range for a tensor of rank " << type.getRank();
      if (type.getRank() == 0)
        return error << " (a scalar has none)";
      return error << " (valid: 0.." << type.getRank() - 1 << ")";
    }
    if (!seen.insert(index).second)
      return emitError() << noun << " " << index << " is given twice";
  }
  return success();
}

LogicalResult ir::reifyFrom(OpBuilder &b, Location loc, Value operand, RankedTensorType result,
                            ArrayRef<int64_t> dims, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> &extents = shapes.emplace_back();
  for (auto [dim, from] : llvm::enumerate(dims))
    extents.push_back(result.isDynamicDim(dim) ? tensor::getMixedSize(b, loc, operand, from)
                                               : b.getIndexAttr(result.getDimSize(dim)));
  return success();
}
