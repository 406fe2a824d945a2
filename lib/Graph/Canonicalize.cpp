// SPDX-License-Identifier: Apache-2.0
#include "DimensionClasses.h"
#include "DimensionOrder.h"
#include "SplitSums.h"
#include "tsum/Graph/CanonicalGraph.h"

#include <algorithm>
#include <cassert>

namespace tsum {

namespace {

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

class Canonicalizer {
public:
  explicit Canonicalizer(std::span<const Node::Ptr> outputs)
      : outputs(outputs), order(evaluation_order(outputs)) {}

  Canonicalized run();

private:
  void find_classes();
  std::int32_t add_item(const OrderedNode &source);
  void reshape(Item &reshaped);
  std::int32_t add_use(std::int32_t item);
  void need_first(const Node::Ptr &node);
  bool unite_dims(const Item &operand, const Item &consumer);
  void connect(std::int32_t consumer);

  void make_values();
  std::int32_t add_value(OpKind op, DType dtype, std::vector<DimId> dims,
                         std::vector<std::int32_t> operands);
  std::int32_t make_value(const Item &item);
  std::int32_t make_reduction(const Item &item);
  void make_leaf(Item &leaf);

  void number_dims();
  void bind_data();
  void bind_results();

  [[nodiscard]] std::int32_t item_of_output(const Node::Ptr &output) const;
  [[nodiscard]] Item &item(std::int32_t place) { return items[static_cast<std::size_t>(place)]; }
  [[nodiscard]] const CanonicalGraph::Value &value_of(const Item &item) const {
    return result.graph.values[static_cast<std::size_t>(item.value)];
  }

  /// The number of a node's dimension before merging, or -1 if no value spans it.
  [[nodiscard]] std::int32_t place_in_graph(DimId dim) const {
    return dim == DimensionClasses::none ? -1 : place_of[static_cast<std::size_t>(dim)];
  }

  std::span<const Node::Ptr> outputs;
  std::vector<OrderedNode> order;
  std::vector<std::int32_t> item_of; ///< per place in `order`
  std::vector<Item> items;
  DimensionClasses classes;
  /// Its graph's dimensions are classes at first.
  Canonicalized result;
  std::vector<std::int32_t> place_of; ///< see `place_in_graph`; per class
  std::vector<bool> is_flipped;       ///< per dimension before merging
};

} // namespace

//===-- 1. Which dimensions run together ------------------------------------------------------===//

/// How to read data in whole elements, by way of a copy if it is not laid out so.
static DataView view_data(const Node &node, const std::shared_ptr<const Storage> &values) {
  std::int64_t element = size_of(node.dtype);
  ByteStrides strides = values->strides;
  // What is never read has any strides: one layout for all.
  if (std::ranges::find(node.shape, 0) != node.shape.end())
    strides = row_major_strides(node.shape, node.dtype);
  Shape distinct = node.shape; // the dimensions in which elements lie apart
  bool is_whole =
      reinterpret_cast<std::uintptr_t>(values->data) % static_cast<std::uintptr_t>(element) == 0;
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

std::int32_t Canonicalizer::add_item(const OrderedNode &source) {
  Item &added = items.emplace_back();
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
      added.dims.push_back(item(added.operands[0]).dims[static_cast<std::size_t>(dim)]);
  } else {
    const Item &operand = item(added.operands[0]);
    auto axis = source.node->axes.begin();
    for (std::size_t dim = 0; dim < operand.dims.size(); ++dim) {
      bool is_reduced = axis != source.node->axes.end() && *axis == static_cast<std::int64_t>(dim);
      if (is_reduced)
        ++axis;
      if (!is_reduced || source.node->keepdims)
        added.dims.push_back(is_reduced ? DimensionClasses::none : operand.dims[dim]);
    }
  }
  return static_cast<std::int32_t>(items.size()) - 1;
}

void Canonicalizer::reshape(Item &reshaped) {
  const Item &operand = item(reshaped.operands[0]);
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
    need_first(operand.source->node);
    reshaped.dims = classes.add(shape);
    return;
  }
  std::vector<DimId> dims = operand.dims;
  std::erase(dims, DimensionClasses::none);
  auto next = dims.begin();
  for (std::int64_t extent : shape)
    reshaped.dims.push_back(extent == 1 ? DimensionClasses::none : *next++);
}

void Canonicalizer::need_first(const Node::Ptr &node) {
  if (std::ranges::find(result.needed_first, node) == result.needed_first.end())
    result.needed_first.push_back(node);
}

/// The same tensor once more, with dimensions of its own. What must be computed has only one order,
/// so it has to become data first.
std::int32_t Canonicalizer::add_use(std::int32_t place) {
  const OrderedNode &source = *item(place).source;
  if (!item(place).is_leaf())
    need_first(source.node);
  Item use;
  use.source = &source;
  use.dims = classes.add(source.node->shape);
  use.view = item(place).view;
  items.push_back(std::move(use));
  return static_cast<std::int32_t>(items.size()) - 1;
}

