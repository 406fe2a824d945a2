// SPDX-License-Identifier: Apache-2.0

#include "CreateOp.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"

using namespace mlir;

namespace tsum {

Value createElementwise(OpBuilder &b, Location loc, OpKind kind, Type type, ValueRange operands) {
  switch (kind) {
  case OpKind::Cast:
    return ir::CastOp::create(b, loc, type, operands[0]);
  case OpKind::Where:
    return ir::WhereOp::create(b, loc, type, operands[0], operands[1], operands[2]);
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  case OpKind::CLASS:                                                                              \
    return ir::CLASS##Op::create(b, loc, type, operands[0]);
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  case OpKind::CLASS:                                                                              \
    return ir::CLASS##Op::create(b, loc, type, operands[0], operands[1]);
#include "tsum/Elementwise.def"
  default:
    llvm_unreachable("no elementwise operation");
  }
}

Value createReduction(OpBuilder &b, Location loc, OpKind kind, Type type, Value input,
                      ArrayRef<int64_t> axes, bool keepdims, bool exact, int64_t divisor,
                      int nodePart) {
  const IntegerAttr node = nodePart < 0 ? IntegerAttr() : b.getI64IntegerAttr(nodePart);
  switch (kind) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    return ir::CLASS##Op::create(b, loc, type, input, axes, keepdims, exact, divisor, node);
#include "tsum/Reductions.def"
  default:
    llvm_unreachable("no reduction");
  }
}

} // namespace tsum
