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

bool areLines(int64_t elements, Type element) {
  return elements * element.getIntOrFloatBitWidth() % (8 * lineBytes) == 0;
}

bool isStreamed(Value output) {
  Value memory = memoryOf(output);
  auto type = cast<MemRefType>(memory.getType());
  return isa<BlockArgument>(memory) && type.getLayout().isIdentity() && type.getRank() > 0 &&
         type.getNumElements() * type.getElementTypeBitWidth() >= 8 * streamedBytes &&
         areLines(type.getShape().back(), type.getElementType());
}

} // namespace tsum
