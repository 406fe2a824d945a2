// SPDX-License-Identifier: Apache-2.0
#include "DimensionOrder.h"
#include "Items.h"
#include "tsum/Canonical/CanonicalGraph.h"

#include <algorithm>

namespace tsum {

namespace {

class Canonicalizer {
public:
  explicit Canonicalizer(std::span<const Node::Ptr> outputs) : outputs(outputs), items(outputs) {}

  Canonicalized run();

private:
  void make_values();
  std::int32_t add_value(OpKind op, DType dtype, std::vector<DimId> dims,
                         std::vector<std::int32_t> operands);
  std::int32_t make_value(const Item &item);
  std::int32_t make_reduction(const Item &item);
  void make_leaf(Item &leaf);

  void number_dims();
  void bind_data();
  void bind_results();

  [[nodiscard]] const CanonicalGraph::Value &value_of(const Item &item) const {
    return result.graph.values[static_cast<std::size_t>(item.value)];
  }

  /// The number of a node's dimension before merging, or -1 if no value spans it.
  [[nodiscard]] std::int32_t place_in_graph(DimId dim) const {
    return dim == DimensionClasses::none ? -1 : place_of[static_cast<std::size_t>(dim)];
  }

  std::span<const Node::Ptr> outputs;
  Items items;
  /// Its graph's dimensions are classes at first.
  Canonicalized result;
  std::vector<std::int32_t> place_of; ///< see `place_in_graph`; per class
  std::vector<bool> is_flipped;       ///< per dimension before merging
};

} // namespace

//===-- 1. The values and what they span ------------------------------------------------------===//

std::int32_t Canonicalizer::add_value(OpKind op, DType dtype, std::vector<DimId> dims,
                                      std::vector<std::int32_t> operands) {
  result.graph.values.push_back(
      {.op = op, .dtype = dtype, .dims = std::move(dims), .operands = std::move(operands)});
  return static_cast<std::int32_t>(result.graph.values.size()) - 1;
}

std::int32_t Canonicalizer::make_reduction(const Item &reduction) {
  const Item &input = items[reduction.operands[0]];
  std::vector<DimId> span = value_of(input).dims;
  std::vector<DimId> kept = span;
  std::vector<DimId> axes;
  bool is_repeated = false;
  for (std::int64_t axis : reduction.node().axes) {
    DimId dim = input.dims[static_cast<std::size_t>(axis)];
    if (dim == DimensionClasses::none)
      continue;
    axes.push_back(dim);
    if (std::erase(kept, dim) == 0) {
      span.push_back(dim);
      is_repeated = true;
    }
  }
  if (axes.empty())
    return input.value; // over extents of 1
  std::int32_t operand = input.value;
  if (is_repeated)
    operand = add_value(OpKind::BroadcastTo, value_of(input).dtype, std::move(span), {operand});
  const std::int32_t place =
      add_value(reduction.node().op, reduction.node().dtype, std::move(kept), {operand});
  result.graph.values.back().axes = std::move(axes);
  result.graph.values.back().is_exact = reduction.node().is_exact;
  result.graph.values.back().divisor = reduction.node().divisor;
  result.graph.values.back().node_part = reduction.node().node_part;
  return place;
}

std::int32_t Canonicalizer::make_value(const Item &computed) {
  const Node &node = computed.node();
  if (is_reduction(node.op))
    return make_reduction(computed);
  const Item &first = items[computed.operands[0]];
  // Who reads a value repeats it along the dimensions that it does not span.
  if (node.op == OpKind::BroadcastTo || node.op == OpKind::Reshape ||
      node.op == OpKind::Transpose ||
      (node.op == OpKind::Cast && node.dtype == value_of(first).dtype))
    return first.value;

  std::vector<DimId> span;
  std::vector<std::int32_t> operands;
  for (std::int32_t operand : computed.operands) {
    operands.push_back(items[operand].value);
    for (DimId dim : value_of(items[operand]).dims)
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
  std::vector<bool> is_read(items.all.size(), false);
  for (const Node::Ptr &output : outputs)
    is_read[static_cast<std::size_t>(items.place_of_output(output))] = true;
  for (const Item &reader : items.all)
    for (std::int32_t operand : reader.operands)
      is_read[static_cast<std::size_t>(operand)] = true;

  for (bool data : {true, false}) // data first
    for (std::size_t place = 0; place < items.all.size(); ++place)
      if (items.all[place].is_leaf() && items.all[place].is_data() == data && is_read[place])
        make_leaf(items.all[place]);
  for (Item &computed : items.all)
    if (!computed.is_leaf())
      computed.value = make_value(computed);
}

//===-- 2. Numbers for the dimensions, places for data and results ----------------------------===//

void Canonicalizer::number_dims() {
  CanonicalGraph &graph = result.graph;
  std::vector<bool> is_wanted(items.classes.size(), false);
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
      *std::ranges::max_element(items.all, {}, [](const Item &each) { return each.dims.size(); }));
  std::ranges::for_each(items.all, append_dims);

  for (std::size_t id = 0; id < items.classes.size(); ++id)
    graph.extents.push_back(items.classes.extent(static_cast<DimId>(id)));
  used = order_dims(graph, std::move(used));
  place_of.assign(items.classes.size(), -1);
  for (std::size_t place = 0; place < used.size(); ++place)
    place_of[static_cast<std::size_t>(used[place])] = static_cast<std::int32_t>(place);
  is_flipped = flip_dims(graph);
}

void Canonicalizer::bind_data() {
  for (Item &data : items.all) {
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

void Canonicalizer::bind_results() {
  for (const Node::Ptr &output : outputs) {
    const Item &source = items[items.place_of_output(output)];
    result.graph.outputs.push_back(source.value);

    const std::vector<std::int32_t> &dims = value_of(source).dims;
    std::vector<std::int64_t> extents;
    for (std::int32_t dim : dims)
      extents.push_back(result.graph.extents[static_cast<std::size_t>(dim)]);
    ByteStrides packed = row_major_strides(extents, output->dtype);
    std::int64_t bytes = size_of(output->dtype);
    for (std::int64_t extent : extents)
      bytes *= extent;

    Canonicalized::Result bound{output, ByteStrides(source.dims.size(), 0), 0, bytes};
    for (std::size_t dim = 0; dim < source.dims.size(); ++dim) {
      const std::int32_t place = place_in_graph(source.dims[dim]);
      const auto spanned = std::ranges::find(dims, place);
      if (spanned == dims.end())
        continue; // the value repeats along it
      std::int64_t &stride = bound.strides[dim];
      stride = packed[static_cast<std::size_t>(spanned - dims.begin())];
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
  if (!items.needed_first.empty()) {
    result.needed_first = std::move(items.needed_first);
    return std::move(result);
  }
  make_values();
  number_dims();
  bind_data();
  bind_results();
  merge_dims(result.graph);
  return std::move(result);
}

Canonicalized canonicalize(std::span<const Node::Ptr> outputs, std::int64_t memory) {
  Canonicalized result = Canonicalizer(outputs).run();
  result.graph.memory = memory;
  return result;
}

} // namespace tsum
