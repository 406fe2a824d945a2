// SPDX-License-Identifier: Apache-2.0
#include "Items.h"

#include "tsum/Graph/IndexMap.h"
#include "tsum/Graph/Layout.h"

#include <algorithm>
#include <cassert>

namespace tsum {

/// How to read data in whole elements, by way of a copy if it is not laid out so.
static DataView view_data(const Node &node, const std::shared_ptr<const Storage> &values) {
  std::int64_t element = size_of(node.dtype);
  ByteStrides strides = values->strides;
  // What is never read has any strides: one layout for all.
  if (is_empty(node.shape))
    strides = row_major_strides(node.shape, node.dtype);
  Shape distinct = node.shape; // the dimensions in which elements lie apart
  bool is_whole = true;
  for (std::size_t dim = 0; dim < strides.size(); ++dim) {
    if (node.shape[dim] == 1)
      strides[dim] = 0;
    if (strides[dim] == 0)
      distinct[dim] = 1;
    is_whole &= strides[dim] % element == 0;
  }

  std::shared_ptr<const Storage> storage = values;
  if (!is_whole) {
    storage = pack_row_major(distinct, node.dtype, {nullptr, values->data, strides});
    for (std::size_t dim = 0; dim < strides.size(); ++dim)
      strides[dim] = distinct[dim] == 1 ? 0 : storage->strides[dim];
  }
  for (std::int64_t &stride : strides)
    stride /= element;
  const std::byte *data = storage->data;
  return {std::move(strides), {data, std::move(storage)}};
}

std::int32_t Items::add(const OrderedNode &source) {
  Item &added = all.emplace_back();
  added.source = &source;
  for (std::int32_t operand : source.operands)
    added.operands.push_back(item_of[static_cast<std::size_t>(operand)]);
  if (source.state.values)
    added.view = view_data(*source.node, source.state.values);

  if (!added.takes_dims()) {
    added.dims = classes.add(source.node->shape);
    if (added.is_iota())
      added.view.strides = source.node->steps;
  } else if (is_reduction(source.node->op)) {
    const Item &operand = (*this)[added.operands[0]];
    for (std::size_t dim = 0; dim < operand.dims.size(); ++dim) {
      const bool is_reduced =
          std::ranges::binary_search(source.node->axes, static_cast<std::int64_t>(dim));
      if (!is_reduced || source.node->keepdims)
        added.dims.push_back(is_reduced ? DimensionClasses::none : operand.dims[dim]);
    }
  } else {
    view(added);
  }
  return static_cast<std::int32_t>(all.size()) - 1;
}

/// A transpose or a reshape has its operand's dimensions, unless it is more than a view.
void Items::view(Item &added) {
  const Item &operand = (*this)[added.operands[0]];
  const Node &node = added.node();
  if (node.op == OpKind::Reshape && operand.is_data()) {
    added.view = view_data(node, reshape_values(operand.node(), node.shape));
    added.operands.clear();
    added.dims = classes.add(node.shape);
    return;
  }
  const std::optional<IndexMap> map = IndexMap::of(node, operand.node().shape);
  if (!map) {
    need_first(*operand.source, added);
    added.dims = classes.add(node.shape);
    return;
  }
  added.dims.assign(node.shape.size(), DimensionClasses::none);
  for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
    if (map->sources[dim].dim != IndexMap::none)
      added.dims[static_cast<std::size_t>(map->sources[dim].dim)] = operand.dims[dim];
}

void Items::need_first(const OrderedNode &operand, const Item &reader) {
  auto place_of = [this](const OrderedNode &source) {
    return static_cast<std::size_t>(&source - order.data());
  };
  if (!steps)
    steps.emplace(order);
  steps->need(place_of(operand));
  steps->separate(place_of(*reader.source), place_of(operand));
}

/// The same tensor once more, with dimensions of its own. What must be computed has only one order,
/// so it has to become data first.
std::int32_t Items::add_use(std::int32_t place, std::int32_t reader) {
  const OrderedNode &source = *(*this)[place].source;
  if (!(*this)[place].is_leaf())
    need_first(source, (*this)[reader]);
  Item use;
  use.source = &source;
  use.dims = classes.add(source.node->shape);
  use.view = (*this)[place].view;
  all.push_back(std::move(use));
  return static_cast<std::int32_t>(all.size()) - 1;
}

bool Items::unite_dims(const Item &operand, const Item &consumer) {
  const IndexMap map = IndexMap::broadcast(operand.node().shape, consumer.node().shape);
  for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
    if (map.sources[dim].dim != IndexMap::none &&
        !classes.unite(consumer.dims[static_cast<std::size_t>(map.sources[dim].dim)],
                       operand.dims[dim]))
      return false;
  return true;
}

void Items::connect(std::int32_t consumer) {
  // Leaves last: of two operands that contradict each other, a leaf is the easier to use twice.
  for (bool leaf : {false, true})
    for (std::size_t n = 0; n < (*this)[consumer].operands.size(); ++n) {
      std::int32_t operand = (*this)[consumer].operands[n];
      if ((*this)[operand].is_leaf() != leaf || unite_dims((*this)[operand], (*this)[consumer]))
        continue;
      std::int32_t use = add_use(operand, consumer);
      (*this)[consumer].operands[n] = use;
      [[maybe_unused]] bool is_united = unite_dims((*this)[use], (*this)[consumer]);
      assert(is_united && "fresh dimensions contradict nothing");
    }
}

Items::Items(std::span<const Node::Ptr> outputs) : order(evaluation_order(outputs)) {
  item_of.reserve(order.size());
  for (const OrderedNode &source : order) {
    std::int32_t added = add(source);
    item_of.push_back(added);
    if (!(*this)[added].is_leaf() && !(*this)[added].takes_dims())
      connect(added);
  }
  for (Item &each : all)
    for (DimId &dim : each.dims)
      if (dim != DimensionClasses::none)
        dim = classes.find(dim);
  if (steps)
    needed_first = steps->groups();
  for (const Node::Ptr &output : outputs)
    item_of_output[output.get()] = -1;
  for (std::size_t place = 0; place < order.size(); ++place)
    if (auto output = item_of_output.find(order[place].node.get()); output != item_of_output.end())
      output->second = item_of[place];
}

} // namespace tsum
