// SPDX-License-Identifier: Apache-2.0
#include "Items.h"

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
  bool is_whole = is_aligned(values->data, node.dtype);
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
  } else if (source.node->op == OpKind::Reshape) {
    reshape(added);
  } else if (source.node->op == OpKind::Transpose) {
    for (std::int64_t dim : source.node->axes)
      added.dims.push_back((*this)[added.operands[0]].dims[static_cast<std::size_t>(dim)]);
  } else {
    const Item &operand = (*this)[added.operands[0]];
    auto axis = source.node->axes.begin();
    for (std::size_t dim = 0; dim < operand.dims.size(); ++dim) {
      bool is_reduced = axis != source.node->axes.end() && *axis == static_cast<std::int64_t>(dim);
      if (is_reduced)
        ++axis;
      if (!is_reduced || source.node->keepdims)
        added.dims.push_back(is_reduced ? DimensionClasses::none : operand.dims[dim]);
    }
  }
  return static_cast<std::int32_t>(all.size()) - 1;
}

void Items::reshape(Item &reshaped) {
  const Item &operand = (*this)[reshaped.operands[0]];
  const Shape &shape = reshaped.node().shape;
  if (operand.is_data()) {
    reshaped.view = view_data(reshaped.node(), reshape_values(operand.node(), shape));
    reshaped.operands.clear();
    reshaped.dims = classes.add(shape);
    return;
  }
  Shape before = operand.node().shape;
  Shape after = shape;
  std::erase(before, 1);
  std::erase(after, 1);
  if (before != after) { // its dimensions are not those of its operand, unless that lies in memory
    need_first(*operand.source, reshaped);
    reshaped.dims = classes.add(shape);
    return;
  }
  std::vector<DimId> dims = operand.dims;
  std::erase(dims, DimensionClasses::none);
  auto next = dims.begin();
  for (std::int64_t extent : shape)
    reshaped.dims.push_back(extent == 1 ? DimensionClasses::none : *next++);
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
  std::size_t offset = consumer.dims.size() - operand.dims.size();
  for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
    if (operand.dims[dim] != DimensionClasses::none &&
        !classes.unite(consumer.dims[offset + dim], operand.dims[dim]))
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
