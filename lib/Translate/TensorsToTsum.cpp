// SPDX-License-Identifier: Apache-2.0

#include "tsum/Translate/TensorsToTsum.h"

#include "CreateOp.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/IndexMap.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tsum {

namespace {

class Emitter {
public:
  Emitter(std::span<const Tensor> outputs, MLIRContext *context)
      : b(context), loc(b.getUnknownLoc()) {
    for (const Tensor &output : outputs)
      results.push_back(output.node());
    order = evaluation_order(results, /*with_inputs=*/true);
  }

  OwningOpRef<ModuleOp> emit() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    b.setInsertionPointToStart(module->getBody());
    SmallVector<Type> inputs, types;
    for (const OrderedNode &entry : order)
      if (isArgument(entry))
        inputs.push_back(typeOf(*entry.node));
    for (const Node::Ptr &result : results)
      types.push_back(typeOf(*result));
    auto function = func::FuncOp::create(b, loc, "graph", b.getFunctionType(inputs, types));
    b.setInsertionPointToStart(function.addEntryBlock());

    unsigned argument = 0;
    for (const OrderedNode &entry : order) {
      Value value;
      if (isArgument(entry)) {
        describe(function, argument, entry);
        value = function.getArgument(argument++);
      } else {
        value = create(entry);
      }
      valueOf.insert({entry.node.get(), value});
    }
    func::ReturnOp::create(b, loc, llvm::map_to_vector(results, [&](const Node::Ptr &result) {
                             return valueOf.lookup(result.get());
                           }));
    return module;
  }

private:
  static bool isArgument(const OrderedNode &entry) {
    return entry.state.values || entry.node->op == OpKind::Constant;
  }

  RankedTensorType typeOf(ArrayRef<int64_t> shape, DType dtype) {
    return RankedTensorType::get(shape, ir::getElementType(b.getContext(), dtype));
  }
  RankedTensorType typeOf(const Node &node) {
    Shape shape = node.shape;
    std::ranges::replace(shape, any, ShapedType::kDynamic); // of an input that is a result itself
    return typeOf(shape, node.dtype);
  }

  void describe(func::FuncOp function, unsigned argument, const OrderedNode &entry) {
    const Node &node = *entry.node;
    if (!node.name.empty())
      function.setArgAttr(argument, ir::TsumDialect::getNameAttrName(), b.getStringAttr(node.name));
    const bool hasValues = entry.state.values != nullptr;
    ByteStrides strides =
        hasValues ? entry.state.values->strides : as_input(node, hasValues)->strides;
    if (strides == row_major_strides(node.shape, node.dtype))
      return;
    for (int64_t &stride : strides) {
      if (stride % size_of(node.dtype) != 0)
        return;
      stride /= size_of(node.dtype);
    }
    function.setArgAttr(argument, ir::TsumDialect::getStridesAttrName(),
                        b.getDenseI64ArrayAttr(strides));
  }

  /// `value` in `shape`, to which it broadcasts: aligned at the last dimension, extents of 1
  /// repeated.
  Value broadcast(Value value, ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getShape() == shape)
      return value;
    const IndexMap map = IndexMap::broadcast(type.getShape(), shape);
    SmallVector<int64_t> kept, dims;
    for (const IndexMap::Source &source : map.sources)
      if (source.dim != IndexMap::none) {
        kept.push_back(shape[source.dim]);
        dims.push_back(source.dim);
      }
    if (type.getShape() != ArrayRef(kept))
      value = ir::ReshapeOp::create(b, loc, type.clone(kept), value);
    return ir::BroadcastOp::create(b, loc, type.clone(shape), value, dims);
  }

  Value create(const OrderedNode &entry) {
    const Node &node = *entry.node;
    auto operand = [&](size_t n) { return valueOf.lookup(entry.state.operands[n].get()); };
    switch (node.op) {
    case OpKind::Constant:
      llvm_unreachable("is an argument");
    case OpKind::Iota:
      return ir::IotaOp::create(b, loc, typeOf(node), node.steps, node.starts[0]);
    case OpKind::BroadcastTo:
      return broadcast(operand(0), node.shape);
    case OpKind::Reshape:
      return ir::ReshapeOp::create(b, loc, typeOf(node), operand(0));
    case OpKind::Transpose:
      return ir::TransposeOp::create(b, loc, typeOf(node), operand(0), node.axes);
    case OpKind::Slice:
      return ir::SliceOp::create(b, loc, typeOf(node), operand(0), node.starts, node.steps);
    case OpKind::Complex:
      return ir::ComplexOp::create(b, loc, typeOf(node), operand(0), operand(1));
    default:
      break;
    }
    if (is_reduction(node.op))
      return createReduction(b, loc, node.op, typeOf(node), operand(0), node.axes, node.keepdims,
                             node.is_exact, node.divisor, node.node_part);
    auto operands = llvm::map_to_vector(llvm::seq(entry.state.operands.size()), [&](size_t n) {
      return broadcast(operand(n), node.shape);
    });
    return createElementwise(b, loc, node.op, typeOf(node), operands);
  }

  OpBuilder b;
  Location loc;
  std::vector<Node::Ptr> results;
  std::vector<OrderedNode> order;
  llvm::DenseMap<const Node *, Value> valueOf;
};

} // namespace

OwningOpRef<ModuleOp> tensorsToTsum(std::span<const Tensor> outputs, MLIRContext *context) {
  context->loadDialect<func::FuncDialect, ir::TsumDialect>();
  return Emitter(outputs, context).emit();
}

} // namespace tsum
