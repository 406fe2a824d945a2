// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Stages.h"

#include <algorithm>

namespace tsum::interpreter {

/// The values of a graph as one of its stages sees them.
class StageValues {
public:
  using Value = CanonicalGraph::Value;

  StageValues(const CanonicalGraph &graph, const Stage &stage) : graph(graph), stage(stage) {
    find_depths();
  }

  const CanonicalGraph &graph;
  const Stage &stage;

  [[nodiscard]] const Value &value(std::int32_t n) const {
    return graph.values[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] std::int64_t extent(std::int32_t dim) const {
    return graph.extents[static_cast<std::size_t>(dim)];
  }
  [[nodiscard]] bool is_own_reduction(std::int32_t n) const {
    return contains(stage.reductions, n);
  }
  /// Whether `n` is in memory when the stage begins.
  [[nodiscard]] bool is_given(std::int32_t n) const {
    const OpKind op = value(n).op;
    return op == OpKind::Constant || (is_reduction(op) && !is_own_reduction(n));
  }
  /// How many reductions of the stage, one after the other, `n` waits for.
  [[nodiscard]] int depth(std::int32_t n) const { return depths[static_cast<std::size_t>(n)]; }
  /// One more than the depth of any result.
  [[nodiscard]] int phase_count() const { return phases; }

private:
  void find_depths() {
    depths.assign(graph.values.size(), 0);
    for (std::size_t n = 0; n < graph.values.size(); ++n) {
      if (is_given(static_cast<std::int32_t>(n)))
        continue;
      for (std::int32_t operand : graph.values[n].operands)
        depths[n] = std::max(depths[n], depth(operand) + is_own_reduction(operand));
    }
    for (const Dims *results : {&stage.reductions, &stage.outputs})
      for (std::int32_t result : *results)
        phases = std::max(phases, depth(result) + 1);
  }

  std::vector<int> depths; ///< by value
  int phases = 1;
};

} // namespace tsum::interpreter
