// SPDX-License-Identifier: Apache-2.0
#include "Gil.h"
#include "Tracing.h"

#include "tsum/Graph/Recording.h"
#include "tsum/elementwise.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tsum::python {

namespace {

thread_local int tracing_depth = 0;

bool is_complex(const Tensor &tensor) { return kind_of(tensor.dtype()) == DTypeKind::Complex; }

/// Appends the nodes of the real tensors that `tensor` consists of.
void append_parts(const Tensor &tensor, std::vector<Node::Ptr> &parts) {
  if (is_complex(tensor)) {
    parts.push_back(real(tensor).node());
    parts.push_back(imag(tensor).node());
  } else {
    parts.push_back(tensor.node());
  }
}

/// A tensor that stands for an argument: an input that nobody gives data, or two of them, as
/// complex tensors are pairs of real ones.
Tensor make_placeholder(const Tensor &argument) {
  const Shape shape(argument.shape().begin(), argument.shape().end());
  auto make = [&](DType dtype) {
    return std::make_shared<InputNode>(dtype, shape, row_major_strides(shape, dtype));
  };
  const DType part = real_dtype(argument.dtype());
  std::shared_ptr<Node> node = make(part);
  if (is_complex(argument))
    node = std::make_shared<Node>(OpKind::Complex, argument.dtype(), shape,
                                  std::vector<Node::Ptr>{std::move(node), make(part)});
  node->name = argument.name();
  return Tensor(std::move(node));
}

/// Nothing else but files has inputs here: those that functions are compiled for do not outlive it.
bool is_placeholder(const OrderedNode &entry) {
  const InputNode *input = as_input(*entry.node, entry.state.values != nullptr);
  return input && !input->elsewhere;
}

bool is_view(OpKind op) {
  return op == OpKind::BroadcastTo || op == OpKind::Reshape || op == OpKind::Transpose ||
         op == OpKind::Slice;
}

std::vector<OrderedNode> order_of(std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  return evaluation_order(nodes, /*with_inputs=*/true);
}

/// The nodes of `order` that depend on placeholders, those themselves included.
std::unordered_set<const Node *> unknown_nodes(const std::vector<OrderedNode> &order) {
  std::unordered_set<const Node *> unknown;
  for (const OrderedNode &entry : order) {
    if (is_placeholder(entry))
      unknown.insert(entry.node.get());
    for (const Node::Ptr &operand : entry.state.operands)
      if (unknown.contains(operand.get()))
        unknown.insert(entry.node.get());
  }
  return unknown;
}

} // namespace

bool is_tracing() { return tracing_depth != 0; }

void check_known(std::span<const Tensor> tensors) {
  for (const OrderedNode &entry : order_of(tensors))
    if (is_placeholder(entry))
      throw ConcretizationError(
          "jit: the value of this " +
          (entry.node == tensors.front().node() ? "argument" : std::string(tensors.front().op())) +
          " is not known, since it depends on an argument of the function that is traced (compute "
          "with tensors, make the argument static, or ask for values outside)");
}

//===-- Structures ----------------------------------------------------------------------------===//

Structure Structure::flatten(nb::handle object, std::vector<Tensor> &leaves) {
  const Recursion recursion(" in a result of a function of tsum.jit");
  Structure structure;
  if (object.is_none()) {
    structure.kind = Kind::None;
  } else if (nb::isinstance<nb::tuple>(object) || nb::isinstance<nb::list>(object)) {
    structure.kind = nb::isinstance<nb::tuple>(object) ? Kind::Tuple : Kind::List;
    for (nb::handle part : nb::iter(object))
      structure.parts.push_back(flatten(part, leaves));
  } else if (nb::isinstance<nb::dict>(object)) {
    structure.kind = Kind::Dict;
    // A list of them: what makes tensors of arrays may change the dictionary.
    for (nb::handle item : nb::borrow<nb::dict>(object).items()) {
      structure.keys.push_back(item[0]);
      structure.parts.push_back(flatten(item[1], leaves));
    }
  } else {
    leaves.push_back(to_tensor(object));
  }
  return structure;
}

nb::object Structure::build(const Tensor *&next) const {
  switch (kind) {
  case Kind::Leaf:
    return nb::cast(*next++);
  case Kind::None:
    return nb::none();
  case Kind::Dict: {
    nb::dict dict;
    for (std::size_t i = 0; i < parts.size(); ++i)
      dict[keys[i]] = parts[i].build(next);
    return dict;
  }
  case Kind::Tuple:
  case Kind::List:
    nb::list list;
    for (const Structure &part : parts)
      list.append(part.build(next));
    if (kind == Kind::Tuple)
      return nb::steal(PyList_AsTuple(list.ptr()));
    return list;
  }
  return nb::none();
}

