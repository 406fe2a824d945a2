// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <unordered_set>

namespace tsum {

/// Which nodes of `order` must have values before the outputs can be evaluated, and why.
class Steps {
public:
  explicit Steps(std::span<const OrderedNode> order)
      : order(order), is_needed(order.size(), false) {}

  /// The node at `place` must have values before the outputs can be evaluated.
  void need(std::size_t place) { is_needed[place] = true; }
  /// The node at `reader` cannot be evaluated together with its operand at `operand`, if this or
  /// what it is computed from must have values first.
  void separate(std::size_t reader, std::size_t operand) { separated.insert({reader, operand}); }

  /// Groups the nodes that are needed. In each group are those that can be evaluated together once
  /// the groups before it are. To evaluate group after group, each down to what has values by then,
  /// takes time that is linear in the graph.
  ///
  /// What the groups compute over and over would not be linear. So a tensor that more than two of
  /// them would compute is needed as well, unless it has more elements than all data that it is
  /// computed from: these may not fit in memory.
  [[nodiscard]] std::vector<std::vector<Node::Ptr>> groups();

private:
  struct Hash {
    std::size_t operator()(const std::pair<std::size_t, std::size_t> &edge) const {
      return edge.first * 0x9e3779b97f4a7c15 ^ edge.second;
    }
  };

  [[nodiscard]] std::vector<std::int32_t> levels() const;
  [[nodiscard]] std::vector<bool> are_small() const;
  void need_shared();

  std::span<const OrderedNode> order;
  std::vector<bool> is_needed;
  std::unordered_set<std::pair<std::size_t, std::size_t>, Hash> separated;
};

} // namespace tsum
