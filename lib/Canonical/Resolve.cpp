// SPDX-License-Identifier: Apache-2.0
#include "tsum/Canonical/Resolve.h"

#include "Steps.h"
#include "tsum/Graph/IndexMap.h"
#include "tsum/Graph/Layout.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace tsum {

namespace {

/// Some of a tensor: for each dimension where it starts, in which steps it goes, and how far.
struct Part {
  std::vector<std::int64_t> starts, steps;
  Shape shape;

  [[nodiscard]] bool is_whole(const Shape &of) const {
    auto is = [](std::int64_t number) {
      return [number](std::int64_t given) { return given == number; };
    };
    return shape == of && std::ranges::all_of(starts, is(0)) && std::ranges::all_of(steps, is(1));
  }

  auto operator<=>(const Part &) const = default;
};

Part whole(const Shape &shape) {
  return {std::vector<std::int64_t>(shape.size(), 0), std::vector<std::int64_t>(shape.size(), 1),
          shape};
}

IndexMap map_of(const Part &part) { return IndexMap::slice(part.starts, part.steps, part.shape); }

/// A tensor seen by way of views of it: what an operation reads in the end.
struct Use {
  Node::Ptr base;
  IndexMap map;

  /// What of `base` is read.
  [[nodiscard]] Part part() const {
    Part part;
    for (const IndexMap::Source &source : map.sources) {
      part.starts.push_back(source.start);
      part.steps.push_back(source.step);
      part.shape.push_back(
          source.dim == IndexMap::none ? 1 : map.shape[static_cast<std::size_t>(source.dim)]);
    }
    return part;
  }
  /// How that part is read.
  [[nodiscard]] IndexMap map_of_part() const {
    IndexMap rest = map;
    for (IndexMap::Source &source : rest.sources)
      source = {.dim = source.dim};
    return rest;
  }

  auto operator<=>(const Use &) const = default;
};

/// Some of the elements of a tensor that is no view.
struct Request {
  Node::Ptr node;
  Part part;

  auto operator<=>(const Request &) const = default;
};

/// Rewrites graphs so that slices are of data alone.
class SlicePusher {
public:
  Node::Ptr push(const Node::Ptr &node);

  std::unordered_set<const Node *> needed_first;

private:
  const Use &use_of(const Node::Ptr &node);
  std::vector<Use> operands_of(const Request &request);
  Node::Ptr build(const Request &request, const std::vector<Use> &operands);
  Node::Ptr build(const Use &use);

  /// How many parts of one computed tensor are computed in place of it. If there are more, it is
  /// evaluated first: else graphs would grow without bound where slices of slices' results are
  /// taken again and again.
  static constexpr std::size_t most_parts = 2;

  std::unordered_map<const Node *, Use> uses; ///< each node as a view of what is none
  std::map<Request, Node::Ptr> results;
  std::map<Use, Node::Ptr> views;               ///< of results
  std::map<const Node *, std::set<Part>> parts; ///< of each computed tensor
};

/// `part` of a result that an elementwise operation makes of `operand`, as a part of that.
Part part_of_operand(const Part &part, const Shape &operand) {
  return Use{nullptr, map_of(part).compose(IndexMap::broadcast(operand, part.shape))}.part();
}

/// `part` of what `reduction` makes of `operand`, as a part of that: whole along what it reduces.
Part part_of_reduced(const Part &part, const Node &reduction, const Shape &operand) {
  Part result = whole(operand);
  std::size_t from = 0;
  for (std::size_t dim = 0; dim < operand.size(); ++dim) {
    if (std::ranges::binary_search(reduction.axes, static_cast<std::int64_t>(dim))) {
      from += reduction.keepdims ? 1 : 0;
      continue;
    }
    result.starts[dim] = part.starts[from];
    result.steps[dim] = part.steps[from];
    result.shape[dim] = part.shape[from++];
  }
  return result;
}

Node::Ptr data_node(DType dtype, Shape shape, std::shared_ptr<const Storage> values) {
  auto result = std::make_shared<Node>(OpKind::Constant, dtype, std::move(shape));
  result->set_values(std::move(values));
  return result;
}

} // namespace

