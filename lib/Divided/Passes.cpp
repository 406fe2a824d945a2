// SPDX-License-Identifier: Apache-2.0
#include "tsum/Divided/Passes.h"

#include "Reshape.h"

#include <algorithm>
#include <map>

namespace tsum::divided {

Cuts::Cuts(std::span<const Node::Ptr> outputs, const CutOf &cut_of)
    : order(evaluation_order(outputs, /*with_inputs=*/true)) {
  for (const OrderedNode &entry : order)
    found.emplace(entry.node.get(), find(entry, cut_of));
}

std::int32_t Cuts::of(const Node &node) const {
  auto entry = found.find(&node);
  return entry == found.end() ? not_cut : entry->second.cut;
}

bool Cuts::is_merged(const Node &node) const {
  auto entry = found.find(&node);
  return entry != found.end() && entry->second.is_merged;
}

int Cuts::merges_before(const Node &node) const {
  auto entry = found.find(&node);
  return entry == found.end() ? 0 : entry->second.merges;
}

/// Which dimension of `node` goes along dimension `cut` of its operand, or `not_cut`.
static std::int32_t cut_of_result(const Node &node, const Node &operand, std::int32_t cut) {
  const auto at = static_cast<std::size_t>(cut);
  switch (node.op) {
  case OpKind::Reshape: {
    const auto dims = ReshapedDims::of_operand(operand.shape, node.shape, cut);
    return dims ? dims->result_dim : not_cut;
  }
  case OpKind::Transpose:
    return static_cast<std::int32_t>(std::ranges::find(node.axes, cut) - node.axes.begin());
  case OpKind::Slice:
    return node.shape[at] > 1 ? cut : not_cut;
  default:
    break;
  }
  if (is_reduction(node.op)) {
    if (node.keepdims)
      return cut;
    return cut - static_cast<std::int32_t>(
                     std::ranges::count_if(node.axes, [&](auto axis) { return axis < cut; }));
  }
  return cut + static_cast<std::int32_t>(node.shape.size() - operand.shape.size());
}

Cuts::Found Cuts::find(const OrderedNode &entry, const CutOf &cut_of) const {
  const Node &node = *entry.node;
  if (entry.state.values)
    return {};
  if (const InputNode *input = as_input(node, /*has_values=*/false))
    return {.cut = cut_of(*input)};
  Found result;
  for (const Node::Ptr &operand : entry.state.operands) {
    const Found &before = found.at(operand.get());
    result.merges = std::max(result.merges, before.merges);
    if (before.cut == not_cut || result.cut != not_cut)
      continue;
    if (is_reduction(node.op) && std::ranges::find(node.axes, before.cut) != node.axes.end()) {
      result.is_merged = true;
      ++result.merges;
    } else {
      result.cut = cut_of_result(node, *operand, before.cut);
    }
  }
  return result;
}

std::vector<Pass> passes_of(std::span<const Node::Ptr> outputs, const CutOf &cut_of) {
  const Cuts cuts(outputs, cut_of);
  // By what must be done before, and the extent. A reduction counts itself among what is before it.
  std::map<std::pair<int, std::int64_t>, Pass> passes;
  auto add = [&](int before, std::int64_t extent, Goal goal) {
    Pass &pass = passes[{before, extent}];
    pass.extent = extent;
    pass.goals.push_back(std::move(goal));
  };
  for (const OrderedNode &entry : cuts.nodes()) {
    const Node &node = *entry.node;
    if (cuts.is_merged(node)) {
      const Node::Ptr &operand = entry.state.operands.front();
      const std::int32_t cut = cuts.of(*operand);
      add(cuts.merges_before(node) - 1, operand->shape[static_cast<std::size_t>(cut)],
          {entry.node, operand, cut});
    } else if (const std::int32_t cut = cuts.of(node); cut != not_cut) {
      if (std::ranges::find(outputs, entry.node) != outputs.end())
        add(cuts.merges_before(node), node.shape[static_cast<std::size_t>(cut)],
            {entry.node, entry.node, cut});
    }
  }
  std::vector<Pass> list;
  for (auto &[key, pass] : passes)
    list.push_back(std::move(pass));
  return list;
}

} // namespace tsum::divided
