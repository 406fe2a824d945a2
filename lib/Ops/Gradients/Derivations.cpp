// SPDX-License-Identifier: Apache-2.0
#include "Derivations.h"

#include "../Build.h"

#include "tsum/shapes.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tsum {

namespace {

/// The nodes behind some tensors that gradients pass through, each after what it is made of.
class Derivations {
public:
  struct Step {
    Made made;
    std::vector<std::int32_t> inputs; ///< steps before this one, or -1 where no gradient passes
    bool is_reached = false;          ///< whether it depends on what is asked for
  };

  Derivations(std::span<const Tensor> ys, std::span<const Tensor> xs, LostGraphs lost,
              std::span<const Tensor> boundary = {}) {
    for (const Tensor &end : boundary)
      ends.insert(end.node().get());
    for (const Tensor &x : xs)
      mark(x, lost);
    for (const Tensor &y : ys)
      add(y.node(), lost);
    for (Step &step : steps) {
      step.is_reached = asked_for.contains(step.made.node.get());
      for (std::int32_t input : step.inputs)
        step.is_reached |= input >= 0 && steps[static_cast<std::size_t>(input)].is_reached;
    }
  }

  [[nodiscard]] std::size_t size() const { return steps.size(); }
  [[nodiscard]] const Step &operator[](std::size_t place) const { return steps[place]; }

  /// The step of `tensor`, or null if nothing here depends on it.
  [[nodiscard]] std::optional<std::size_t> find(const Tensor &tensor) const {
    auto found = places.find(tensor.node().get());
    if (found == places.end() || found->second < 0)
      return std::nullopt;
    return static_cast<std::size_t>(found->second);
  }

private:
  /// What is computed of a complex tensor is computed of its parts.
  void mark(const Tensor &x, LostGraphs lost) {
    asked_for.emplace(x.node().get());
    if (x.node()->op != OpKind::Complex)
      return;
    const Node::Origin origin = x.node()->origin();
    if (origin.is_lost && lost == LostGraphs::Refused)
      throw Error("gradients: the complex tensor with respect to which they are asked for has been "
                  "evaluated, and its parts are gone (copy it first, or compute it with a "
                  "GradientTape)");
    for (const Node::Ptr &part : origin.inputs)
      asked_for.insert(part.get());
  }

  [[nodiscard]] bool passes(const Node &node) const {
    return contains(Domain::Inexact, node.dtype) && !node.stops_gradient && !ends.contains(&node);
  }

  /// Depth first, without recursion: graphs may be long chains.
  void add(const Node::Ptr &root, LostGraphs lost) {
    struct Open {
      Step step;
      std::size_t next_input = 0;
    };
    std::vector<Open> open;
    auto visit = [&](const Node::Ptr &node) {
      if (!places.try_emplace(node.get(), -1).second)
        return;
      if (!passes(*node) && !asked_for.contains(node.get()))
        return;
      Open &added = open.emplace_back();
      added.step.made = {node, passes(*node) ? node->origin() : Node::Origin()};
      if (added.step.made.origin.is_lost && lost == LostGraphs::Refused &&
          !asked_for.contains(node.get()))
        throw_lost(*node);
    };
    visit(root);
    while (!open.empty()) {
      const std::vector<Node::Ptr> &inputs = open.back().step.made.origin.inputs;
      if (std::size_t &next = open.back().next_input; next < inputs.size()) {
        visit(Node::Ptr(inputs[next++]));
        continue;
      }
      Step step = std::move(open.back().step);
      open.pop_back();
      for (const Node::Ptr &input : step.made.origin.inputs)
        step.inputs.push_back(places.at(input.get()));
      places[step.made.node.get()] = static_cast<std::int32_t>(steps.size());
      steps.push_back(std::move(step));
    }
  }

  [[noreturn]] static void throw_lost(const Node &node) {
    throw Error(
        "gradients: " + (node.name.empty() ? "a tensor" : "the tensor '" + node.name + "'") +
        " of shape " + to_string(node.shape) + " that " + std::string(op_info(node.op).name) +
        " computed has been evaluated, and its graph is gone (ask for gradients before "
        "its values, compute it with a GradientTape, or say stop_gradient where it is a "
        "constant)");
  }

