// SPDX-License-Identifier: Apache-2.0

#include "tsum/Translate/GraphToTsum.h"

#include "CreateOp.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/Names.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tsum {

namespace {

class Emitter {
public:
  Emitter(const CanonicalGraph &graph, MLIRContext *context)
      : graph(graph), b(context), loc(b.getUnknownLoc()) {}

  OwningOpRef<ModuleOp> emit() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    b.setInsertionPointToStart(module->getBody());
    SmallVector<Type> inputs, results;
    for (const CanonicalGraph::Value &value : graph.values)
      if (value.op == OpKind::Constant)
        inputs.push_back(typeOf(value));
    for (std::int32_t output : graph.outputs)
      results.push_back(typeOf(graph.values[output]));
    auto function = func::FuncOp::create(b, loc, nameOf(graph), b.getFunctionType(inputs, results));
    if (graph.memory >= 0)
      function->setAttr(ir::TsumDialect::getMemoryAttrName(), b.getI64IntegerAttr(graph.memory));
    b.setInsertionPointToStart(function.addEntryBlock());

    for (const CanonicalGraph::Value &value : graph.values)
      values.push_back(value.op == OpKind::Constant ? argument(function, value) : create(value));
    func::ReturnOp::create(b, loc, llvm::map_to_vector(graph.outputs, [&](std::int32_t output) {
                             return values[output];
                           }));
    return module;
  }

private:
  RankedTensorType typeOver(ArrayRef<std::int32_t> dims, DType dtype) {
    auto shape = llvm::map_to_vector(dims, [&](std::int32_t dim) { return graph.extents[dim]; });
    return RankedTensorType::get(shape, ir::getElementType(b.getContext(), dtype));
  }

  RankedTensorType typeOf(const CanonicalGraph::Value &value) {
    return typeOver(value.dims, value.dtype);
  }

  Value argument(func::FuncOp function, const CanonicalGraph::Value &value) {
    // Data comes before anything computed from it, so that arguments are numbered as values are.
    const unsigned index = values.size();
    SmallVector<int64_t> rowMajor(value.dims.size(), 1);
    for (size_t dim = value.dims.size(); dim-- > 1;)
      rowMajor[dim - 1] = rowMajor[dim] * graph.extents[value.dims[dim]];
    if (ArrayRef<int64_t>(value.strides) != ArrayRef<int64_t>(rowMajor))
      function.setArgAttr(index, ir::TsumDialect::getStridesAttrName(),
                          b.getDenseI64ArrayAttr(value.strides));
    return function.getArgument(index);
  }

  /// Where each of `dims` stands in `among`.
  static SmallVector<int64_t> positions(ArrayRef<std::int32_t> dims, ArrayRef<std::int32_t> among) {
    return llvm::map_to_vector(
        dims, [&](std::int32_t dim) -> int64_t { return llvm::find(among, dim) - among.begin(); });
  }

  /// The operand, repeated along the dimensions of `dims` that it does not have.
  Value broadcast(std::int32_t operand, ArrayRef<std::int32_t> dims) {
    const CanonicalGraph::Value &value = graph.values[operand];
    if (ArrayRef<std::int32_t>(value.dims) == dims)
      return values[operand];
    return ir::BroadcastOp::create(b, loc, typeOver(dims, value.dtype), values[operand],
                                   positions(value.dims, dims));
  }

  Value reduction(const CanonicalGraph::Value &value) {
    ArrayRef<std::int32_t> dims = graph.values[value.operands[0]].dims;
    Value input = values[value.operands[0]];
    SmallVector<int64_t> axes = positions(value.axes, dims);
    return createReduction(b, loc, value.op, typeOf(value), input, axes, /*keepdims=*/false,
                           value.is_exact, value.divisor, value.node_part);
  }

  Value create(const CanonicalGraph::Value &value) {
    if (is_reduction(value.op))
      return reduction(value);
    if (value.op == OpKind::Iota)
      return ir::IotaOp::create(b, loc, typeOf(value), value.strides, value.offset);
    // Data are arguments, and canonical graphs have no other views.
    auto operands = llvm::map_to_vector(
        value.operands, [&](std::int32_t operand) { return broadcast(operand, value.dims); });
    if (value.op == OpKind::BroadcastTo)
      return operands[0];
    return createElementwise(b, loc, value.op, typeOf(value), operands);
  }

  const CanonicalGraph &graph;
  OpBuilder b;
  Location loc;
  SmallVector<Value> values; // of the graph's values, by index
};

} // namespace

std::string nameOf(const CanonicalGraph &graph) {
  std::vector<std::string_view> operations;
  for (const CanonicalGraph::Value &value : graph.values)
    if (value.op != OpKind::Constant)
      operations.push_back(op_info(value.op).name);
  return operations.empty() ? "graph" : name_after(operations);
}

OwningOpRef<ModuleOp> graphToTsum(const CanonicalGraph &graph, MLIRContext *context) {
  context->loadDialect<func::FuncDialect, ir::TsumDialect>();
  return Emitter(graph, context).emit();
}

} // namespace tsum
