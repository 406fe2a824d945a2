// SPDX-License-Identifier: Apache-2.0

#include "tsum/Interpreter/Interpreter.h"

#include "tsum/Graph/Node.h"
#include "tsum/Ops/Make.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <numeric>

namespace tsum {

namespace {

using Value = CanonicalGraph::Value;
using Dims = std::vector<std::int32_t>;

std::int64_t place_in(const Dims &dims, std::int32_t dim) {
  return std::ranges::find(dims, dim) - dims.begin();
}

/// Reads a canonical graph back as a graph of ordinary tensors.
class ReadBack {
public:
  ReadBack(const CanonicalGraph &graph, const void *const *data) : graph(graph) {
    for (const Value &value : graph.values)
      tensors.push_back(value.op == OpKind::Constant ? data_of(value, *data++)
                        : value.op == OpKind::Iota ? make_iota(value.dtype, shape_over(value.dims),
                                                               value.offset, value.strides)
                        : is_reduction(value.op)   ? reduction(value)
                                                   : elementwise(value));
  }

  [[nodiscard]] const Tensor &tensor(std::int32_t value) const {
    return tensors[static_cast<std::size_t>(value)];
  }

private:
  [[nodiscard]] std::int64_t extent(std::int32_t dim) const {
    return graph.extents[static_cast<std::size_t>(dim)];
  }

  [[nodiscard]] Shape shape_over(const Dims &dims) const {
    Shape shape;
    for (std::int32_t dim : dims)
      shape.push_back(extent(dim));
    return shape;
  }

  [[nodiscard]] const Dims &dims_of(std::int32_t value) const {
    return graph.values[static_cast<std::size_t>(value)].dims;
  }

  [[nodiscard]] Tensor data_of(const Value &value, const void *data) const {
    ByteStrides strides = value.strides;
    for (std::int64_t &stride : strides)
      stride *= size_of(value.dtype);
    return borrow(data, value.dtype, shape_over(value.dims), std::move(strides));
  }

  /// Of the operand with its kept dimensions first and then the reduced ones as they nest, which is
  /// how the user's tensor has these.
  [[nodiscard]] Tensor reduction(const Value &value) const {
    const Dims &dims = dims_of(value.operands[0]);
    std::vector<std::int64_t> permutation, axes;
    for (std::int32_t dim : value.dims)
      permutation.push_back(place_in(dims, dim));
    for (std::int32_t dim : value.axes) {
      axes.push_back(static_cast<std::int64_t>(permutation.size()));
      permutation.push_back(place_in(dims, dim));
    }
    const Tensor operand = transpose(tensor(value.operands[0]), permutation);
    auto node = std::make_shared<Node>(value.op, value.dtype, shape_over(value.dims),
                                       std::vector{operand.node()});
    node->axes = std::move(axes);
    node->is_exact = value.is_exact;
    node->divisor = value.divisor;
    node->node_part = value.node_part;
    return Tensor(std::move(node));
  }

  [[nodiscard]] Tensor elementwise(const Value &value) const {
    std::vector<Node::Ptr> operands;
    for (std::int32_t operand : value.operands) {
      Shape aligned(value.dims.size(), 1);
      for (std::int32_t dim : dims_of(operand))
        aligned[static_cast<std::size_t>(place_in(value.dims, dim))] = extent(dim);
      operands.push_back(reshape(tensor(operand), std::move(aligned)).node());
    }
    return Tensor(
        std::make_shared<Node>(value.op, value.dtype, shape_over(value.dims), std::move(operands)));
  }

  const CanonicalGraph &graph;
  std::vector<Tensor> tensors;
};

/// `buffers` are the graph's data, then its outputs.
void evaluate(const CanonicalGraph &graph, const void *const *buffers) {
  const ReadBack values(graph, buffers);
  std::vector<Tensor> outputs;
  for (std::int32_t output : graph.outputs)
    outputs.push_back(values.tensor(output));
  const std::vector<std::vector<std::byte>> results = reference::evaluate_tree(outputs);
  const void *const *result =
      buffers + std::ranges::count(graph.values, OpKind::Constant, &Value::op);
  for (const std::vector<std::byte> &bytes : results)
    std::ranges::copy(bytes, static_cast<std::byte *>(const_cast<void *>(*result++)));
}

} // namespace

Program interpret_by_reference(const CanonicalGraph &graph) {
  Program program;
  Program::Launch &launch = program.launches.emplace_back();
  auto kept = std::make_shared<const CanonicalGraph>(graph);
  launch.interpreted = std::make_shared<const Interpreted>(
      [kept](const void *const *buffers, std::int64_t, std::int64_t) { evaluate(*kept, buffers); });
  launch.tiles = 1;
  launch.name = "reference";
  for (const Value &value : graph.values)
    if (value.op == OpKind::Constant)
      launch.inputs.push_back(program.arguments++);
  for (std::int32_t output : graph.outputs) {
    const Value &value = graph.values[static_cast<std::size_t>(output)];
    program.outputs.push_back(program.arguments + static_cast<std::int32_t>(launch.results.size()));
    launch.results.push_back(graph.byte_count(value));
  }
  launch.traffic = std::accumulate(launch.results.begin(), launch.results.end(), std::int64_t{0});
  return program;
}

} // namespace tsum