  std::unordered_set<const Node *> asked_for, ends;
  std::unordered_map<const Node *, std::int32_t> places;
  std::vector<Step> steps;
};

/// The upstream gradient of `y` that is given as `operand`.
Tensor checked_upstream(const Tensor &y, const Operand &operand) {
  const Tensor upstream = to_tensor("gradients", operand, y.dtype());
  if (upstream.dtype() != y.dtype())
    throw DTypeError("gradients: an upstream of dtype " + std::string(name_of(upstream.dtype())) +
                     " for a tensor of dtype " + std::string(name_of(y.dtype())) +
                     " (cast it: cast(x, DType::" + std::string(name_of(y.dtype())) + "))");
  if (broadcast_shapes(upstream.shape(), y.shape()) != shape_of(y))
    throw ShapeError("gradients: an upstream of shape " + to_string(upstream.shape()) +
                     " does not broadcast to " + to_string(y.shape()) +
                     ", the shape of what it belongs to" + std::string(broadcasting_rule));
  return std::ranges::equal(upstream.shape(), y.shape()) ? upstream
                                                         : broadcast_to(upstream, shape_of(y));
}

void accumulate(std::optional<Cotangent> &sum, const Cotangent &more, const Node &of) {
  if (!sum)
    sum = more;
  else
    sum = Cotangent{add(sum->like(of), more.like(of)), sum->is_masked && more.is_masked};
}

/// The sum of gradients of a complex tensor and of its parts.
std::optional<Tensor> join(const Tensor &x, const std::optional<Cotangent> &real_part,
                           const std::optional<Cotangent> &imag_part) {
  if (!real_part && !imag_part)
    return std::nullopt;
  auto part = [&](const std::optional<Cotangent> &cotangent, const Tensor &like) {
    if (cotangent)
      return cotangent->like(*like.node());
    return broadcast_to(to_tensor("gradients", 0, like.dtype()), shape_of(like));
  };
  return complex(part(real_part, real(x)), part(imag_part, imag(x)));
}

bool ends_at(std::span<const Tensor> boundary, const Tensor &x) {
  return std::ranges::any_of(boundary, [&](const Tensor &end) { return end.node() == x.node(); });
}

} // namespace

void check_differentiable(std::string_view op, std::string_view which, const Tensor &x) {
  if (!contains(Domain::Inexact, x.dtype()))
    throw DTypeError(prefix(op) + std::string(which) + " has dtype " +
                     std::string(name_of(x.dtype())) +
                     " (only floats and complex numbers have gradients: cast it, as in cast(x, "
                     "DType::f32))");
}

std::vector<std::optional<Tensor>> reverse(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                           std::span<const std::optional<Operand>> upstreams,
                                           LostGraphs lost, std::span<const Tensor> boundary) {
  if (!upstreams.empty() && upstreams.size() != ys.size())
    throw Error("gradients: " + std::to_string(upstreams.size()) + " upstreams given for " +
                std::to_string(ys.size()) + " tensors (one each, or none)");
  for (const Tensor &y : ys)
    check_differentiable("gradients", "a tensor whose gradients are asked for", y);
  for (const Tensor &x : xs)
    check_differentiable("gradients", "a tensor with respect to which gradients are asked for", x);
  const Derivations derivations(ys, xs, lost, boundary);

  std::vector<std::optional<Cotangent>> cotangents(derivations.size());
  for (std::size_t n = 0; n < ys.size(); ++n) {
    const std::optional<std::size_t> place = derivations.find(ys[n]);
    Cotangent seed;
    if (!upstreams.empty() && upstreams[n])
      seed.tensor = checked_upstream(ys[n], *upstreams[n]);
    if (place && derivations[*place].is_reached)
      accumulate(cotangents[*place], seed, *ys[n].node());
  }
  for (std::size_t place = derivations.size(); place-- > 0;) {
    const Derivations::Step &step = derivations[place];
    if (!cotangents[place] || !step.is_reached || step.inputs.empty())
      continue;
    std::vector<bool> is_wanted;
    for (std::int32_t input : step.inputs)
      is_wanted.push_back(input >= 0 && derivations[static_cast<std::size_t>(input)].is_reached);
    const auto found = pull_back(step.made, *cotangents[place], is_wanted);
    for (std::size_t n = 0; n < found.size(); ++n)
      if (found[n] && is_wanted[n])
        accumulate(cotangents[static_cast<std::size_t>(step.inputs[n])], *found[n],
                   *step.made.origin.inputs[n]);
  }

  auto cotangent_of = [&](const Tensor &x) -> std::optional<Cotangent> {
    const std::optional<std::size_t> place = derivations.find(x);
    return place ? cotangents[*place] : std::nullopt;
  };
  std::vector<std::optional<Tensor>> results;
  for (const Tensor &x : xs) {
    std::optional<Cotangent> cotangent = cotangent_of(x);
    const Node::Origin origin = x.node()->origin();
    if (x.node()->op == OpKind::Complex && !origin.is_lost) {
      // What reached the whole went on to the parts, unless that is as far as anything goes.
      if (!ends_at(boundary, x))
        cotangent.reset();
      if (const std::optional<Tensor> of_parts = join(x, cotangent_of(Tensor(origin.inputs[0])),
                                                      cotangent_of(Tensor(origin.inputs[1]))))
        accumulate(cotangent, Cotangent{of_parts}, *x.node());
    }
    results.push_back(cotangent ? std::optional(cotangent->like(*x.node())) : std::nullopt);
  }
  return results;
}

