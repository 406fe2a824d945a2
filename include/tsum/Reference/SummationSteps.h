// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace tsum {

/// A number and what rounding lost of it.
struct Pair {
  double hi;
  double lo;
};

inline Pair two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}

inline Pair two_product(double a, double b) {
  const double p = a * b;
  return {p, std::fma(a, b, -p)};
}

/// The steps of a sum or product of elements of type `T` that tsum/Graph/SummationTree.h counts,
/// one by one, for whoever takes them without compiled code: the reference evaluator and partial
/// reductions.
template <FloatElement T, OpKind op> struct SummationSteps {
  static constexpr bool is_sum = op == OpKind::ReduceSum;
  static constexpr bool is_double = std::is_same_v<T, double>;

  // Step 1.
  using BlockElement = std::conditional_t<is_sum && !is_double, float, double>;
  // Step 3.
  using Node = std::conditional_t<is_double, Pair, double>;

  /// Step 1.
  static BlockElement block_element(T x) {
    if constexpr (sizeof(T) == 2)
      return static_cast<float>(x);
    else
      return x;
  }

  static BlockElement combine(BlockElement x, BlockElement y) {
    if constexpr (is_sum)
      return x + y;
    else
      return x * y;
  }

  /// Step 2: the value of a block of `count` elements, of which `element(i)` is the ith.
  template <class Element> static BlockElement block(std::int64_t count, const Element &element) {
    std::array<BlockElement, block_lanes> lanes;
    lanes.fill(is_sum ? 0 : 1);
    for (std::int64_t l = 0; l < std::min(count, block_lanes); ++l) {
      BlockElement b = element(l);
      for (std::int64_t i = l + block_lanes; i < count; i += block_lanes)
        b = combine(b, element(i));
      lanes[static_cast<std::size_t>(l)] = b;
    }
    for (std::size_t h = block_lanes / 2; h >= 1; h /= 2)
      for (std::size_t l = 0; l < h; ++l)
        lanes[l] = combine(lanes[l], lanes[l + h]);
    return lanes[0];
  }

  /// Step 3.
  static Node node_of(BlockElement value) {
    if constexpr (is_double)
      return {value, 0};
    else
      return static_cast<double>(value);
  }

  /// Step 3.
  static Node merge(const Node &x, const Node &y) {
    if constexpr (is_double && is_sum) {
      const auto [hi, e] = two_sum(x.hi, y.hi);
      return {hi, (x.lo + y.lo) + e};
    } else if constexpr (is_double) {
      const auto [hi, e] = two_product(x.hi, y.hi);
      return {hi, std::fma(x.hi, y.lo, std::fma(x.lo, y.hi, e))};
    } else if constexpr (is_sum) {
      return x + y;
    } else {
      return x * y;
    }
  }

  /// Step 5.
  static T round(const Node &node) {
    double value;
    if constexpr (is_double)
      value = std::isfinite(node.hi) && node.lo != 0 ? node.hi + node.lo : node.hi;
    else
      value = node;
    return static_cast<T>(is_sum ? value + 0.0 : value);
  }
};

} // namespace tsum
