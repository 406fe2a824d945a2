// SPDX-License-Identifier: Apache-2.0

#include "Stages.h"

#include <algorithm>
#include <optional>

namespace tsum::interpreter {

namespace {

using Value = CanonicalGraph::Value;

class Staging {
public:
  explicit Staging(const CanonicalGraph &graph) : graph(graph) {
    for (std::size_t n = 0; n < graph.values.size(); ++n)
      places.push_back(is_reduction(graph.values[n].op) ? place_reduction(static_cast<int>(n))
                                                        : place_elementwise(graph.values[n]));
    for (std::int32_t output : graph.outputs)
      if (!is_reduction(value(output).op))
        stage_for_output(output).outputs.push_back(output);
  }

  std::vector<Stage> stages() {
    std::vector<Stage> stages;
    for (int level = 0; stages.size() < levels.size(); ++level)
      for (Leveled &leveled : levels)
        if (leveled.level == level)
          stages.push_back(std::move(leveled.stage));
    return stages;
  }

private:
  struct Leveled {
    int level;
    Stage stage;
  };
  /// The first level at which a value is there, and the stage of that level, if it is one's only.
  struct Place {
    int level = 0;
    std::optional<std::size_t> stage;
  };

  [[nodiscard]] const Value &value(std::int32_t n) const {
    return graph.values[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] const Place &place(std::int32_t n) const {
    return places[static_cast<std::size_t>(n)];
  }

  /// In the stage of what it reads, if that is one whose dimensions it has, else after these.
  [[nodiscard]] Place place_elementwise(const Value &value) const {
    Place result;
    for (std::int32_t operand : value.operands)
      result.level = std::max(result.level, place(operand).level);
    for (std::int32_t operand : value.operands) {
      const Place &other = place(operand);
      if (other.level < result.level || !other.stage)
        continue;
      if ((result.stage && *result.stage != *other.stage) ||
          !std::ranges::includes(levels[*other.stage].stage.dims, value.dims))
        return {result.level + 1, std::nullopt};
      result.stage = other.stage;
    }
    return result;
  }

  [[nodiscard]] bool takes(const Stage &stage, const Value &reduction) const {
    const Value &operand = value(reduction.operands[0]);
    if (stage.dims != operand.dims || stage.reductions.empty())
      return false;
    // Of what has no order any will do.
    return stage.axes == reduction.axes ||
           (!graph.is_ordered(reduction) &&
            std::ranges::is_permutation(stage.axes, reduction.axes));
  }

  Place place_reduction(int n) {
    const Value &reduction = value(n);
    Place operand = place(reduction.operands[0]);
    if (operand.stage && !takes(levels[*operand.stage].stage, reduction))
      operand = {operand.level + 1, std::nullopt};
    if (!operand.stage) {
      auto stage = std::ranges::find_if(levels, [&](const Leveled &other) {
        return other.level == operand.level && takes(other.stage, reduction);
      });
      operand.stage = static_cast<std::size_t>(stage - levels.begin());
      if (stage == levels.end())
        levels.push_back(
            {operand.level, {value(reduction.operands[0]).dims, reduction.axes, {}, {}}});
    }
    levels[*operand.stage].stage.reductions.push_back(n);
    return operand;
  }

  Stage &stage_for_output(std::int32_t output) {
    const Place &at = place(output);
    if (at.stage)
      return levels[*at.stage].stage;
    auto stage = std::ranges::find_if(levels, [&](const Leveled &other) {
      return other.level == at.level && other.stage.dims == value(output).dims;
    });
    if (stage != levels.end())
      return stage->stage;
    levels.push_back({at.level, {value(output).dims, {}, {}, {}}});
    return levels.back().stage;
  }

  const CanonicalGraph &graph;
  std::vector<Place> places;
  std::vector<Leveled> levels;
};

} // namespace

std::vector<Stage> stages_of(const CanonicalGraph &graph) { return Staging(graph).stages(); }

} // namespace tsum::interpreter
