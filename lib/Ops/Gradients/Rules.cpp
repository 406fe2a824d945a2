// SPDX-License-Identifier: Apache-2.0
#include "Rules.h"

#include "../Build.h"
#include "Derivations.h"
#include "Slopes.h"
#include "Views.h"

#include "tsum/gradients.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <array>

namespace tsum {

namespace {

//===-- The columns of the op tables ----------------------------------------------------------===//

using AxisList = std::vector<std::int64_t>;

/// What the expressions of the tables are of.
struct Values {
  const Tensor &x, &y, &z;
  const AxisList &axes;
};

struct TableRule {
  enum class Kind : std::uint8_t { None, Flat, Slopes } kind = Kind::None;
  Tensor (*of[2])(const Upstream &, const Values &) = {};
};

constexpr std::size_t op_count = [] {
  std::size_t count = static_cast<std::size_t>(OpKind::Complex) + 1;
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY) ++count;
#include "tsum/Reductions.def"
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) ++count;
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) ++count;
#include "tsum/Elementwise.def"
  return count;
}();

#define TSUM_EXPRESSION(EXPRESSION)                                                                \
  [](const Upstream &g, const Values &values) -> Tensor {                                          \
    [[maybe_unused]] const auto &[x, y, z, axes] = values;                                         \
    return EXPRESSION;                                                                             \
  }

const TableRule &rule_of(OpKind op) {
  static const auto table = [] {
    std::array<TableRule, op_count> rules;
    auto at = [&](OpKind op) -> TableRule & { return rules[static_cast<std::size_t>(op)]; };
    using enum TableRule::Kind;
#define TSUM_GRADIENT(CLASS, OF_X) at(OpKind::CLASS) = {Slopes, {TSUM_EXPRESSION(OF_X)}};
#include "tsum/Reductions.def"
#define TSUM_GRADIENT(CLASS, OF_X) at(OpKind::CLASS) = {Slopes, {TSUM_EXPRESSION(OF_X)}};
#define TSUM_GRADIENTS(CLASS, OF_X, OF_Y)                                                          \
  at(OpKind::CLASS) = {Slopes, {TSUM_EXPRESSION(OF_X), TSUM_EXPRESSION(OF_Y)}};
#define TSUM_FLAT(CLASS) at(OpKind::CLASS) = {Flat};
#include "tsum/Elementwise.def"
    return rules;
  }();
  return table[static_cast<std::size_t>(op)];
}

#undef TSUM_EXPRESSION

const TableRule &checked_rule(const Node &node) {
  const TableRule &rule = rule_of(node.op);
  if (rule.kind == TableRule::Kind::None || node.node_part >= 0)
    throw Error("gradients: " + std::string(op_info(node.op).name) +
                (node.node_part >= 0 ? " that gives a partial result" : "") +
                " has no gradient (put stop_gradient around it, if it is to be a constant)");
  return rule;
}

Tensor like_shape(const Tensor &x, const Shape &shape) {
  return std::ranges::equal(x.shape(), shape) ? x : broadcast_to(x, shape);
}

Tensor in_dtype(const Tensor &x, DType dtype) { return x.dtype() == dtype ? x : cast(x, dtype); }

Tensor ones(DType dtype, const Shape &shape) {
  return like_shape(to_tensor("gradients", 1, dtype), shape);
}

/// The operands of an elementwise operation as its rules see them.
struct Operands {
  explicit Operands(const Made &made)
      : x(made.origin.inputs.front()), y(made.origin.inputs.back()), z(made.node) {}
  [[nodiscard]] Values values() const { return {x, y, z, none}; }

  Tensor x, y, z;
  AxisList none;
};

//===-- Reductions ----------------------------------------------------------------------------===//

/// The shape of `operand` with extents of 1 where `reduction` reduces it.
Shape kept_shape(const Node &reduction, const Node &operand) {
  Shape kept = operand.shape;
  for (std::int64_t axis : reduction.axes)
    kept[static_cast<std::size_t>(axis)] = 1;
  return kept;
}

Tensor with_shape(const Tensor &x, const Shape &shape) {
  return std::ranges::equal(x.shape(), shape) ? x : reshape(x, shape);
}

/// What a sum that is exact divides by and rounds to, undone: linear, so that it is the same for
/// gradients and tangents.
Tensor scaled(const Node &sum, const Tensor &g) {
  return sum.divisor == 1 ? g : divide(g, static_cast<double>(sum.divisor));
}

Cotangent pull_back_reduction(const Made &made, const Cotangent &upstream) {
  const Node &node = *made.node;
  const Node &operand = *made.origin.inputs.front();
  const TableRule &rule = checked_rule(node);
  const bool is_scaled = node.divisor != 1;
  if (node.op == OpKind::ReduceSum && !upstream.tensor && !is_scaled)
    return upstream;
  const Shape kept = kept_shape(node, operand);
  Tensor g = with_shape(upstream.like(node), kept);
  if (node.op == OpKind::ReduceSum)
    g = in_dtype(scaled(node, g), operand.dtype);
  const Upstream spread(like_shape(g, operand.shape), !upstream.tensor && !is_scaled,
                        upstream.is_masked);
  const Tensor x(made.origin.inputs.front());
  const Tensor z = with_shape(Tensor(made.node), kept);
  Tensor result = rule.of[0](spread, {x, x, z, node.axes});
  return {like_shape(result, operand.shape), spread.is_chosen()};
}

