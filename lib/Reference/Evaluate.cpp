// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"

#include "Elementwise.h"
#include "Reduce.h"
#include "tsum/Graph/IndexMap.h"

#include <unordered_map>

namespace tsum::reference {

/// The elements of `values`, of shape `operand`, that `view` takes.
static Buffer take(const IndexMap &view, DType dtype, const Shape &operand, const Buffer &values) {
  const std::vector<std::int64_t> strides = element_strides(operand);
  const std::int64_t first = view.offset(strides);
  Buffer result;
  visit_dtype(dtype, [&]<class T>(T) {
    for_each_index<1>(view.shape, {view.strides(strides)}, [&](const auto &offsets) {
      append(result, load<T>(values, first + offsets[0]));
    });
  });
  return result;
}

static Buffer join(const Node &node, const Buffer &real, const Buffer &imag) {
  const auto size = static_cast<std::size_t>(size_of(node.dtype) / 2);
  Buffer result;
  for (std::size_t at = 0; at < real.size(); at += size)
    for (const Buffer *part : {&real, &imag})
      result.insert(result.end(), part->begin() + static_cast<std::ptrdiff_t>(at),
                    part->begin() + static_cast<std::ptrdiff_t>(at + size));
  return result;
}

static Buffer copy_values(const Node &node, const Storage &values) {
  auto packed = pack_row_major(node.shape, node.dtype, values);
  return {packed->data,
          packed->data + checked_size("copy", node.shape, node.dtype) * size_of(node.dtype)};
}

static Buffer evaluate(const OrderedNode &entry, const std::vector<Buffer> &buffers,
                       Precision precision) {
  const Node &node = *entry.node;
  if (entry.state.values)
    return copy_values(node, *entry.state.values);
  const std::vector<Node::Ptr> &operands = entry.state.operands;
  auto buffer = [&](std::size_t n) -> const Buffer & {
    return buffers[static_cast<std::size_t>(entry.operands[n])];
  };
  if (is_reduction(node.op))
    return reduce(node, *operands[0], buffer(0), precision);
  switch (node.op) {
  case OpKind::Iota:
    return count(node.dtype, node.shape, node.starts[0], node.steps);
  case OpKind::Reshape:
    return buffer(0);
  case OpKind::BroadcastTo:
  case OpKind::Transpose:
  case OpKind::Slice:
    return take(*IndexMap::of(node, operands[0]->shape), node.dtype, operands[0]->shape, buffer(0));
  case OpKind::Complex:
    return join(node, buffer(0), buffer(1));
  default:
    break;
  }
  std::vector<Input> inputs;
  for (std::size_t n = 0; n < operands.size(); ++n) {
    const Shape &shape = operands[n]->shape;
    inputs.push_back({operands[n]->dtype, &buffer(n),
                      IndexMap::broadcast(shape, node.shape).strides(element_strides(shape))});
  }
  return apply_elementwise(node.op, node.dtype, node.shape, inputs);
}

/// The values of `tensors`, node after node.
static std::vector<Buffer> evaluate(std::span<const Tensor> tensors, Precision precision) {
  std::vector<Node::Ptr> outputs;
  for (const Tensor &tensor : tensors)
    outputs.push_back(tensor.node());
  const std::vector<OrderedNode> order = evaluation_order(outputs);

  // The last node that reads each one; of an output there is none.
  std::vector<std::size_t> last_reader(order.size());
  std::unordered_map<const Node *, std::size_t> place_of;
  for (std::size_t place = 0; place < order.size(); ++place) {
    place_of[order[place].node.get()] = place;
    for (std::int32_t operand : order[place].operands)
      last_reader[static_cast<std::size_t>(operand)] = place;
  }
  for (const Node::Ptr &output : outputs)
    last_reader[place_of.at(output.get())] = order.size();

  std::vector<Buffer> buffers;
  buffers.reserve(order.size());
  for (std::size_t place = 0; place < order.size(); ++place) {
    buffers.push_back(evaluate(order[place], buffers, precision));
    for (std::int32_t operand : order[place].operands)
      if (last_reader[static_cast<std::size_t>(operand)] == place)
        buffers[static_cast<std::size_t>(operand)] = Buffer();
  }

  std::vector<Buffer> results;
  for (const Node::Ptr &output : outputs)
    results.push_back(buffers[place_of.at(output.get())]);
  return results;
}

std::vector<std::byte> evaluate(const Tensor &tensor) {
  return evaluate({&tensor, 1}, Precision::Wide).front();
}

std::vector<std::vector<std::byte>> evaluate_tree(std::span<const Tensor> tensors) {
  return evaluate(tensors, Precision::InOrder);
}

std::vector<std::byte> evaluate_tree(const Tensor &tensor) {
  return evaluate_tree({&tensor, 1}).front();
}

} // namespace tsum::reference
