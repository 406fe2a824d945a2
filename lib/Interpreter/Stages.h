// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

#include <algorithm>

namespace tsum::interpreter {

using Dims = std::vector<std::int32_t>;

[[nodiscard]] inline bool contains(const Dims &dims, std::int32_t dim) {
  return std::ranges::find(dims, dim) != dims.end();
}

/// What one walk over the elements of some dimensions computes: reductions of the same axes, which
/// may use each other's results, as softmax's maximum and sum do, and what is elementwise in these.
/// Elementwise values are computed wherever they are read; reductions and outputs go to memory.
struct Stage {
  Dims dims; ///< ascending
  Dims axes; ///< what the reductions reduce, as they nest, outermost first; none if there are none
  Dims reductions; ///< values
  Dims outputs;    ///< elementwise values, and data, that are outputs of the graph
};

/// The stages of `graph`, each after those whose reductions it reads.
[[nodiscard]] std::vector<Stage> stages_of(const CanonicalGraph &graph);

} // namespace tsum::interpreter