/// Follows views down to what is none: data, what is computed, or a reshape that is more than a
/// view. Each node is looked at once.
const Use &SlicePusher::use_of(const Node::Ptr &node) {
  std::vector<Node::Ptr> open = {node};
  while (!open.empty()) {
    const Node::Ptr &view = open.back();
    if (uses.contains(view.get())) {
      open.pop_back();
      continue;
    }
    const Node::State state = view->state();
    std::optional<IndexMap> map;
    if (state.operands.size() == 1)
      map = IndexMap::of(*view, state.operands[0]->shape);
    if (!map) {
      uses.emplace(view.get(), Use{view, IndexMap::identity(view->shape)});
      open.pop_back();
    } else if (auto inner = uses.find(state.operands[0].get()); inner != uses.end()) {
      Use use{inner->second.base, map->compose(inner->second.map)};
      uses.emplace(view.get(), std::move(use));
      open.pop_back();
    } else {
      open.push_back(state.operands[0]);
    }
  }
  return uses.at(node.get());
}

/// Returns what must be there before `request` can be built.
std::vector<Use> SlicePusher::operands_of(const Request &request) {
  const Node &node = *request.node;
  const Part &part = request.part;
  const Node::State state = node.state();
  const bool is_whole = part.is_whole(node.shape);
  std::vector<Use> operands;
  if (state.values || is_empty(part.shape) || (is_whole && !node.has_slices))
    return operands;
  if (!is_whole && node.op != OpKind::Iota) {
    std::set<Part> &seen = parts[&node];
    seen.insert(part);
    // Of a reshape that is no view, no part can be computed alone.
    if (seen.size() > most_parts || node.op == OpKind::Reshape) {
      needed_first.insert(&node);
      return operands;
    }
  }
  for (const Node::Ptr &operand : state.operands) {
    const Use &use = use_of(operand);
    if (is_whole)
      operands.push_back(use);
    else
      operands.push_back(
          {use.base, map_of(is_reduction(node.op) ? part_of_reduced(part, node, operand->shape)
                                                  : part_of_operand(part, operand->shape))
                         .compose(use.map)});
  }
  return operands;
}

/// The node of `request`, of which the parts that `operands` read are built.
Node::Ptr SlicePusher::build(const Request &request, const std::vector<Use> &operands) {
  const Node &node = *request.node;
  const Part &part = request.part;
  const Node::State state = node.state();
  const bool is_whole = part.is_whole(node.shape);
  if (is_whole && (state.values || !node.has_slices))
    return request.node;
  if (state.values)
    return data_node(node.dtype, part.shape, map_of(part).apply(*state.values));
  if (is_empty(part.shape))
    return data_node(node.dtype, part.shape,
                     std::make_shared<Storage>(
                         Storage{nullptr, nullptr, row_major_strides(part.shape, node.dtype)}));

  std::vector<Node::Ptr> inputs;
  for (const Use &operand : operands)
    inputs.push_back(build(operand));
  if (is_whole && inputs == state.operands)
    return request.node;
  // Without the slice that was between them, a reshape of a reshape is one, as `reshape` makes it.
  if (node.op == OpKind::Reshape && inputs[0]->op == OpKind::Reshape)
    if (Node::State inner = inputs[0]->state(); !inner.values)
      inputs[0] = inner.operands[0];
  Description description = node;
  description.shape = part.shape;
  if (node.op == OpKind::Iota)
    for (std::size_t dim = 0; dim < node.steps.size(); ++dim) {
      description.starts[0] += part.starts[dim] * node.steps[dim];
      description.steps[dim] *= part.steps[dim];
    }
  auto result = std::make_shared<Node>(std::move(description), std::move(inputs));
  result->has_slices = false; // whatever it reads has values
  return result;
}