/// Each element of the operand by its part in the result, added up.
Tensor push_reduction(const Made &made, const Tensor &tangent) {
  const Node &node = *made.node;
  const TableRule &rule = checked_rule(node);
  const SumOptions options{.keepdims = node.keepdims};
  if (node.op == OpKind::ReduceSum)
    return in_dtype(scaled(node, reduce_sum(in_dtype(tangent, node.dtype), node.axes, options)),
                    node.dtype);
  const Tensor x(made.origin.inputs.front());
  const Tensor z = with_shape(Tensor(made.node), kept_shape(node, *made.origin.inputs.front()));
  const Upstream g(tangent, /*is_one=*/false, /*is_masked=*/false);
  return reduce_sum(rule.of[0](g, {x, x, z, node.axes}), node.axes, options);
}

//===-- Views and choices ---------------------------------------------------------------------===//

std::vector<std::int64_t> inverse(const std::vector<std::int64_t> &permutation) {
  std::vector<std::int64_t> result(permutation.size());
  for (std::size_t dim = 0; dim < permutation.size(); ++dim)
    result[static_cast<std::size_t>(permutation[dim])] = static_cast<std::int64_t>(dim);
  return result;
}

/// Of data that is a part of complex data.
bool is_part(const Made &made) {
  return made.node->op == OpKind::Slice && made.node->node_part >= 0;
}

Tensor pull_back_view(const Made &made, const Tensor &g) {
  const Node &node = *made.node;
  const Node &operand = *made.origin.inputs.front();
  if (is_part(made))
    return node.node_part == 0 ? complex(g, 0) : complex(0, g);
  switch (node.op) {
  case OpKind::Cast:
    return in_dtype(g, operand.dtype);
  case OpKind::BroadcastTo:
    return sum_to(g, operand.shape);
  case OpKind::Reshape:
    return reshape(g, operand.shape);
  case OpKind::Transpose:
    return transpose(g, inverse(node.axes));
  default: // a slice
    return place({operand.shape, node.starts, node.steps}, g, 0);
  }
}

Tensor push_view(const Made &made, const Tensor &tangent) {
  const Node &node = *made.node;
  if (is_part(made))
    return node.node_part == 0 ? real(tangent) : imag(tangent);
  switch (node.op) {
  case OpKind::Cast:
    return cast(tangent, node.dtype);
  case OpKind::BroadcastTo:
    return broadcast_to(tangent, node.shape);
  case OpKind::Reshape:
    return reshape(tangent, node.shape);
  case OpKind::Transpose:
    return transpose(tangent, node.axes);
  default:
    return make_slice(tangent, node.starts, node.steps, node.shape);
  }
}

/// Gradients of the form that a `GradientRule` gives.
std::vector<std::optional<Cotangent>> by_own_rule(const Made &made, const Cotangent &upstream) {
  std::vector<Tensor> inputs;
  for (const Node::Ptr &input : made.origin.inputs)
    inputs.emplace_back(input);
  std::vector<std::optional<Cotangent>> results;
  for (Tensor &result : made.origin.rule(upstream.like(*made.node), Tensor(made.node), inputs))
    results.push_back(Cotangent{std::move(result), upstream.is_masked});
  return results;
}

/// The sum of products, of complex numbers of those of their parts.
Tensor inner_product(const Tensor &x, const Tensor &y) {
  const SumOptions options{.accuracy = Accuracy::standard};
  if (!is_complex(x))
    return reduce_sum(multiply(x, y), all_axes, options);
  return reduce_sum(add(multiply(real(x), real(y)), multiply(imag(x), imag(y))), all_axes, options);
}

/// What a rule says of tangents: it gives the transposed Jacobian matrix J' times any upstream u,
/// and J t is the gradient of u' J t = (J' u)' t with respect to u.
std::optional<Tensor> push_by_own_rule(const Made &made,
                                       const std::vector<std::optional<Tensor>> &tangents) {
  const Node &node = *made.node;
  const Tensor upstream = broadcast_to(ones(node.dtype, node.shape), node.shape);
  const auto pulled = by_own_rule(made, {upstream});
  std::optional<Tensor> sum;
  for (std::size_t n = 0; n < tangents.size(); ++n)
    if (tangents[n] && pulled[n]) {
      Tensor part = cast(inner_product(*pulled[n]->tensor, *tangents[n]), real_dtype(node.dtype));
      sum = sum ? add(*sum, part) : std::move(part);
    }
  if (!sum)
    return std::nullopt;
  std::vector<Tensor> boundary = {Tensor(made.node)};
  for (std::size_t n = 0; n < tangents.size(); ++n) {
    boundary.emplace_back(made.origin.inputs[n]);
    if (tangents[n])
      boundary.push_back(*tangents[n]);
  }
  return reverse({&*sum, 1}, {&upstream, 1}, {}, LostGraphs::Constants, boundary).front();
}

} // namespace

