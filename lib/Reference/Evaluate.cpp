// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"

#include "Elementwise.h"
#include "ExactSum.h"

#include <algorithm>

namespace tsum::reference {

namespace {

/// A sum of floats in twice the precision of long double (Neumaier).
class WideSum {
public:
  void add(long double x) {
    long double total = sum + x;
    rest += std::fabs(sum) >= std::fabs(x) ? (sum - total) + x : (x - total) + sum;
    sum = total;
  }
  [[nodiscard]] long double result() const {
    // Beyond the finite numbers `rest` is NaN.
    return std::isfinite(sum) ? sum + rest : sum;
  }

private:
  long double sum = 0;
  long double rest = 0;
};

/// A product of floats in long double.
class WideProduct {
public:
  void add(long double x) { product *= x; }
  [[nodiscard]] long double result() const { return product; }

private:
  long double product = 1;
};

/// Any other reduction, in the element type.
template <class T, OpKind op> class Reduction {
public:
  void add(T x) { total = apply<T>(op_info(op).combiner, total, x); }
  [[nodiscard]] T result() const { return total; }

private:
  T total = identity<T>(op);
};

template <class T, OpKind op>
using Accumulator = std::conditional_t<
    FloatElement<T> && op == OpKind::ReduceSum, WideSum,
    std::conditional_t<FloatElement<T> && op == OpKind::ReduceProd, WideProduct, Reduction<T, op>>>;

} // namespace

template <class T, class Accumulator>
static Buffer reduce_elements(const Node &operand, const Buffer &values, const Shape &kept,
                              const std::vector<std::int64_t> &result_strides) {
  std::vector<Accumulator> totals(
      static_cast<std::size_t>(checked_size("reduce", kept, operand.dtype)));
  for_each_index<2>(operand.shape, {element_strides(operand.shape), result_strides},
                    [&](const auto &offsets) {
                      totals[static_cast<std::size_t>(offsets[1])].add(load<T>(values, offsets[0]));
                    });
  Buffer result;
  for (const auto &total : totals)
    if constexpr (std::is_same_v<Accumulator, ExactSum>)
      append(result, total.template result<T>());
    else
      append(result, static_cast<T>(total.result()));
  return result;
}

static Buffer reduce(const Node &node, const Node &operand, const Buffer &values) {
  // In the result a reduced dimension is one of extent 1, along which nothing moves.
  Shape kept = operand.shape;
  for (std::int64_t axis : node.axes)
    kept[static_cast<std::size_t>(axis)] = 1;
  std::vector<std::int64_t> result_strides = element_strides(kept);
  for (std::int64_t axis : node.axes)
    result_strides[static_cast<std::size_t>(axis)] = 0;
  // A sum of one element is that element: adding it to 0 would lose the sign of -0.
  if (kept == operand.shape)
    return values;

  return visit_dtype(node.dtype, [&]<class T>(T) -> Buffer {
    if constexpr (FloatElement<T>)
      if (node.is_exact)
        return reduce_elements<T, ExactSum>(operand, values, kept, result_strides);
    switch (node.op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>) && !ComplexElement<T>)                     \
      return reduce_elements<T, Accumulator<T, OpKind::CLASS>>(operand, values, kept,              \
                                                               result_strides);                    \
    break;
#include "tsum/Reductions.def"
    default:
      break;
    }
    __builtin_unreachable();
  });
}

/// The elements of `values`, of shape `operand`, that a transpose or a slice takes.
static Buffer take(const Node &node, const Shape &operand, const Buffer &values) {
  const std::vector<std::int64_t> from = element_strides(operand);
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
  for (std::size_t dim = 0; dim < node.shape.size(); ++dim) {
    if (node.op == OpKind::Transpose) {
      strides.push_back(from[static_cast<std::size_t>(node.axes[dim])]);
    } else {
      strides.push_back(from[dim] * node.steps[dim]);
      offset += from[dim] * node.starts[dim];
    }
  }
  Buffer result;
  visit_dtype(node.dtype, [&]<class T>(T) {
    for_each_index<1>(node.shape, {strides}, [&](const auto &offsets) {
      append(result, load<T>(values, offset + offsets[0]));
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

/// How `operand` is read for a result of `rank` dimensions: aligned at the last, extents of 1
/// repeated.
static std::vector<std::int64_t> broadcast_strides(const Shape &operand, std::size_t rank) {
  std::vector<std::int64_t> strides = element_strides(operand);
  for (std::size_t dim = 0; dim < operand.size(); ++dim)
    if (operand[dim] == 1)
      strides[dim] = 0;
  strides.insert(strides.begin(), rank - operand.size(), 0);
  return strides;
}

static Buffer copy_values(const Node &node, const Storage &values) {
  auto packed = pack_row_major(node.shape, node.dtype, values);
  return {packed->data,
          packed->data + checked_size("copy", node.shape, node.dtype) * size_of(node.dtype)};
}

static Buffer evaluate(const OrderedNode &entry, const std::vector<Buffer> &buffers) {
  const Node &node = *entry.node;
  if (entry.state.values)
    return copy_values(node, *entry.state.values);
  const std::vector<Node::Ptr> &operands = entry.state.operands;
  auto buffer = [&](std::size_t n) -> const Buffer & {
    return buffers[static_cast<std::size_t>(entry.operands[n])];
  };
  if (is_reduction(node.op))
    return reduce(node, *operands[0], buffer(0));
  switch (node.op) {
  case OpKind::Iota:
    return count(node.dtype, node.shape, node.starts[0], node.steps);
  case OpKind::Reshape:
    return buffer(0);
  case OpKind::Transpose:
  case OpKind::Slice:
    return take(node, operands[0]->shape, buffer(0));
  case OpKind::Complex:
    return join(node, buffer(0), buffer(1));
  default:
    break;
  }
  std::vector<Input> inputs;
  for (std::size_t n = 0; n < operands.size(); ++n)
    inputs.push_back(
        {operands[n]->dtype, &buffer(n), broadcast_strides(operands[n]->shape, node.shape.size())});
  return apply_elementwise(node.op, node.dtype, node.shape, inputs);
}

std::vector<std::byte> evaluate(const Tensor &tensor) {
  std::vector<Buffer> buffers;
  for (const OrderedNode &entry : evaluation_order({&tensor.node(), 1}))
    buffers.push_back(evaluate(entry, buffers));
  return buffers.back();
}

} // namespace tsum::reference