bool Canonicalizer::unite_dims(const Item &operand, const Item &consumer) {
  std::size_t offset = consumer.dims.size() - operand.dims.size();
  for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
    if (operand.dims[dim] != DimensionClasses::none &&
        !classes.unite(consumer.dims[offset + dim], operand.dims[dim]))
      return false;
  return true;
}

void Canonicalizer::connect(std::int32_t consumer) {
  // Leaves last: of two operands that contradict each other, a leaf is the easier to use twice.
  for (bool leaf : {false, true})
    for (std::size_t n = 0; n < item(consumer).operands.size(); ++n) {
      std::int32_t operand = item(consumer).operands[n];
      if (item(operand).is_leaf() != leaf || unite_dims(item(operand), item(consumer)))
        continue;
      std::int32_t use = add_use(operand);
      item(consumer).operands[n] = use;
      [[maybe_unused]] bool is_united = unite_dims(item(use), item(consumer));
      assert(is_united && "fresh dimensions contradict nothing");
    }
}

void Canonicalizer::find_classes() {
  item_of.reserve(order.size());
  for (const OrderedNode &source : order) {
    std::int32_t added = add_item(source);
    item_of.push_back(added);
    if (!item(added).is_leaf() && !item(added).takes_dims())
      connect(added);
  }
  for (Item &each : items)
    for (DimId &dim : each.dims)
      if (dim != DimensionClasses::none)
        dim = classes.find(dim);
}

//===-- 2. The values and what they span ------------------------------------------------------===//

std::int32_t Canonicalizer::add_value(OpKind op, DType dtype, std::vector<DimId> dims,
                                      std::vector<std::int32_t> operands) {
  result.graph.values.push_back({op, dtype, std::move(dims), std::move(operands), {}});
  return static_cast<std::int32_t>(result.graph.values.size()) - 1;
}

std::int32_t Canonicalizer::make_reduction(const Item &reduction) {
  const Item &input = item(reduction.operands[0]);
  std::vector<DimId> span = value_of(input).dims;
  std::vector<DimId> kept = span;
  bool is_repeated = false;
  for (std::int64_t axis : reduction.node().axes) {
    DimId dim = input.dims[static_cast<std::size_t>(axis)];
    if (dim != DimensionClasses::none && std::erase(kept, dim) == 0) {
      span.push_back(dim);
      is_repeated = true;
    }
  }
  if (kept.size() == span.size())
    return input.value; // over extents of 1
  std::int32_t operand = input.value;
  DType dtype = reduction.node().dtype;
  if (is_repeated)
    operand = add_value(OpKind::BroadcastTo, dtype, std::move(span), {operand});
  const std::int32_t place = add_value(reduction.node().op, dtype, std::move(kept), {operand});
  result.graph.values.back().is_exact = reduction.node().is_exact;
  return place;
}

std::int32_t Canonicalizer::make_value(const Item &computed) {
  const Node &node = computed.node();
  if (is_reduction(node.op))
    return make_reduction(computed);
  const Item &first = item(computed.operands[0]);
  // Who reads a value repeats it along the dimensions that it does not span.
  if (node.op == OpKind::BroadcastTo || node.op == OpKind::Reshape ||
      node.op == OpKind::Transpose ||
      (node.op == OpKind::Cast && node.dtype == value_of(first).dtype))
    return first.value;

  std::vector<DimId> span;
  std::vector<std::int32_t> operands;
  for (std::int32_t operand : computed.operands) {
    operands.push_back(item(operand).value);
    for (DimId dim : value_of(item(operand)).dims)
      if (std::ranges::find(span, dim) == span.end())
        span.push_back(dim);
  }
  return add_value(node.op, node.dtype, std::move(span), std::move(operands));
}

/// Data or an iota, which extends along the dimensions in which it has a stride.
void Canonicalizer::make_leaf(Item &leaf) {
  const Node &node = leaf.node();
  leaf.value = add_value(leaf.is_data() ? OpKind::Constant : OpKind::Iota, node.dtype, {}, {});
  CanonicalGraph::Value &value = result.graph.values.back();
  for (std::size_t dim = 0; dim < leaf.dims.size(); ++dim)
    if (leaf.dims[dim] != DimensionClasses::none && leaf.view.strides[dim] != 0) {
      value.dims.push_back(leaf.dims[dim]);
      value.strides.push_back(leaf.view.strides[dim]);
    }
  if (leaf.is_iota())
    value.offset = node.starts[0];
}