Tensor Cotangent::like(const Node &of) const {
  return tensor ? like_shape(*tensor, of.shape) : ones(of.dtype, of.shape);
}

Tensor derivative_of(OpKind op, const Tensor &x, const Tensor &z) {
  const Upstream one(ones(x.dtype(), shape_of(x)), /*is_one=*/true, /*is_masked=*/false);
  return like_shape(rule_of(op).of[0](one, {x, x, z, AxisList()}), shape_of(x));
}

std::vector<std::optional<Cotangent>> pull_back(const Made &made, const Cotangent &upstream,
                                                const std::vector<bool> &is_wanted) {
  const Node &node = *made.node;
  const std::vector<Node::Ptr> &inputs = made.origin.inputs;
  if (made.origin.rule)
    return by_own_rule(made, upstream);
  std::vector<std::optional<Cotangent>> results(inputs.size());
  switch (node.op) {
  case OpKind::Constant: // data that has the values of its origin
    if (!inputs.empty())
      results[0] = upstream;
    return results;
  case OpKind::Iota:
    return results;
  case OpKind::Reshape:
  case OpKind::Transpose:
    if (!upstream.tensor) {
      results[0] = upstream;
      return results;
    }
    [[fallthrough]];
  case OpKind::Cast:
  case OpKind::BroadcastTo:
  case OpKind::Slice:
    results[0] = {pull_back_view(made, upstream.like(node)),
                  upstream.is_masked || node.op == OpKind::Slice};
    return results;
  case OpKind::Complex: {
    const Tensor g = upstream.like(node);
    if (is_wanted[0])
      results[0] = {real(g), upstream.is_masked};
    if (is_wanted[1])
      results[1] = {imag(g), upstream.is_masked};
    return results;
  }
  case OpKind::Where: {
    const Tensor condition(inputs[0]);
    const Upstream g(upstream.like(node), !upstream.tensor, upstream.is_masked);
    if (is_wanted[1])
      results[1] = {sum_to(where(condition, g), inputs[1]->shape), true};
    if (is_wanted[2])
      results[2] = {sum_to(where(logical_not(condition), g), inputs[2]->shape), true};
    return results;
  }
  default:
    break;
  }
  if (is_reduction(node.op)) {
    results[0] = pull_back_reduction(made, upstream);
    return results;
  }
  const TableRule &rule = checked_rule(node);
  if (rule.kind == TableRule::Kind::Flat)
    return results;
  const Operands operands(made);
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    if (!is_wanted[n])
      continue;
    const Upstream g(upstream.like(node), !upstream.tensor, upstream.is_masked);
    const Tensor result = like_shape(rule.of[n](g, operands.values()), node.shape);
    results[n] = {sum_to(result, inputs[n]->shape), g.is_chosen()};
  }
  return results;
}

std::optional<Tensor> push_forward(const Made &made,
                                   const std::vector<std::optional<Tensor>> &tangents) {
  const Node &node = *made.node;
  if (made.origin.rule)
    return push_by_own_rule(made, tangents);
  auto zeros = [](const Node &like) {
    return like_shape(to_tensor("jvp", 0, like.dtype), like.shape);
  };
  auto tangent = [&](std::size_t n) {
    return tangents[n] ? *tangents[n] : zeros(*made.origin.inputs[n]);
  };
  switch (node.op) {
  case OpKind::Constant:
    return tangents[0];
  case OpKind::Iota:
    return std::nullopt;
  case OpKind::Cast:
  case OpKind::BroadcastTo:
  case OpKind::Reshape:
  case OpKind::Transpose:
  case OpKind::Slice:
    return push_view(made, *tangents[0]);
  case OpKind::Complex:
    return complex(tangent(0), tangent(1));
  case OpKind::Where:
    return where(Tensor(made.origin.inputs[0]), tangent(1), tangent(2));
  default:
    break;
  }
  if (is_reduction(node.op))
    return push_reduction(made, *tangents[0]);
  const TableRule &rule = checked_rule(node);
  if (rule.kind == TableRule::Kind::Flat)
    return std::nullopt;
  const Operands operands(made);
  std::optional<Tensor> sum;
  for (std::size_t n = 0; n < tangents.size(); ++n) {
    if (!tangents[n])
      continue;
    const Upstream g(like_shape(*tangents[n], node.shape), /*is_one=*/false, /*is_masked=*/false);
    Tensor part = like_shape(rule.of[n](g, operands.values()), node.shape);
    sum = sum ? add(*sum, part) : std::move(part);
  }
  return sum;
}

} // namespace tsum
