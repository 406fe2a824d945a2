// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum {

/// Nodes to evaluate in place of those that a user asked for. None of them is complex, and none
/// reads a slice of what must be computed: slices have moved to the data, so that only what they
/// keep is computed.
struct Resolved {
  std::vector<Node::Ptr> nodes;

  /// Nodes that must have values before the slices of them can move on; `nodes` is empty then, and
  /// the caller evaluates one group of them after the other and asks again.
  std::vector<std::vector<Node::Ptr>> needed_first;

  /// Gives the user's nodes the values of `nodes`, which must have them.
  void finish() const;

private:
  friend Resolved resolve(std::span<const Node::Ptr> outputs);

  struct Output {
    Node::Ptr node;
    std::size_t
        first; ///< in `nodes`: its own, or the real part's, which the imaginary part's follows
  };
  std::vector<Output> outputs;
};

/// What to evaluate for `outputs`, of which those with values are left out.
[[nodiscard]] Resolved resolve(std::span<const Node::Ptr> outputs);

} // namespace tsum