void Canonicalizer::make_values() {
  // Data that only a reshape reads, which is data of its own, is no argument.
  std::vector<bool> is_read(items.size(), false);
  for (const Node::Ptr &output : outputs)
    is_read[static_cast<std::size_t>(item_of_output(output))] = true;
  for (const Item &reader : items)
    for (std::int32_t operand : reader.operands)
      is_read[static_cast<std::size_t>(operand)] = true;

  for (bool data : {true, false}) // data first
    for (std::size_t place = 0; place < items.size(); ++place)
      if (items[place].is_leaf() && items[place].is_data() == data && is_read[place])
        make_leaf(items[place]);
  for (Item &computed : items)
    if (!computed.is_leaf())
      computed.value = make_value(computed);
}

//===-- 3. Numbers for the dimensions, places for data and results ----------------------------===//

void Canonicalizer::number_dims() {
  CanonicalGraph &graph = result.graph;
  std::vector<bool> is_wanted(classes.size(), false);
  for (const CanonicalGraph::Value &value : graph.values)
    for (DimId dim : value.dims)
      is_wanted[static_cast<std::size_t>(dim)] = true;
  std::vector<DimId> used;
  auto append_dims = [&](const Item &each) {
    for (DimId dim : each.dims)
      if (dim != DimensionClasses::none && is_wanted[static_cast<std::size_t>(dim)]) {
        is_wanted[static_cast<std::size_t>(dim)] = false;
        used.push_back(dim);
      }
  };
  // Where no stride decides, the order in which the user wrote most of them side by side.
  append_dims(
      *std::ranges::max_element(items, {}, [](const Item &each) { return each.dims.size(); }));
  std::ranges::for_each(items, append_dims);

  for (std::size_t id = 0; id < classes.size(); ++id)
    graph.extents.push_back(classes.extent(static_cast<DimId>(id)));
  used = order_dims(graph, std::move(used));
  place_of.assign(classes.size(), -1);
  for (std::size_t place = 0; place < used.size(); ++place)
    place_of[static_cast<std::size_t>(used[place])] = static_cast<std::int32_t>(place);
  is_flipped = flip_dims(graph);
}

void Canonicalizer::bind_data() {
  for (Item &data : items) {
    if (!data.is_data() || data.value < 0)
      continue;
    Canonicalized::Argument argument = data.view.argument;
    for (std::size_t dim = 0; dim < data.dims.size(); ++dim) {
      std::int64_t stride = data.view.strides[dim];
      if (stride != 0 && is_flipped[static_cast<std::size_t>(place_in_graph(data.dims[dim]))])
        argument.data += (data.node().shape[dim] - 1) * stride * size_of(data.node().dtype);
    }
    result.arguments.push_back(std::move(argument));
  }
}

std::int32_t Canonicalizer::item_of_output(const Node::Ptr &output) const {
  auto entry = std::ranges::find(order.rbegin(), order.rend(), output, &OrderedNode::node);
  return item_of[static_cast<std::size_t>(&*entry - order.data())];
}

void Canonicalizer::bind_results() {
  for (const Node::Ptr &output : outputs) {
    const Item &source = item(item_of_output(output));
    result.graph.outputs.push_back(source.value);

    const std::vector<std::int32_t> &dims = value_of(source).dims;
    std::vector<std::int64_t> extents;
    std::vector<std::int64_t> stride_of(result.graph.extents.size(), 0);
    for (std::int32_t dim : dims)
      extents.push_back(result.graph.extents[static_cast<std::size_t>(dim)]);
    ByteStrides packed = row_major_strides(extents, output->dtype);
    std::int64_t bytes = size_of(output->dtype);
    for (std::size_t dim = 0; dim < dims.size(); ++dim) {
      stride_of[static_cast<std::size_t>(dims[dim])] = packed[dim];
      bytes *= extents[dim];
    }

    Canonicalized::Result bound{output, ByteStrides(source.dims.size(), 0), 0, bytes};
    for (std::size_t dim = 0; dim < source.dims.size(); ++dim) {
      std::int32_t place = place_in_graph(source.dims[dim]);
      if (place < 0)
        continue; // the value repeats along it
      std::int64_t &stride = bound.strides[dim];
      stride = stride_of[static_cast<std::size_t>(place)];
      // Without elements there is no last one to begin with.
      if (bytes != 0 && is_flipped[static_cast<std::size_t>(place)]) {
        bound.offset += (output->shape[dim] - 1) * stride;
        stride = -stride;
      }
    }
    result.results.push_back(std::move(bound));
  }
}

Canonicalized Canonicalizer::run() {
  find_classes();
  if (!result.needed_first.empty())
    return std::move(result);
  make_values();
  number_dims();
  bind_data();
  bind_results();
  merge_dims(result.graph);
  split_long_sums(result);
  return std::move(result);
}

Canonicalized canonicalize(std::span<const Node::Ptr> outputs) {
  return Canonicalizer(outputs).run();
}

} // namespace tsum
