// SPDX-License-Identifier: Apache-2.0

#include "OpCosts.h"

#include <string_view>

using namespace mlir;

namespace tsum {

namespace {

enum class Kind { Short, Division, Function };

/// Of an operation, by its definition in tsum/Elementwise.def.
constexpr Kind kindOf(std::string_view definition) {
  auto has = [&](std::string_view part) { return definition.find(part) != std::string_view::npos; };
  if (has("math::") || has("power(") || has("floor_quotient(") || has("floor_remainder("))
    return Kind::Function;
  return has("/") || has("sqrt(") ? Kind::Division : Kind::Short;
}

Kind kindOf(Operation *op) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  if constexpr (constexpr Kind kind = kindOf(#REFERENCE); kind != Kind::Short)                     \
    if (isa<ir::CLASS##Op>(op))                                                                    \
      return kind;
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
  return Kind::Short;
}

/// A bit for each of `rank` dimensions; dimensions beyond the bits share the last one.
uint64_t allDims(int64_t rank) { return rank >= 64 ? ~uint64_t(0) : (uint64_t(1) << rank) - 1; }

uint64_t dimBit(int64_t dim) { return uint64_t(1) << std::min<int64_t>(dim, 63); }

/// `dims` of an operand as dimensions of what repeats it.
uint64_t broadcastDims(ir::BroadcastOp broadcast, uint64_t dims) {
  uint64_t result = 0;
  for (auto [dim, target] : llvm::enumerate(broadcast.getDims()))
    if (dims & dimBit(int64_t(dim)))
      result |= dimBit(target);
  return result;
}

} // namespace

int64_t OpCosts::codeOf(Operation *op) {
  constexpr int64_t ofFunction = 16, ofReduction = 16;
  if (op->hasTrait<OpTrait::ConstantLike>() || isa<ir::BroadcastOp>(op))
    return 0;
  if (isa<ir::ReductionOpInterface>(op))
    return ofReduction;
  return kindOf(op) == Kind::Function ? ofFunction : 1;
}

OpCosts::OpCosts(Block &body) {
  for (Operation &op : body.without_terminator())
    for (Value result : op.getResults())
      values[result] = look(&op);
}

OpCosts::Known OpCosts::operandOf(Value value) const {
  auto known = values.find(value);
  if (known != values.end())
    return known->second;
  return {0, 0, allDims(cast<RankedTensorType>(value.getType()).getRank())}; // data
}

OpCosts::Known OpCosts::look(Operation *op) const {
  constexpr int64_t mostCode = 4096;
  const int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  if (op->hasTrait<OpTrait::ConstantLike>() || isa<ir::ReshapeOp>(op))
    return {0, 0, allDims(rank)};
  if (isa<ir::IotaOp>(op))
    return {1, 0, allDims(rank)};
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op)) {
    const Known from = operandOf(broadcast.getInput());
    return {from.code, broadcastDims(broadcast, from.longDims),
            broadcastDims(broadcast, from.dims)};
  }
  Known known{codeOf(op), 0, 0};
  for (Value operand : op->getOperands()) {
    const Known from = operandOf(operand);
    known.code = std::min(known.code + from.code, mostCode);
    known.longDims |= from.longDims;
    known.dims |= from.dims;
  }
  if (isa<ir::ReductionOpInterface>(op))
    return {known.code, 0, allDims(rank)};
  if (kindOf(op) != Kind::Short)
    known.longDims |= known.dims;
  return known;
}

} // namespace tsum