//===-- Traces --------------------------------------------------------------------------------===//

Trace::Scope::Scope(Trace &trace, std::span<const Tensor> arguments) {
  for (const Tensor &argument : arguments) {
    placeholders.push_back(make_placeholder(argument));
    append_parts(placeholders.back(), trace.placeholders);
  }
  ++tracing_depth;
}

Trace::Scope::~Scope() { --tracing_depth; }

/// Evaluates what `results` need and depends on no argument: it is the same in every call.
static void evaluate_known(const std::vector<Tensor> &results) {
  std::vector<OrderedNode> order = order_of(results);
  std::unordered_set<const Node *> unknown = unknown_nodes(order);
  // Only what something unknown reads, or is a result itself.
  std::unordered_set<const Node *> read;
  for (const OrderedNode &entry : order)
    if (unknown.contains(entry.node.get()))
      for (const Node::Ptr &operand : entry.state.operands)
        read.insert(operand.get());
  for (const Tensor &result : results)
    read.insert(result.node().get());
  std::vector<Tensor> known;
  for (const OrderedNode &entry : order)
    if (!entry.state.values && !unknown.contains(entry.node.get()) &&
        read.contains(entry.node.get()))
      known.emplace_back(entry.node);
  if (known.empty())
    return;
  const BlockThreads threads;
  GilRelease others_run;
  eval(known);
}

/// Where `nodes` are, or nothing if one is no part of the trace.
static std::vector<std::int32_t>
places_of(const std::vector<Node::Ptr> &nodes,
          const std::unordered_map<const Node *, std::int32_t> &places) {
  std::vector<std::int32_t> found;
  for (const Node::Ptr &node : nodes) {
    auto place = places.find(node.get());
    if (place == places.end())
      return {};
    found.push_back(place->second);
  }
  return found;
}

void Trace::finish(const nb::object &returned) {
  std::vector<Tensor> leaves;
  result = Structure::flatten(returned, leaves);
  evaluate_known(leaves);

  std::unordered_map<const Node *, std::int32_t> places;
  for (const OrderedNode &entry : order_of(leaves)) {
    places[entry.node.get()] = static_cast<std::int32_t>(steps.size());
    Step step{entry.node, -1, !entry.state.values && !is_placeholder(entry), entry.operands};
    if (is_placeholder(entry)) {
      auto own = std::ranges::find(placeholders, entry.node);
      if (own != placeholders.end())
        step.placeholder = static_cast<std::int32_t>(own - placeholders.begin());
      else
        can_repeat = false;
    }
    step.derivation = places_of(entry.node->derivation().first, places);
    steps.push_back(std::move(step));
    work += static_cast<double>(Tensor(entry.node).size());
  }
  for (const Tensor &leaf : leaves) {
    outputs.push_back(places.at(leaf.node().get()));
    is_computed &=
        steps[static_cast<std::size_t>(outputs.back())].is_repeated && !is_view(leaf.node()->op);
  }
}

std::vector<Tensor> Trace::replay(std::span<const Tensor> arguments) const {
  std::vector<Node::Ptr> parts;
  for (const Tensor &argument : arguments)
    append_parts(argument, parts);
  std::vector<Node::Ptr> nodes;
  nodes.reserve(steps.size());
  for (const Step &step : steps) {
    if (step.placeholder >= 0) {
      nodes.push_back(parts[static_cast<std::size_t>(step.placeholder)]);
    } else if (!step.is_repeated) {
      nodes.push_back(step.node);
    } else {
      std::vector<Node::Ptr> operands;
      operands.reserve(step.operands.size());
      for (std::int32_t operand : step.operands)
        operands.push_back(nodes[static_cast<std::size_t>(operand)]);
      const Node &traced = *step.node;
      auto node =
          std::make_shared<Node>(static_cast<const Description &>(traced), std::move(operands));
      node->has_slices = traced.has_slices;
      node->stops_gradient = traced.stops_gradient;
      node->memory = traced.memory;
      node->name = traced.name;
      if (!step.derivation.empty()) {
        std::vector<Node::Ptr> inputs;
        for (std::int32_t input : step.derivation)
          inputs.push_back(nodes[static_cast<std::size_t>(input)]);
        node->derive_from(std::move(inputs), traced.derivation().second);
      }
      Recording::note(node);
      nodes.push_back(std::move(node));
    }
  }
  std::vector<Tensor> results;
  results.reserve(outputs.size());
  for (std::int32_t output : outputs)
    results.emplace_back(nodes[static_cast<std::size_t>(output)]);
  return results;
}

} // namespace tsum::python
