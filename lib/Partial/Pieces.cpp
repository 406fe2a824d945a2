// SPDX-License-Identifier: Apache-2.0
#include "Pieces.h"

#include "Content.h"

#include "tsum/shapes.h"

#include <algorithm>
#include <map>

namespace tsum::partial {

namespace {

class Splitter {
public:
  explicit Splitter(const Pieces &pieces) : pieces(pieces) {}

  Node::Ptr split(const Node::Ptr &node, std::int64_t dim) {
    auto [entry, is_new] = done.try_emplace({node.get(), dim});
    if (is_new) {
      ++depth;
      Node::Ptr made = depth < most_depth ? rebuild(node, dim) : nullptr;
      --depth;
      entry->second = made ? made : reshaped(node, dim);
    }
    return entry->second;
  }

private:
  /// Longer chains are evaluated first: recursion has an end.
  static constexpr int most_depth = 200;

  template <class List>
  void split_list(List &list, std::int64_t at, std::int64_t outer, std::int64_t inner) const {
    list[static_cast<std::size_t>(at)] = inner;
    list.insert(list.begin() + at, outer);
  }

  /// By way of data.
  [[nodiscard]] Node::Ptr reshaped(const Node::Ptr &node, std::int64_t dim) const {
    const Tensor some =
        slice_along(Tensor(node), dim, pieces.begin, pieces.begin + pieces.count * pieces.size);
    Shape shape(some.shape().begin(), some.shape().end());
    split_list(shape, dim, pieces.count, pieces.size);
    return reshape(some, std::move(shape)).node();
  }

  /// Of operands that are split, or nothing where that is not possible.
  Node::Ptr rebuild(const Node::Ptr &node, std::int64_t dim) {
    const Node::State state = node->state();
    Description description = *node;
    split_list(description.shape, dim, pieces.count, pieces.size);
    std::vector<Node::Ptr> operands = state.operands;
    if (node->op == OpKind::Iota) {
      const std::int64_t step = node->steps[static_cast<std::size_t>(dim)];
      description.starts[0] += pieces.begin * step;
      split_list(description.steps, dim, step * pieces.size, step);
    } else if (state.values || node->op == OpKind::Constant || node->op == OpKind::Reshape ||
               node->op == OpKind::Slice || is_kept_by_reduction(*node, dim)) {
      return nullptr;
    } else if (node->op == OpKind::Transpose) {
      const std::int64_t from = node->axes[static_cast<std::size_t>(dim)];
      move_up(description.axes, from);
      split_list(description.axes, dim, from, from + 1);
      operands[0] = split(operands[0], from);
    } else if (is_reduction(node->op)) {
      std::int64_t from = dim;
      for (std::int64_t axis : node->axes)
        from += !node->keepdims && axis <= from;
      move_up(description.axes, from);
      operands[0] = split(operands[0], from);
    } else {
      for (Node::Ptr &operand : operands)
        operand =
            split_operand(operand, dim - std::ssize(node->shape) + std::ssize(operand->shape));
    }
    return std::make_shared<Node>(std::move(description), std::move(operands));
  }

  /// An operand that is repeated to the shape of what reads it; aligned at the last dimension.
  Node::Ptr split_operand(const Node::Ptr &operand, std::int64_t dim) {
    if (dim < 0)
      return operand;
    if (operand->shape[static_cast<std::size_t>(dim)] == 1)
      return expand_dims(Tensor(operand), dim).node();
    return split(operand, dim);
  }

  /// Whether the dimension is what `keepdims` leaves, which is no dimension of the operand.
  static bool is_kept_by_reduction(const Node &node, std::int64_t dim) {
    return is_reduction(node.op) && node.keepdims && std::ranges::binary_search(node.axes, dim);
  }

  static void move_up(std::vector<std::int64_t> &axes, std::int64_t from) {
    for (std::int64_t &axis : axes)
      axis += axis > from;
  }

  Pieces pieces;
  int depth = 0;
  std::map<std::pair<const Node *, std::int64_t>, Node::Ptr> done;
};

} // namespace

Tensor pieces_of(const Tensor &tensor, std::int64_t dim, const Pieces &pieces) {
  return Tensor(Splitter(pieces).split(tensor.node(), dim));
}

} // namespace tsum::partial
