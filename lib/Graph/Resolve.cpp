// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Resolve.h"

#include "tsum/Graph/Layout.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace tsum {

namespace {

/// Some of a tensor: for each dimension where it starts, in which steps it goes, and how far.
struct View {
  std::vector<std::int64_t> starts, steps;
  Shape shape;

  auto operator<=>(const View &) const = default;
};

View whole(const Shape &shape) {
  return {std::vector<std::int64_t>(shape.size(), 0), std::vector<std::int64_t>(shape.size(), 1),
          shape};
}

/// A node, or some of its elements.
struct Request {
  Node::Ptr node;
  std::optional<View> view;

  auto operator<=>(const Request &) const = default;
};

/// Rewrites graphs so that slices are of data alone.
class SlicePusher {
public:
  Node::Ptr push(const Node::Ptr &node);

  std::vector<Node::Ptr> needed_first;

private:
  std::vector<Request> operands_of(const Request &request);
  void need_first(const Node::Ptr &node);
  Node::Ptr build(const Request &request, const std::vector<Node::Ptr> &operands);

  /// How many views of one computed tensor are computed in place of it. If there are more, it is
  /// evaluated first: else graphs would grow without bound where slices of slices' results are
  /// taken again and again.
  static constexpr std::size_t most_views = 2;

  std::map<Request, Node::Ptr> results;
  std::map<const Node *, std::set<View>> views; ///< of each computed tensor
};

/// `view` of a result that broadcasts `operand`, as a view of that.
View view_of_operand(const View &view, const Shape &operand) {
  View result = whole(operand);
  const std::size_t offset = view.shape.size() - operand.size();
  for (std::size_t dim = 0; dim < operand.size(); ++dim)
    if (operand[dim] != 1) {
      result.starts[dim] = view.starts[offset + dim];
      result.steps[dim] = view.steps[offset + dim];
      result.shape[dim] = view.shape[offset + dim];
    }
  return result;
}

/// `view`, along the places in `dims`, as a view of `shape`, whole along the others.
View view_along(const View &view, const Shape &shape, const std::vector<std::size_t> &dims) {
  View result = whole(shape);
  for (std::size_t dim = 0; dim < dims.size(); ++dim) {
    result.starts[dims[dim]] = view.starts[dim];
    result.steps[dims[dim]] = view.steps[dim];
    result.shape[dims[dim]] = view.shape[dim];
  }
  return result;
}

/// A view of some of the values.
Node::Ptr view_values(const Node &node, const Storage &values, const View &view) {
  auto result = std::make_shared<Node>(OpKind::Constant, node.dtype, view.shape);
  Storage storage{values.owner, values.data, {}};
  for (std::size_t dim = 0; dim < view.shape.size(); ++dim) {
    const bool is_taken = view.shape[dim] > 1;
    storage.strides.push_back(values.strides[dim] * (is_taken ? view.steps[dim] : 1));
    storage.data += values.strides[dim] * view.starts[dim];
  }
  result->set_values(std::make_shared<Storage>(std::move(storage)));
  return result;
}

/// The dimensions whose extent is not 1.
std::vector<std::size_t> long_dims(const Shape &shape) {
  std::vector<std::size_t> dims;
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    if (shape[dim] != 1)
      dims.push_back(dim);
  return dims;
}

/// Whether the reshape of one to the other only adds or drops extents of 1.
bool keeps_dims(const Shape &from, const Shape &to) {
  auto extents = [](const Shape &shape) {
    Shape extents = shape;
    std::erase(extents, 1);
    return extents;
  };
  return extents(from) == extents(to);
}

/// Whether `op` computes nothing: its elements are those of its operands, or where they are.
bool is_view(OpKind op) {
  switch (op) {
  case OpKind::Iota:
  case OpKind::BroadcastTo:
  case OpKind::Reshape:
  case OpKind::Transpose:
  case OpKind::Slice:
    return true;
  default:
    return false;
  }
}

} // namespace

void SlicePusher::need_first(const Node::Ptr &node) {
  if (std::ranges::find(needed_first, node) == needed_first.end())
    needed_first.push_back(node);
}

