// SPDX-License-Identifier: Apache-2.0

#include "Streaming.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tsum {

constexpr int64_t streamedBytes = 8 << 20;

Value memoryOf(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

bool isStreamed(Value output) {
  Value memory = memoryOf(output);
  auto type = cast<MemRefType>(memory.getType());
  return isa<BlockArgument>(memory) && type.getLayout().isIdentity() &&
         type.getNumElements() * type.getElementTypeBitWidth() >= 8 * streamedBytes;
}

} // namespace tsum
