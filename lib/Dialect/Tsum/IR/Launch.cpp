// SPDX-License-Identifier: Apache-2.0

#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace tsum::ir {

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (getNumResults() == 0)
    return emitOpError("has no result");
  // A kernel's signature is another at each stage, so that only its existence can be asked for.
  if (!symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr()))
    return emitOpError("launches ") << getKernelAttr() << ", which is no function";
  return success();
}

} // namespace tsum::ir
