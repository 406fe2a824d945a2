// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <functional>
#include <unordered_map>

/// How a graph is evaluated whose data comes in pieces, from files or of several machines.
///
/// Some inputs are *cut* along a dimension, and what is computed of them is, too, until a reduction
/// over that dimension: it merges partial results, and what follows has the whole of it again. So
/// an evaluation is a number of *passes* over the pieces. A pass has *goals*: reductions over the
/// cut dimension, of which each piece gives a partial one, and outputs that have the cut dimension,
/// whose pieces lie side by side. A reduction that reads the result of another one, as the second
/// sum of a variance reads the mean, is a goal of a later pass.
namespace tsum::divided {

inline constexpr std::int32_t not_cut = -1;

/// Along which dimension an input is cut, or `not_cut`.
using CutOf = std::function<std::int32_t(const InputNode &)>;

/// A dimension that is cut of each node behind some outputs, as `CutOf` says of the inputs: that
/// of the first operand that has one. Nodes with values are not cut, nor are reductions over
/// it.
class Cuts {
public:
  Cuts(std::span<const Node::Ptr> outputs, const CutOf &cut_of);

  /// `not_cut` for nodes that have none, or that are not behind the outputs.
  [[nodiscard]] std::int32_t of(const Node &node) const;
  /// Whether `node` is a reduction over the cut dimension of its operand.
  [[nodiscard]] bool is_merged(const Node &node) const;
  /// How many reductions over cut dimensions are on the longest way to `node` from the data, with
  /// itself.
  [[nodiscard]] int merges_before(const Node &node) const;
  /// The nodes, each after its operands.
  [[nodiscard]] const std::vector<OrderedNode> &nodes() const { return order; }

private:
  struct Found {
    std::int32_t cut = not_cut;
    bool is_merged = false;
    int merges = 0;
  };
  [[nodiscard]] Found find(const OrderedNode &entry, const CutOf &cut_of) const;

  std::vector<OrderedNode> order;
  std::unordered_map<const Node *, Found> found;
};

struct Goal {
  Node::Ptr node;
  Node::Ptr source; ///< a reduction's operand; of an output that has the cut dimension itself
  std::int32_t cut; ///< dimension of the source

  [[nodiscard]] bool is_merged() const { return node != source; }
};

struct Pass {
  std::int64_t extent = 0; ///< along the cut dimension, of all goals
  std::vector<Goal> goals;
};

/// The passes that `outputs` take, in order: a goal reads what earlier passes gave. As few as there
/// are reductions over cut dimensions that depend on one another; but goals of different extents
/// are in different ones.
[[nodiscard]] std::vector<Pass> passes_of(std::span<const Node::Ptr> outputs, const CutOf &cut_of);

} // namespace tsum::divided
