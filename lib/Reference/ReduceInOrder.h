// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Elementwise.h"
#include "tsum/Graph/SummationTree.h"

#include <algorithm>

namespace tsum::reference {

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

/// Some dimensions of a row-major tensor.
struct Dims {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides; ///< in elements
};

/// A sum or product of elements of type `T` in the order of tsum/Graph/SummationTree.h, whose steps
/// the comments count. `dims` are r1, ..., rk, none of extent 1.
template <FloatElement T, OpKind op> class InOrder {
  static constexpr bool is_sum = op == OpKind::ReduceSum;
  static constexpr bool is_double = std::is_same_v<T, double>;

public:
  InOrder(const Buffer &values, const Dims &dims) : values(values), dims(dims) {}

  /// The result of the elements from `begin` on.
  [[nodiscard]] T reduce(std::int64_t begin) const {
    // Step 5.
    if (std::ranges::find(dims.extents, 0) != dims.extents.end())
      return static_cast<T>(is_sum ? 0.0 : 1.0);
    return round(node_over(0, begin));
  }

private:
  // Step 1.
  using BlockElement = std::conditional_t<is_sum && !is_double, float, double>;
  // Step 3.
  using Node = std::conditional_t<is_double, Pair, double>;

  [[nodiscard]] BlockElement element(std::int64_t place) const {
    return static_cast<BlockElement>(static_cast<Computed<T>>(load<T>(values, place)));
  }

  static BlockElement combine(BlockElement x, BlockElement y) {
    if constexpr (is_sum)
      return x + y;
    else
      return x * y;
  }

  /// Step 2: the value of a block of `count` elements from `begin` on.
  [[nodiscard]] BlockElement block(std::int64_t begin, std::int64_t count) const {
    const std::int64_t stride = dims.strides.back();
    std::array<BlockElement, block_lanes> lanes;
    lanes.fill(is_sum ? 0 : 1);
    for (std::int64_t l = 0; l < std::min(count, block_lanes); ++l) {
      BlockElement b = element(begin + l * stride);
      for (std::int64_t i = l + block_lanes; i < count; i += block_lanes)
        b = combine(b, element(begin + i * stride));
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

  /// Step 4: the root of the balanced tree over `level`, level by level.
  static Node tree(std::vector<Node> level) {
    while (level.size() > 1) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < level.size(); i += 2)
        level[size++] = i + 1 < level.size() ? merge(level[i], level[i + 1]) : level[i];
      level.resize(size);
    }
    return level.front();
  }

  /// Step 4: the node of all that r(dim + 1), ..., rk reach from `begin` on. There are fewer than 64
  /// of them, since none has extent 1, so that recursion does no harm.
  [[nodiscard]] Node node_over(std::size_t dim, std::int64_t begin) const {
    const std::int64_t extent = dims.extents[dim];
    const std::int64_t stride = dims.strides[dim];
    std::vector<Node> nodes;
    if (dim + 1 == dims.extents.size())
      for (std::int64_t i = 0; i < extent; i += block_elements)
        nodes.push_back(node_of(block(begin + i * stride, std::min(block_elements, extent - i))));
    else
      for (std::int64_t i = 0; i < extent; ++i)
        nodes.push_back(node_over(dim + 1, begin + i * stride));
    return tree(std::move(nodes));
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

  const Buffer &values;
  const Dims &dims;
};

} // namespace tsum::reference
