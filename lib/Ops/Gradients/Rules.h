// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Upstream.h"

#include "tsum/Graph/Node.h"

#include <optional>

/// Gradients of one node: what its operation makes of those of its result, or of its operands.
namespace tsum {

/// The gradient of what is asked for with respect to one tensor.
struct Cotangent {
  std::optional<Tensor> tensor; ///< nothing where it is 1 everywhere
  bool is_masked = false;       ///< see `Upstream`

  /// As a tensor of the dtype and shape of `of`.
  [[nodiscard]] Tensor like(const Node &of) const;
};

/// A node and what it was made of.
struct Made {
  Node::Ptr node;
  Node::Origin origin;
};

/// For each of the inputs, where `is_wanted`, the gradient with respect to it, if any passes.
/// \throws Error, naming it, for an operation without a rule.
[[nodiscard]] std::vector<std::optional<Cotangent>>
pull_back(const Made &made, const Cotangent &upstream, const std::vector<bool> &is_wanted);

/// The tangent of the node for those of its inputs, which have none where they do not change.
/// \throws Error likewise.
[[nodiscard]] std::optional<Tensor>
push_forward(const Made &made, const std::vector<std::optional<Tensor>> &tangents);

/// The derivative of `op`, an elementwise operation of one operand, at `x`, where it is `z`, by the
/// op table. Of floats, and of complex numbers where the operation is holomorphic.
[[nodiscard]] Tensor derivative_of(OpKind op, const Tensor &x, const Tensor &z);

} // namespace tsum
