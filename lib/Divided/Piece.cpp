// SPDX-License-Identifier: Apache-2.0
#include "tsum/Divided/Piece.h"

#include "Reshape.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Ops/Make.h"
#include "tsum/elementwise.h"
#include "tsum/shapes.h"

#include <algorithm>

namespace tsum::divided {

namespace {

/// The rest of a reshape's operands is worth a look only while it takes no more memory than this.
constexpr std::int64_t most_shared_bytes = std::int64_t{16} << 20;

/// The graph of a section is as deep as that of the whole. It is built by recursion, but never by
/// more calls than a small stack has room for.
constexpr int most_depth = 100;

std::int64_t &extent_of(Shape &shape, const Section &section) {
  return shape[static_cast<std::size_t>(section.dim)];
}

/// A section of values in memory: a view.
Tensor view_of(const Node &node, const std::shared_ptr<const Storage> &values,
               const Section &section) {
  const auto dim = static_cast<std::size_t>(section.dim);
  Shape shape = node.shape;
  ByteStrides strides = values->strides;
  const std::byte *data = values->data;
  if (section.count > 0)
    data += section.start * strides[dim];
  shape[dim] = section.count;
  if (section.count > 1)
    strides[dim] *= section.step;
  return borrow(data, node.dtype, std::move(shape), std::move(strides), values, node.name);
}

/// `node` of other operands and in another shape.
Tensor remade(const Node &node, Shape shape, std::vector<Node::Ptr> operands) {
  Description description = node;
  description.shape = std::move(shape);
  auto result = std::make_shared<Node>(std::move(description), std::move(operands));
  result->memory = node.memory;
  return Tensor(std::move(result));
}

/// A section of the numbers that count along dimensions. What differs from piece to piece is data,
/// so that one kernel does for all.
Tensor iota_of(const Node &node, const Section &section) {
  Shape shape = node.shape;
  extent_of(shape, section) = section.count;
  std::vector<std::int64_t> steps = node.steps;
  std::int64_t &step = steps[static_cast<std::size_t>(section.dim)];
  const std::int64_t first = node.starts.front() + section.start * step;
  step *= section.step;
  const Tensor numbers = make_iota(node.dtype, std::move(shape), 0, std::move(steps));
  return visit_dtype(node.dtype, [&]<class T>(T) -> Tensor {
    if constexpr (IntegerElement<T>)
      return add(numbers, constant(static_cast<T>(first)));
    else
      return numbers; // there are none of other dtypes
  });
}

/// Which dimension of its operand dimension `dim` of a reduction is.
std::int32_t operand_dim(const Node &reduction, std::int32_t dim) {
  if (!reduction.keepdims)
    for (std::int64_t axis : reduction.axes)
      dim += axis <= dim;
  return dim;
}

bool is_view_or_iota(OpKind op) {
  return op == OpKind::BroadcastTo || op == OpKind::Iota || op == OpKind::Constant;
}

} // namespace

/// Thrown where the recursion is too deep: this is to be made before, by a recursion of its own.
struct Piece::Deeper {
  Node::Ptr node;
  Wanted section;
};

Tensor Piece::of(const Node::Ptr &node, const Wanted &section) {
  if (auto place = made.find({node, section}); place != made.end())
    return place->second;
  if (depth == most_depth)
    throw Deeper{node, section};
  if (depth > 0)
    return make_and_keep(node, section);
  std::vector<Deeper> wanted = {{node, section}};
  for (;;) {
    const Deeper next = wanted.back();
    try {
      Tensor tensor = make_and_keep(next.node, next.section);
      wanted.pop_back();
      if (wanted.empty())
        return tensor;
    } catch (Deeper &deeper) {
      wanted.push_back(std::move(deeper));
    }
  }
}

Tensor Piece::make_and_keep(const Node::Ptr &node, const Wanted &section) {
  struct Descent {
    explicit Descent(int &depth) : depth(depth) { ++depth; }
    ~Descent() { --depth; }
    int &depth;
  };
  const Descent descent(depth);
  Tensor tensor = make(node, section);
  made.emplace(std::pair(node, section), tensor);
  return tensor;
}

Tensor Piece::make(const Node::Ptr &node, const Wanted &wanted) {
  if (auto substitute = known.find(node); substitute != known.end())
    return wanted ? view_of(*node, substitute->second.node()->values(), *wanted)
                  : substitute->second;
  const Node::State state = node->state();
  if (state.values)
    return wanted ? view_of(*node, state.values, *wanted) : Tensor(node);
  if (const InputNode *input = as_input(*node, /*has_values=*/false))
    return data_of(*input, wanted);
  if (!wanted)
    return all_of(node, state.operands);
  return section_of(*node, state.operands, *wanted);
}

/// As it is if no input is behind it.
Tensor Piece::all_of(const Node::Ptr &node, const Operands &operands) {
  if (node->op == OpKind::Slice && !operands.front()->values())
    for (std::size_t dim = 0; dim < node->shape.size(); ++dim)
      if (node->shape[dim] != operands.front()->shape[dim])
        return slice_of(*node, operands.front(),
                        {static_cast<std::int32_t>(dim), 0, 1, node->shape[dim]});
  Operands parts;
  for (const Node::Ptr &operand : operands)
    parts.push_back(of(operand, std::nullopt).node());
  return parts == operands ? Tensor(node) : remade(*node, node->shape, std::move(parts));
}

Tensor Piece::shared_by_all(const Node::Ptr &node) {
  if (!node->values() && !known.contains(node) && !is_view_or_iota(node->op) &&
      byte_count(node->shape, node->dtype) <= most_shared_bytes &&
      std::ranges::find(shared_nodes, node) == shared_nodes.end())
    shared_nodes.push_back(node);
  return of(node, std::nullopt);
}

Tensor Piece::section_of(const Node &node, const Operands &operands, const Section &section) {
  const auto dim = static_cast<std::size_t>(section.dim);
  auto along = [&](std::int64_t operand_dim) {
    return Section{static_cast<std::int32_t>(operand_dim), section.start, section.step,
                   section.count};
  };
  Shape shape = node.shape;
  shape[dim] = section.count;
  switch (node.op) {
  case OpKind::Iota:
    return iota_of(node, section);
  case OpKind::Reshape:
    return reshape_of(node, operands.front(), section);
  case OpKind::Slice:
    return slice_of(node, operands.front(), section);
  case OpKind::Transpose:
    return remade(node, std::move(shape), {of(operands.front(), along(node.axes[dim])).node()});
  default:
    break;
  }
  if (is_reduction(node.op))
    return remade(node, std::move(shape),
                  {of(operands.front(), along(operand_dim(node, section.dim))).node()});
  // Elementwise, or a broadcast: dimensions are aligned at the last one.
  Operands parts;
  for (const Node::Ptr &operand : operands) {
    const std::int64_t at = section.dim - std::ssize(node.shape) + std::ssize(operand->shape);
    const bool is_repeated =
        at < 0 || (operand->shape[static_cast<std::size_t>(at)] == 1 && node.shape[dim] != 1);
    parts.push_back((is_repeated ? shared_by_all(operand) : of(operand, along(at))).node());
  }
  return remade(node, std::move(shape), std::move(parts));
}

Tensor Piece::slice_of(const Node &node, const Node::Ptr &operand, const Section &section) {
  const auto dim = static_cast<std::size_t>(section.dim);
  const Section inside{section.dim, node.starts[dim] + section.start * node.steps[dim],
                       section.step * node.steps[dim], section.count};
  const Tensor part = of(operand, inside);
  std::vector<std::int64_t> starts = node.starts, steps = node.steps;
  starts[dim] = 0;
  steps[dim] = 1;
  Shape shape = node.shape;
  shape[dim] = section.count;
  if (std::ranges::equal(shape, part.shape()) &&
      std::ranges::all_of(steps, [](std::int64_t step) { return step == 1; }))
    return part;
  return make_slice(part, std::move(starts), std::move(steps), std::move(shape));
}

/// Reads the places of the operand that have some of the section, and cuts off what they have
/// beside.
Tensor Piece::reshape_of(const Node &node, const Node::Ptr &operand, const Section &section) {
  const auto slice_to = [&](const Tensor &whole, std::int64_t before) {
    std::vector<std::int64_t> starts(node.shape.size(), 0), steps(node.shape.size(), 1);
    starts[static_cast<std::size_t>(section.dim)] = section.start - before;
    steps[static_cast<std::size_t>(section.dim)] = section.step;
    Shape shape = node.shape;
    extent_of(shape, section) = section.count;
    return make_slice(whole, std::move(starts), std::move(steps), std::move(shape));
  };
  const auto dims = ReshapedDims::of_result(operand->shape, node.shape, section.dim);
  if (!dims || section.count == 0)
    return slice_to(remade(node, node.shape, {shared_by_all(operand).node()}), 0);
  const std::int64_t last = section.start + (section.count - 1) * section.step;
  const std::int64_t low = std::min(section.start, last), high = std::max(section.start, last) + 1;
  const std::int64_t size = dims->operand_size;
  const std::int64_t first = low * dims->result_size / size;
  const std::int64_t end = (high * dims->result_size + size - 1) / size;
  const Tensor part = of(operand, Section{dims->operand_dim, first, 1, end - first});
  // The places from `low` to `high`, in the result's shape.
  const std::int64_t extra = low * dims->result_size - first * size;
  Tensor elements = part;
  const std::int64_t wanted = (high - low) * dims->result_size;
  if (wanted != (end - first) * size)
    elements = make_slice(reshape(part, {dims->outside, (end - first) * size}), {0, extra}, {1, 1},
                          {dims->outside, wanted});
  Shape shape = node.shape;
  extent_of(shape, section) = high - low;
  elements = reshape(elements, std::move(shape));
  return section.step == 1 ? elements : slice_to(elements, low);
}

} // namespace tsum::divided
