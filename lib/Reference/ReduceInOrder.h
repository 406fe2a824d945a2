// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Elementwise.h"
#include "tsum/Reference/SummationSteps.h"

namespace tsum::reference {

/// Some dimensions of a row-major tensor.
struct Dims {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides; ///< in elements
};

/// A sum or product of elements of type `T` in the order of tsum/Graph/SummationTree.h, whose steps
/// the comments count. `dims` are r1, ..., rk, none of extent 1.
template <FloatElement T, OpKind op> class InOrder {
  using Steps = SummationSteps<T, op>;

public:
  using Node = typename Steps::Node;

  InOrder(const Buffer &values, const Dims &dims) : values(values), dims(dims) {}

  /// The result of the elements from `begin` on.
  [[nodiscard]] T reduce(std::int64_t begin) const {
    // Step 5.
    if (std::ranges::find(dims.extents, 0) != dims.extents.end())
      return static_cast<T>(Steps::is_sum ? 0.0 : 1.0);
    return Steps::round(node(begin));
  }

  /// Their node, if there are any.
  [[nodiscard]] Node node(std::int64_t begin) const { return node_over(0, begin); }

private:
  /// The value of a block of `count` elements from `begin` on.
  [[nodiscard]] auto block(std::int64_t begin, std::int64_t count) const {
    return Steps::block(count, [&](std::int64_t i) {
      return Steps::block_element(load<T>(values, begin + i * dims.strides.back()));
    });
  }

  /// Step 4: the root of the balanced tree over `level`, level by level.
  static Node tree(std::vector<Node> level) {
    while (level.size() > 1) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < level.size(); i += 2)
        level[size++] = i + 1 < level.size() ? Steps::merge(level[i], level[i + 1]) : level[i];
      level.resize(size);
    }
    return level.front();
  }

  /// Step 4: the node of all that r(dim + 1), ..., rk reach from `begin` on. There are fewer than
  /// 64 of them, since none has extent 1, so that recursion does no harm.
  [[nodiscard]] Node node_over(std::size_t dim, std::int64_t begin) const {
    const std::int64_t extent = dims.extents[dim];
    const std::int64_t stride = dims.strides[dim];
    std::vector<Node> nodes;
    if (dim + 1 == dims.extents.size())
      for (std::int64_t i = 0; i < extent; i += block_elements)
        nodes.push_back(
            Steps::node_of(block(begin + i * stride, std::min(block_elements, extent - i))));
    else
      for (std::int64_t i = 0; i < extent; ++i)
        nodes.push_back(node_over(dim + 1, begin + i * stride));
    return tree(std::move(nodes));
  }

  const Buffer &values;
  const Dims &dims;
};

} // namespace tsum::reference
