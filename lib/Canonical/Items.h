// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "DimensionClasses.h"
#include "Steps.h"
#include "tsum/Canonical/CanonicalGraph.h"

#include <optional>
#include <unordered_map>

namespace tsum {

using DimId = DimensionClasses::Id;

/// Data as it is read: strides in elements, one per dimension, 0 where the extent is 1 or the
/// stride is.
struct DataView {
  std::vector<std::int64_t> strides;
  Canonicalized::Argument argument;
};

/// A node, or one of several uses of a leaf. A reshape of data is data.
struct Item {
  const OrderedNode *source;
  std::vector<DimId> dims; ///< one per dimension of the node
  std::vector<std::int32_t> operands;
  DataView view;           ///< of data; its strides, of an iota too
  std::int32_t value = -1; ///< of the graph

  [[nodiscard]] const Node &node() const { return *source->node; }
  [[nodiscard]] bool is_data() const { return view.argument.storage != nullptr; }
  [[nodiscard]] bool is_iota() const { return !is_data() && node().op == OpKind::Iota; }
  /// Whether it can have several orders of dimensions at once.
  [[nodiscard]] bool is_leaf() const { return is_data() || is_iota(); }
  /// Whether its dimensions are its operand's, some left out or in another order.
  [[nodiscard]] bool takes_dims() const {
    return !is_leaf() && (is_reduction(node().op) || node().op == OpKind::Reshape ||
                          node().op == OpKind::Transpose);
  }
};

/// The nodes that a graph consists of, and which of their dimensions run together.
class Items {
public:
  explicit Items(std::span<const Node::Ptr> outputs);
  Items(const Items &) = delete; // items point into `order`
  Items &operator=(const Items &) = delete;

  [[nodiscard]] std::int32_t place_of_output(const Node::Ptr &output) const {
    return item_of_output.at(output.get());
  }
  [[nodiscard]] Item &operator[](std::int32_t place) {
    return all[static_cast<std::size_t>(place)];
  }

  std::vector<Item> all; ///< each behind its operands, but for those that are used once more
  DimensionClasses classes;
  /// What must become data before the rest can be laid out.
  std::vector<std::vector<Node::Ptr>> needed_first;

private:
  std::int32_t add(const OrderedNode &source);
  void view(Item &added);
  std::int32_t add_use(std::int32_t place, std::int32_t reader);
  void need_first(const OrderedNode &operand, const Item &reader);
  bool unite_dims(const Item &operand, const Item &consumer);
  void connect(std::int32_t consumer);

  std::vector<OrderedNode> order;
  std::optional<Steps> steps;        // if something is needed first
  std::vector<std::int32_t> item_of; // per place in `order`
  std::unordered_map<const Node *, std::int32_t> item_of_output;
};

} // namespace tsum
