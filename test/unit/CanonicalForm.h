// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Recipe.h"
#include "tsum/Canonical/EvaluateBy.h"

/// What canonical graphs mean, without a compiler: they are read back as graphs of ordinary
/// tensors, which the reference evaluates. So canonicalization is tested against what it was given.
namespace tsum::test {

/// The values of `bound.graph` as tensors, in its order. A reduction's operand is transposed so
/// that its dimensions nest as `axes` says.
inline std::vector<Tensor> read_back(const Canonicalized &bound) {
  const CanonicalGraph &graph = bound.graph;
  auto shape_over = [&](const std::vector<std::int32_t> &dims) {
    Shape shape;
    for (std::int32_t dim : dims)
      shape.push_back(graph.extents[static_cast<std::size_t>(dim)]);
    return shape;
  };
  auto place_in = [](const std::vector<std::int32_t> &dims, std::int32_t dim) {
    return std::ranges::find(dims, dim) - dims.begin();
  };

  std::vector<Tensor> tensors;
  for (const CanonicalGraph::Value &value : graph.values) {
    Recipe::Step step{.op = value.op,
                      .dtype = value.dtype,
                      .shape = shape_over(value.dims),
                      .axes = {},
                      .keepdims = false,
                      .is_exact = value.is_exact,
                      .divisor = value.divisor,
                      .starts = {value.offset},
                      .steps = value.strides,
                      .operands = {},
                      .values = nullptr};
    if (value.op == OpKind::Constant) {
      const Canonicalized::Argument &argument = bound.arguments[tensors.size()];
      ByteStrides strides = value.strides;
      for (std::int64_t &stride : strides)
        stride *= size_of(value.dtype);
      tensors.push_back(borrow(argument.data, value.dtype, step.shape, std::move(strides),
                               argument.storage->owner));
      continue;
    }
    std::vector<Tensor> operands;
    for (std::int32_t place : value.operands) {
      const std::vector<std::int32_t> &dims = graph.values[static_cast<std::size_t>(place)].dims;
      Tensor operand = tensors[static_cast<std::size_t>(place)];
      if (is_reduction(value.op)) {
        std::vector<std::int64_t> permutation;
        for (std::int32_t dim : value.dims)
          permutation.push_back(place_in(dims, dim));
        for (std::int32_t axis : value.axes) {
          step.axes.push_back(std::ssize(permutation));
          permutation.push_back(place_in(dims, axis));
        }
        operand = transpose(operand, permutation);
      } else {
        Shape aligned(value.dims.size(), 1);
        for (std::int32_t dim : dims)
          aligned[static_cast<std::size_t>(place_in(value.dims, dim))] =
              graph.extents[static_cast<std::size_t>(dim)];
        operand = reshape(operand, aligned);
      }
      step.operands.push_back(operands.size());
      operands.push_back(std::move(operand));
    }
    tensors.push_back(build_step(step, operands));
  }
  return tensors;
}

/// The values of `tensors` in row-major order by way of their canonical graphs. Gives the tensors
/// their values.
inline std::vector<std::vector<std::byte>> evaluate_canonical(std::span<const Tensor> tensors) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &tensor : tensors)
    nodes.push_back(tensor.node());
  evaluate_by(nodes, [](const Canonicalized &bound) {
    const std::vector<Tensor> values = read_back(bound);
    std::vector<Tensor> outputs;
    for (std::int32_t output : bound.graph.outputs)
      outputs.push_back(values[static_cast<std::size_t>(output)]);
    std::vector<std::vector<std::byte>> results = reference::evaluate_tree(outputs);
    for (std::size_t n = 0; n < results.size(); ++n) {
      auto buffer = std::make_shared<std::vector<std::byte>>(std::move(results[n]));
      const Canonicalized::Result &result = bound.results[n];
      const std::byte *data = buffer->data() + result.offset;
      result.node->set_values(
          std::make_shared<Storage>(Storage{std::move(buffer), data, result.strides}));
    }
  });
  std::vector<std::vector<std::byte>> results;
  for (const Node::Ptr &node : nodes) {
    auto packed = pack_row_major(node->shape, node->dtype, *node->values());
    const std::int64_t size = checked_size("copy", node->shape, node->dtype);
    results.emplace_back(packed->data, packed->data + size * size_of(node->dtype));
  }
  return results;
}

inline std::vector<std::byte> evaluate_canonical(const Tensor &tensor) {
  return evaluate_canonical({&tensor, 1}).front();
}

} // namespace tsum::test
