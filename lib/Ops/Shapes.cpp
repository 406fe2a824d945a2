// SPDX-License-Identifier: Apache-2.0
#include "tsum/shapes.h"

#include "Build.h"
#include "tsum/Graph/IndexMap.h"
#include "tsum/Graph/Recording.h"

#include <algorithm>
#include <numeric>

namespace tsum {

/// The node of a view: of values, the same memory with other strides.
static Tensor make_view(Description description, const Node::Ptr &operand, std::string_view name) {
  auto node = std::make_shared<Node>(std::move(description), std::vector{operand});
  node->name = name;
  if (auto values = operand->values()) {
    node->set_values(IndexMap::of(*node, operand->shape)->apply(*values));
    node->derive_from({operand}); // the memory is the operand's anyway
  } else {
    Recording::note(node);
  }
  return Tensor(std::move(node));
}

Tensor broadcast_to(const Tensor &input, Shape shape, std::string_view name) {
  checked_size("broadcast_to", shape, input.dtype());
  if (broadcast_shapes(input.shape(), shape) != shape)
    throw ShapeError("broadcast_to: shape " + to_string(input.shape()) + " does not broadcast to " +
                     to_string(shape) + std::string(broadcasting_rule));
  if (is_complex(input))
    return map_parts(input, name, [&](const Tensor &part) { return broadcast_to(part, shape); });
  return make_tensor(OpKind::BroadcastTo, input.dtype(), std::move(shape), {input.node()}, name);
}

/// `shape` with its extent of -1, if there is one, as `size` elements ask for.
static Shape infer_extent(Shape shape, std::int64_t size) {
  auto inferred = std::ranges::find(shape, -1);
  if (inferred == shape.end())
    return shape;
  std::string given = to_string(shape);
  if (std::count(inferred, shape.end(), -1) > 1)
    throw ShapeError("reshape: shape " + given + " has -1 more than once");
  std::int64_t others = 1;
  bool is_unique = true;
  for (std::int64_t extent : shape)
    if (extent != -1)
      is_unique &= extent > 0 && !__builtin_mul_overflow(others, extent, &others);
  if (!is_unique || size % others != 0)
    throw ShapeError("reshape: no one extent in place of -1 gives shape " + given + " " +
                     std::to_string(size) + " elements");
  *inferred = size / others;
  return shape;
}

Tensor reshape(const Tensor &input, Shape shape, std::string_view name) {
  shape = infer_extent(std::move(shape), input.size());
  std::int64_t size = checked_size("reshape", shape, input.dtype());
  if (size != input.size())
    throw ShapeError("reshape: shape " + to_string(input.shape()) + " has " +
                     std::to_string(input.size()) + " elements and " + to_string(shape) + " " +
                     std::to_string(size) + " (they must be equal)");
  if (is_complex(input))
    return map_parts(input, name, [&](const Tensor &part) { return reshape(part, shape); });
  // A reshape of a reshape is one: the operand of a reshape is none, unless it has values.
  Node::Ptr operand = input.node();
  if (operand->op == OpKind::Reshape)
    if (Node::State state = operand->state(); !state.values)
      operand = state.operands[0];
  auto node = std::make_shared<Node>(OpKind::Reshape, input.dtype(), std::move(shape),
                                     std::vector{operand});
  node->name = name;
  if (operand != input.node()) // somebody may ask for the gradient with respect to it
    node->derive_from({input.node()});
  Recording::note(node);
  return Tensor(std::move(node));
}

Tensor transpose(const Tensor &input, std::vector<std::int64_t> permutation,
                 std::string_view name) {
  const auto rank = input.rank();
  if (static_cast<std::int64_t>(permutation.size()) != rank)
    throw AxisError("transpose: permutation " + to_string(permutation) + " names " +
                    std::to_string(permutation.size()) + " axes of a tensor of rank " +
                    std::to_string(rank) + " (each must be named once)");
  (void)named_dims("transpose", permutation, rank);
  if (is_complex(input))
    return map_parts(input, name, [&](const Tensor &part) { return transpose(part, permutation); });
  Shape shape;
  for (std::int64_t &axis : permutation) {
    axis = static_cast<std::int64_t>(checked_axis("transpose", axis, rank));
    shape.push_back(input.shape()[static_cast<std::size_t>(axis)]);
  }
  return make_view({.op = OpKind::Transpose,
                    .dtype = input.dtype(),
                    .shape = std::move(shape),
                    .axes = std::move(permutation)},
                   input.node(), name);
}

Tensor transpose(const Tensor &input) {
  std::vector<std::int64_t> reversed(static_cast<std::size_t>(input.rank()));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return transpose(input, std::move(reversed));
}

Tensor expand_dims(const Tensor &input, std::int64_t axis, std::string_view name) {
  Shape shape = shape_of(input);
  std::size_t dim = checked_axis("expand_dims", axis, input.rank() + 1);
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), 1);
  return reshape(input, std::move(shape), name);
}

