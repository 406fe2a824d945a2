// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum::partial {

/// The steps above the elements of tsum/Graph/SummationTree.h, for nodes side by side: columns, of
/// `numbers` each. The few nodes of a partial reduction are merged without compiled code; both have
/// the reference evaluator's definition.
class NodeMath {
public:
  virtual ~NodeMath() = default;

  const int numbers; ///< of a node

  /// The nodes of a block of `count` elements, each of which is given for all columns.
  [[nodiscard]] virtual std::vector<double>
  block(std::span<const double> elements, std::int64_t count, std::int64_t columns) const = 0;
  /// Merges each node of `y` into the one of `x`.
  virtual void merge(std::span<double> x, std::span<const double> y) const = 0;
  /// The elements that nodes round to.
  [[nodiscard]] virtual std::vector<std::byte> round(std::span<const double> nodes) const = 0;

  /// Numbers as elements of the dtype, which they are, and back.
  [[nodiscard]] virtual std::vector<std::byte> narrow(std::span<const double> numbers) const = 0;
  [[nodiscard]] virtual std::vector<double> widen(std::span<const std::byte> elements) const = 0;

  /// The nodes of the trees over the second of three dimensions that `nodes` have, of which the
  /// first two have the given extents.
  [[nodiscard]] std::vector<double> trees(std::span<const double> nodes, std::int64_t groups,
                                          std::int64_t extent) const;

protected:
  explicit NodeMath(int numbers) : numbers(numbers) {}
};

/// Of an ordered reduction of elements of `dtype`.
[[nodiscard]] const NodeMath &node_math(OpKind op, DType dtype);

} // namespace tsum::partial
