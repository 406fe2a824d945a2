// SPDX-License-Identifier: Apache-2.0
#include "Reduce.h"

#include "ReduceInOrder.h"
#include "tsum/Reference/ExactSum.h"

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

/// What a reduction reads: the dimensions that stay and those that it takes together.
struct Operand {
  const Buffer &values;
  Dims kept;
  Dims reduced; ///< without extents of 1
};

} // namespace

/// Adds each element to its result's accumulator, in row-major order.
template <class T, class Accumulator> static Buffer accumulate(const Operand &operand) {
  Buffer result;
  for_each_index<1>(operand.kept.extents, {operand.kept.strides}, [&](const auto &begin) {
    Accumulator total;
    for_each_index<1>(operand.reduced.extents, {operand.reduced.strides}, [&](const auto &offset) {
      total.add(load<T>(operand.values, begin[0] + offset[0]));
    });
    append(result, static_cast<T>(total.result()));
  });
  return result;
}

/// The exact sums, divided and rounded as `node` says.
template <class T> static Buffer exact_sums(const Operand &operand, const Node &node) {
  Buffer result;
  for_each_index<1>(operand.kept.extents, {operand.kept.strides}, [&](const auto &begin) {
    ExactSum total;
    for_each_index<1>(operand.reduced.extents, {operand.reduced.strides}, [&](const auto &offset) {
      total.add(static_cast<double>(load<T>(operand.values, begin[0] + offset[0])));
    });
    visit_dtype(node.dtype, [&]<class Rounded>(Rounded) {
      if constexpr (FloatElement<Rounded>)
        append(result, total.result<Rounded>(node.divisor));
    });
  });
  return result;
}

/// The results or, if `node_part` is not -1, these numbers of the nodes.
template <class T, OpKind op> static Buffer reduce_in_order(const Operand &operand, int node_part) {
  using Node = typename InOrder<T, op>::Node;
  const InOrder<T, op> reduction(operand.values, operand.reduced);
  Buffer result;
  for_each_index<1>(operand.kept.extents, {operand.kept.strides}, [&](const auto &begin) {
    if (node_part < 0)
      append(result, reduction.reduce(begin[0]));
    else if constexpr (std::is_same_v<Node, Pair>)
      append(result, node_part == 0 ? reduction.node(begin[0]).hi : reduction.node(begin[0]).lo);
    else
      append(result, reduction.node(begin[0]));
  });
  return result;
}

template <class T, OpKind op>
static Buffer reduce_elements(const Operand &operand, const Node &node, Precision precision) {
  if constexpr (FloatElement<T> && op == OpKind::ReduceSum)
    if (node.is_exact)
      return exact_sums<T>(operand, node);
  if constexpr (is_ordered(op, dtype_of<T>, /*is_exact=*/false))
    if (precision == Precision::InOrder || node.node_part >= 0)
      return reduce_in_order<T, op>(operand, node.node_part);
  return accumulate<T, Accumulator<T, op>>(operand);
}

Buffer reduce(const Node &node, const Node &input, const Buffer &values, Precision precision) {
  const Shape &shape = input.shape;
  Operand operand{values, {}, {}};
  const std::vector<std::int64_t> strides = element_strides(shape);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == 1)
      continue;
    Dims &dims = std::ranges::find(node.axes, static_cast<std::int64_t>(dim)) != node.axes.end()
                     ? operand.reduced
                     : operand.kept;
    dims.extents.push_back(shape[dim]);
    dims.strides.push_back(strides[dim]);
  }
  // A reduction over extents of 1 alone is its operand: adding that to 0 would lose the sign of -0.
  if (operand.reduced.extents.empty())
    return values;

  return visit_dtype(input.dtype, [&]<class T>(T) -> Buffer {
    switch (node.op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>) && !ComplexElement<T>)                     \
      return reduce_elements<T, OpKind::CLASS>(operand, node, precision);                          \
    break;
#include "tsum/Reductions.def"
    default:
      break;
    }
    __builtin_unreachable();
  });
}

} // namespace tsum::reference