std::vector<std::optional<Tensor>> forward(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                           std::span<const Tensor> tangents, LostGraphs lost) {
  if (tangents.size() != xs.size())
    throw Error("jvp: " + std::to_string(tangents.size()) + " tangents given for " +
                std::to_string(xs.size()) + " tensors (one each)");
  for (std::size_t n = 0; n < xs.size(); ++n) {
    check_differentiable("jvp", "a tensor along which to differentiate", xs[n]);
    check_same_dtype("jvp", xs[n].dtype(), tangents[n].dtype());
    if (!std::ranges::equal(xs[n].shape(), tangents[n].shape()))
      throw ShapeError("jvp: a tangent of shape " + to_string(tangents[n].shape()) +
                       " for a tensor of shape " + to_string(xs[n].shape()) +
                       " (they must be equal)");
  }
  for (const Tensor &y : ys)
    check_differentiable("jvp", "a tensor that is differentiated", y);
  const Derivations derivations(ys, xs, lost);

  std::vector<std::optional<Tensor>> found(derivations.size());
  std::vector<bool> is_given(derivations.size(), false);
  auto give = [&](const Tensor &x, const Tensor &tangent) {
    if (const std::optional<std::size_t> place = derivations.find(x)) {
      found[*place] = tangent;
      is_given[*place] = true;
    }
  };
  for (std::size_t n = 0; n < xs.size(); ++n) {
    give(xs[n], tangents[n]);
    const Node::Origin origin = xs[n].node()->origin();
    if (xs[n].node()->op == OpKind::Complex && !origin.is_lost) {
      give(Tensor(origin.inputs[0]), real(tangents[n]));
      give(Tensor(origin.inputs[1]), imag(tangents[n]));
    }
  }
  for (std::size_t place = 0; place < derivations.size(); ++place) {
    const Derivations::Step &step = derivations[place];
    if (is_given[place] || !step.is_reached)
      continue;
    std::vector<std::optional<Tensor>> inputs;
    bool is_changed = false;
    for (std::int32_t input : step.inputs) {
      inputs.push_back(input < 0 ? std::nullopt : found[static_cast<std::size_t>(input)]);
      is_changed |= inputs.back().has_value();
    }
    if (is_changed)
      found[place] = push_forward(step.made, inputs);
  }
  std::vector<std::optional<Tensor>> results;
  for (const Tensor &y : ys) {
    const std::optional<std::size_t> place = derivations.find(y);
    results.push_back(place ? found[*place] : std::nullopt);
  }
  return results;
}

bool depends_on(const Tensor &y, std::span<const Tensor> xs) {
  const Derivations derivations({&y, 1}, xs, LostGraphs::Constants);
  const std::optional<std::size_t> place = derivations.find(y);
  return place && derivations[*place].is_reached;
}

} // namespace tsum
