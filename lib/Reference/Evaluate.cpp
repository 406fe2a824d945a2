// SPDX-License-Identifier: Apache-2.0
#include "tsum/Reference/Evaluate.h"

#include "Elementwise.h"

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
  template <class T> [[nodiscard]] T round() const {
    // Beyond the finite numbers `rest` is NaN.
    return static_cast<T>(std::isfinite(sum) ? sum + rest : sum);
  }

private:
  long double sum = 0;
  long double rest = 0;
};

template <class T> class WrappingSum {
public:
  void add(T x) { sum = static_cast<T>(sum + x); }
  template <class> [[nodiscard]] T round() const { return sum; }

private:
  T sum = 0;
};

} // namespace

static Buffer reduce_sum(const Node &node, const Node &operand, const Buffer &values) {
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

  Buffer result;
  visit_dtype(node.dtype, [&]<class T>(T) {
    using Sum = std::conditional_t<std::is_floating_point_v<T>, WideSum, WrappingSum<T>>;
    std::vector<Sum> sums(static_cast<std::size_t>(checked_size("reduce_sum", kept, node.dtype)));
    for_each_index<2>(operand.shape, {element_strides(operand.shape), result_strides},
                      [&](const auto &offsets) {
                        sums[static_cast<std::size_t>(offsets[1])].add(load<T>(values, offsets[0]));
                      });
    for (const Sum &sum : sums)
      append(result, sum.template round<T>());
  });
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

std::vector<std::byte> evaluate(const Tensor &tensor) {
  std::vector<OrderedNode> order = evaluation_order({&tensor.node(), 1});
  std::vector<Buffer> buffers;
  for (const auto &[node, state, operands] : order) {
    if (state.values) {
      buffers.push_back(copy_values(*node, *state.values));
      continue;
    }
    if (node->op == OpKind::Reshape) {
      buffers.push_back(buffers[static_cast<std::size_t>(operands[0])]);
      continue;
    }
    if (node->op == OpKind::ReduceSum) {
      buffers.push_back(
          reduce_sum(*node, *state.operands[0], buffers[static_cast<std::size_t>(operands[0])]));
      continue;
    }
    std::vector<Input> inputs;
    for (std::size_t n = 0; n < operands.size(); ++n)
      inputs.push_back({state.operands[n]->dtype, &buffers[static_cast<std::size_t>(operands[n])],
                        broadcast_strides(state.operands[n]->shape, node->shape.size())});
    buffers.push_back(apply_elementwise(node->op, node->dtype, node->shape, inputs));
  }
  return buffers.back();
}

} // namespace tsum::reference