/// The view that `use` is of the part that it reads, which is built.
Node::Ptr SlicePusher::build(const Use &use) {
  const Node::Ptr &part = results.at({use.base, use.part()});
  const IndexMap map = use.map_of_part();
  if (map == IndexMap::identity(map.shape))
    return part;
  auto [entry, is_new] = views.try_emplace(use);
  if (!is_new)
    return entry->second;
  Node::Ptr &view = entry->second;
  if (auto values = part->values())
    return view = data_node(part->dtype, map.shape, map.apply(*values));

  // The dimensions in their new order, those that go (of extent 1) first; then extents of 1 where
  // elements repeat; then the repetition.
  view = part;
  std::vector<std::int64_t> permutation(map.sources.size());
  for (std::size_t dim = 0; dim < permutation.size(); ++dim)
    permutation[dim] = static_cast<std::int64_t>(dim);
  std::ranges::sort(permutation, {}, [&](std::int64_t dim) {
    return std::pair(map.sources[static_cast<std::size_t>(dim)].dim, dim);
  });
  Shape aligned(map.shape.size(), 1);
  std::int32_t last = IndexMap::none;
  bool is_transposed = false;
  for (const IndexMap::Source &source : map.sources) {
    if (source.dim == IndexMap::none)
      continue;
    is_transposed |= source.dim < last;
    last = source.dim;
    aligned[static_cast<std::size_t>(last)] = map.shape[static_cast<std::size_t>(last)];
  }
  if (is_transposed) {
    Shape shape;
    for (std::int64_t dim : permutation)
      shape.push_back(part->shape[static_cast<std::size_t>(dim)]);
    auto transposed =
        std::make_shared<Node>(OpKind::Transpose, part->dtype, std::move(shape), std::vector{view});
    transposed->axes = permutation;
    view = std::move(transposed);
  }
  if (view->shape != aligned) {
    if (view->op == OpKind::Reshape) // one of a reshape is one
      if (Node::State inner = view->state(); !inner.values)
        view = inner.operands[0];
    view = std::make_shared<Node>(OpKind::Reshape, part->dtype, aligned, std::vector{view});
  }
  if (aligned != map.shape)
    view = std::make_shared<Node>(OpKind::BroadcastTo, part->dtype, map.shape, std::vector{view});
  return view;
}

Node::Ptr SlicePusher::push(const Node::Ptr &node) {
  const Use root = use_of(node);
  // Depth first, without recursion: graphs may be long chains.
  std::vector<Request> open = {{root.base, root.part()}};
  while (!open.empty()) {
    const Request request = open.back();
    if (results.contains(request)) {
      open.pop_back();
      continue;
    }
    const std::vector<Use> operands = operands_of(request);
    bool is_ready = true;
    for (const Use &operand : operands)
      if (Request wanted{operand.base, operand.part()}; !results.contains(wanted)) {
        is_ready = false;
        open.push_back(std::move(wanted));
      }
    if (is_ready) {
      // What is needed first is found for all of the graph at once.
      results.emplace(request, needed_first.empty() ? build(request, operands) : nullptr);
      open.pop_back();
    }
  }
  return needed_first.empty() ? build(root) : nullptr;
}

Resolved resolve(std::span<const Node::Ptr> outputs) {
  Resolved resolved;
  SlicePusher pusher;
  std::vector<Node::Ptr> wanted;
  auto add = [&](const Node::Ptr &node) {
    wanted.push_back(node);
    resolved.nodes.push_back(node->has_slices && !node->values() ? pusher.push(node) : node);
  };
  for (const Node::Ptr &output : outputs) {
    Node::State state = output->state();
    if (state.values)
      continue;
    resolved.outputs.push_back({output, resolved.nodes.size()});
    if (output->op == OpKind::Complex)
      std::ranges::for_each(state.operands, add);
    else
      add(output);
  }
  if (!pusher.needed_first.empty()) {
    resolved.nodes.clear();
    resolved.outputs.clear();
    const std::vector<OrderedNode> order = evaluation_order(wanted);
    Steps steps(order);
    for (std::size_t place = 0; place < order.size(); ++place) {
      const OrderedNode &entry = order[place];
      if (!entry.state.values && pusher.needed_first.contains(entry.node.get()))
        steps.need(place);
      if (entry.node->op == OpKind::Slice && !entry.operands.empty())
        steps.separate(place, static_cast<std::size_t>(entry.operands[0]));
    }
    resolved.needed_first = steps.groups();
    if (resolved.needed_first.empty()) // another thread has just evaluated them
      return resolve(outputs);
  }
  return resolved;
}

void Resolved::finish() const {
  for (const auto &[output, first] : outputs)
    if (output->op == OpKind::Complex)
      output->set_values(join_parts(*nodes[first], *nodes[first + 1]));
    else if (nodes[first] != output)
      output->set_values(nodes[first]->values());
}

} // namespace tsum