/// What must be there before `request` can be built.
std::vector<Request> SlicePusher::operands_of(const Request &request) {
  const Node &node = *request.node;
  Node::State state = node.state();
  std::vector<Request> operands;
  if (state.values || (request.view && is_empty(request.view->shape)))
    return operands;
  if (!request.view) {
    if (node.op == OpKind::Slice)
      return {{state.operands[0], View{node.starts, node.steps, node.shape}}};
    if (node.has_slices)
      for (const Node::Ptr &operand : state.operands)
        operands.push_back({operand, std::nullopt});
    return operands;
  }

  const View &view = *request.view;
  if (!is_view(node.op)) {
    std::set<View> &seen = views[&node];
    seen.insert(view);
    if (seen.size() > most_views) {
      need_first(request.node);
      return {};
    }
  }
  for (const Node::Ptr &operand : state.operands) {
    View moved;
    if (node.op == OpKind::Slice) {
      moved = view;
      for (std::size_t dim = 0; dim < view.shape.size(); ++dim) {
        moved.starts[dim] = node.starts[dim] + view.starts[dim] * node.steps[dim];
        moved.steps[dim] = view.shape[dim] > 1 ? view.steps[dim] * node.steps[dim] : 1;
      }
    } else if (node.op == OpKind::Transpose) {
      moved = view_along(view, operand->shape, {node.axes.begin(), node.axes.end()});
    } else if (is_reduction(node.op)) {
      View kept = view;
      std::vector<std::size_t> dims;
      for (std::size_t dim = 0; dim < operand->shape.size(); ++dim)
        if (!std::ranges::binary_search(node.axes, static_cast<std::int64_t>(dim)))
          dims.push_back(dim);
        else if (node.keepdims) // extents of 1
          for (auto *list : {&kept.starts, &kept.steps, &kept.shape})
            list->erase(list->begin() + static_cast<std::ptrdiff_t>(dims.size()));
      moved = view_along(kept, operand->shape, dims);
    } else if (node.op == OpKind::Reshape) {
      if (!keeps_dims(operand->shape, node.shape)) {
        need_first(request.node);
        return {};
      }
      View kept;
      for (std::size_t dim : long_dims(node.shape)) {
        kept.starts.push_back(view.starts[dim]);
        kept.steps.push_back(view.steps[dim]);
        kept.shape.push_back(view.shape[dim]);
      }
      moved = view_along(kept, operand->shape, long_dims(operand->shape));
    } else {
      moved = view_of_operand(view, operand->shape);
    }
    operands.push_back({operand, std::move(moved)});
  }
  return operands;
}

Node::Ptr SlicePusher::build(const Request &request, const std::vector<Node::Ptr> &operands) {
  const Node &node = *request.node;
  Node::State state = node.state();
  if (request.view) {
    const View &view = *request.view;
    if (state.values)
      return view_values(node, *state.values, view);
    if (is_empty(view.shape))
      return view_values(node, {nullptr, nullptr, row_major_strides(node.shape, node.dtype)},
                         {std::vector<std::int64_t>(view.shape.size(), 0), view.steps, view.shape});
    if (node.op == OpKind::Slice)
      return operands[0];
  } else {
    if (node.op == OpKind::Slice && !state.values)
      return operands[0];
    if (state.values || operands == state.operands || operands.empty())
      return request.node;
  }

  std::vector<Node::Ptr> inputs = operands;
  // Without the slice that was between them, a reshape of a reshape is one, as `reshape` makes it.
  if (node.op == OpKind::Reshape && inputs[0]->op == OpKind::Reshape)
    if (Node::State inner = inputs[0]->state(); !inner.values)
      inputs[0] = inner.operands[0];
  auto result = std::make_shared<Node>(
      node.op, node.dtype, request.view ? request.view->shape : node.shape, std::move(inputs));
  result->has_slices = false;
  result->axes = node.axes;
  result->keepdims = node.keepdims;
  result->is_exact = node.is_exact;
  result->starts = node.starts;
  result->steps = node.steps;
  if (node.op == OpKind::Iota)
    for (std::size_t dim = 0; dim < node.steps.size(); ++dim) {
      result->starts[0] += request.view->starts[dim] * node.steps[dim];
      result->steps[dim] *= request.view->steps[dim];
    }
  return result;
}

Node::Ptr SlicePusher::push(const Node::Ptr &node) {
  // Depth first, without recursion: graphs may be long chains.
  std::vector<Request> open = {{node, std::nullopt}};
  while (!open.empty()) {
    const Request request = open.back();
    if (results.contains(request)) {
      open.pop_back();
      continue;
    }
    std::vector<Node::Ptr> operands;
    bool is_ready = true;
    for (Request &operand : operands_of(request))
      if (auto known = results.find(operand); known != results.end()) {
        operands.push_back(known->second);
      } else {
        is_ready = false;
        open.push_back(std::move(operand));
      }
    if (is_ready) {
      // What is needed first is found for all of the graph at once.
      results.emplace(request, needed_first.empty() ? build(request, operands) : nullptr);
      open.pop_back();
    }
  }
  return results.at({node, std::nullopt});
}

Resolved resolve(std::span<const Node::Ptr> outputs) {
  Resolved resolved;
  SlicePusher pusher;
  auto add = [&](const Node::Ptr &node) {
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
    resolved.needed_first = std::move(pusher.needed_first);
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