Tensor squeeze(const Tensor &input, const Axes &axes, std::string_view name) {
  std::vector<bool> is_named = named_dims("squeeze", axes, input.rank());
  Shape shape;
  for (std::size_t dim = 0; dim < is_named.size(); ++dim) {
    const std::int64_t extent = input.shape()[dim];
    if (is_named[dim] && axes.get() && extent != 1)
      throw ShapeError("squeeze: axis " + std::to_string(dim) + " of shape " +
                       to_string(input.shape()) + " has extent " + std::to_string(extent) +
                       " (only an extent of 1 can go)");
    if (!is_named[dim] || extent != 1)
      shape.push_back(extent);
  }
  return reshape(input, std::move(shape), name);
}

/// Where `part` of a dimension of `extent` starts, and how many elements it has.
static std::pair<std::int64_t, std::int64_t> resolve(const Slice &part, std::int64_t extent) {
  const bool is_forward = part.step > 0;
  // As Python's slice.indices: a backward slice may stop before the first element.
  const std::int64_t low = is_forward ? 0 : -1;
  const std::int64_t high = is_forward ? extent : extent - 1;
  auto place = [&](std::int64_t given) {
    return std::clamp(given < 0 && given >= -extent ? given + extent
                      : given < 0                   ? low
                                                    : given,
                      low, high);
  };
  const std::int64_t start = part.start ? place(*part.start) : is_forward ? low : high;
  const std::int64_t stop = part.stop ? place(*part.stop) : is_forward ? high : low;
  const std::int64_t reach = is_forward ? stop - start : start - stop;
  // -2^63 has no negative.
  const std::uint64_t stride =
      is_forward ? static_cast<std::uint64_t>(part.step) : -static_cast<std::uint64_t>(part.step);
  const std::int64_t count =
      reach <= 0 ? 0
                 : static_cast<std::int64_t>((static_cast<std::uint64_t>(reach) - 1) / stride) + 1;
  return {start, count};
}

Tensor make_slice(const Tensor &input, std::vector<std::int64_t> starts,
                  std::vector<std::int64_t> steps, Shape shape, std::string_view name) {
  if (is_complex(input))
    return map_parts(input, name,
                     [&](const Tensor &part) { return make_slice(part, starts, steps, shape); });
  // What is never taken has one form.
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == 0)
      starts[dim] = 0;
    if (shape[dim] <= 1)
      steps[dim] = 1;
  }
  return make_view({.op = OpKind::Slice,
                    .dtype = input.dtype(),
                    .shape = std::move(shape),
                    .starts = std::move(starts),
                    .steps = std::move(steps)},
                   input.node(), name);
}

Tensor slice(const Tensor &input, const std::vector<Slice> &slices, std::string_view name) {
  if (static_cast<std::int64_t>(slices.size()) > input.rank())
    throw ShapeError("slice: " + std::to_string(slices.size()) + " slices given for shape " +
                     to_string(input.shape()) + " of rank " + std::to_string(input.rank()) +
                     " (at most one per dimension)");
  Shape shape = shape_of(input);
  std::vector<std::int64_t> starts(shape.size(), 0);
  std::vector<std::int64_t> steps(shape.size(), 1);
  for (std::size_t dim = 0; dim < slices.size(); ++dim) {
    if (slices[dim].step == 0)
      throw ShapeError("slice: a step of 0 (it must be positive or negative)");
    std::tie(starts[dim], shape[dim]) = resolve(slices[dim], shape[dim]);
    steps[dim] = slices[dim].step;
  }
  return make_slice(input, std::move(starts), std::move(steps), std::move(shape), name);
}

Tensor flip(const Tensor &input, const Axes &axes, std::string_view name) {
  std::vector<Slice> slices;
  for (bool is_flipped : named_dims("flip", axes, input.rank()))
    slices.push_back({.step = is_flipped ? -1 : 1});
  return slice(input, slices, name);
}

} // namespace tsum
