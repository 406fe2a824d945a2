// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <functional>
#include <vector>

namespace tsum::test {

/// A copy of the graph behind `outputs`, where `replace` may give another tensor of the same shape
/// and dtype for data; or nothing, for data to stay.
inline std::vector<Tensor>
with_inputs(const std::vector<Tensor> &outputs,
            const std::function<std::optional<Tensor>(const Tensor &)> &replace) {
  std::vector<Node::Ptr> nodes, copies;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  const std::vector<OrderedNode> order = evaluation_order(nodes);
  std::vector<Tensor> result;
  for (const OrderedNode &entry : order) {
    if (entry.state.values) {
      const auto other = replace(Tensor(entry.node));
      copies.push_back(other ? other->node() : entry.node);
      continue;
    }
    std::vector<Node::Ptr> operands;
    for (std::int32_t operand : entry.operands)
      operands.push_back(copies[static_cast<std::size_t>(operand)]);
    copies.push_back(
        std::make_shared<Node>(static_cast<const Description &>(*entry.node), std::move(operands)));
  }
  for (const Node::Ptr &node : nodes)
    for (std::size_t n = 0; n < order.size(); ++n)
      if (order[n].node == node)
        result.emplace_back(copies[n]);
  return result;
}

} // namespace tsum::test
