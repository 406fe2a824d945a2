// SPDX-License-Identifier: Apache-2.0
#include "Steps.h"

#include <algorithm>
#include <limits>

namespace tsum {

namespace {

/// The groups that compute a node, as far as it matters which.
class Groups {
public:
  void insert(std::int32_t group) {
    if (are_many() || std::find(first, first + count, group) != first + count)
      return;
    if (count < most)
      first[count] = group;
    ++count;
  }
  void insert(const Groups &others) {
    for (std::size_t n = 0; n < std::min(others.count, most); ++n)
      insert(others.first[n]);
    count = std::max(count, others.count);
  }
  [[nodiscard]] bool are_many() const { return count > most; }

private:
  static constexpr std::size_t most = 2;

  std::int32_t first[most];
  std::size_t count = 0; // up to `most` + 1
};

/// The group of the outputs, which comes last.
constexpr std::int32_t last_group = std::numeric_limits<std::int32_t>::max();

std::size_t to_index(std::int32_t place) { return static_cast<std::size_t>(place); }

/// The number of elements that a node has in memory.
std::int64_t stored_elements(const OrderedNode &entry) {
  std::int64_t elements = 1;
  for (std::size_t dim = 0; dim < entry.node->shape.size(); ++dim)
    if (!entry.state.values || entry.state.values->strides[dim] != 0)
      elements *= entry.node->shape[dim];
  return elements;
}

} // namespace

/// Returns for each node the number of groups that must come before it can be evaluated.
std::vector<std::int32_t> Steps::levels() const {
  std::vector<std::int32_t> levels(order.size(), 0);
  // Whether some node of its level, itself or one that it is computed from, is needed.
  std::vector<bool> is_above_needed = is_needed;
  for (std::size_t place = 0; place < order.size(); ++place) {
    std::int32_t &level = levels[place];
    for (std::int32_t operand : order[place].operands) {
      const bool comes_after =
          is_above_needed[to_index(operand)] && separated.contains({place, to_index(operand)});
      level = std::max(level, levels[to_index(operand)] + (comes_after ? 1 : 0));
    }
    for (std::int32_t operand : order[place].operands)
      if (levels[to_index(operand)] == level && is_above_needed[to_index(operand)])
        is_above_needed[place] = true;
  }
  return levels;
}

/// Returns for each node whether it takes no more memory than the largest data that it is computed
/// from.
std::vector<bool> Steps::are_small() const {
  std::vector<bool> result(order.size(), false);
  std::vector<std::int64_t> most_read(order.size(), 0); // elements
  for (std::size_t place = 0; place < order.size(); ++place) {
    const std::int64_t elements = stored_elements(order[place]);
    if (order[place].operands.empty())
      most_read[place] = elements;
    for (std::int32_t operand : order[place].operands)
      most_read[place] = std::max(most_read[place], most_read[to_index(operand)]);
    result[place] = elements <= most_read[place];
  }
  return result;
}

void Steps::need_shared() {
  const std::vector<std::int32_t> level = levels();
  const std::vector<bool> is_small = are_small();
  std::vector<Groups> groups(order.size());
  std::vector<bool> is_read(order.size(), false);
  for (std::size_t place = order.size(); place-- > 0;) { // readers first
    const OrderedNode &entry = order[place];
    if (!is_read[place])
      groups[place].insert(last_group);
    const bool is_view = entry.node->op == OpKind::BroadcastTo ||
                         entry.node->op == OpKind::Reshape || entry.node->op == OpKind::Transpose ||
                         entry.node->op == OpKind::Slice;
    if (groups[place].are_many() && is_small[place] && !is_view && !entry.operands.empty())
      is_needed[place] = true;
    for (std::int32_t operand : entry.operands) {
      is_read[to_index(operand)] = true;
      if (is_needed[place])
        groups[to_index(operand)].insert(level[place]);
      else
        groups[to_index(operand)].insert(groups[place]);
    }
  }
}

std::vector<std::vector<Node::Ptr>> Steps::groups() {
  need_shared();
  const std::vector<std::int32_t> level = levels();
  std::vector<std::vector<Node::Ptr>> groups;
  for (std::size_t place = 0; place < order.size(); ++place)
    if (is_needed[place]) {
      groups.resize(std::max(groups.size(), to_index(level[place]) + 1));
      groups[to_index(level[place])].push_back(order[place].node);
    }
  std::erase_if(groups, [](const auto &group) { return group.empty(); });
  return groups;
}

} // namespace tsum
