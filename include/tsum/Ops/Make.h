// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"
#include "tsum/reductions.h"

/// Tensors by what their nodes are made of, for which the public API has other words or none.
namespace tsum {

/// The numbers that count along the dimensions of `shape`: first + the sum of index * step. The
/// dtype holds them all.
[[nodiscard]] Tensor make_iota(DType dtype, Shape shape, std::int64_t first,
                               std::vector<std::int64_t> steps);

/// The elements of `input` from `starts` on in `steps`, as many as `shape` has, all of which are
/// there.
[[nodiscard]] Tensor make_slice(const Tensor &input, std::vector<std::int64_t> starts,
                                std::vector<std::int64_t> steps, Shape shape,
                                std::string_view name = {});

/// The exact sum of `input`, floats, over `axes`, divided by `divisor` and rounded once to `dtype`,
/// a float that may be narrower or wider.
/// \throws Error if the divisor is not in 1..`largest_divisor`, AxisError as all reductions.
[[nodiscard]] Tensor make_exact_sum(const Tensor &input, const Axes &axes, bool keepdims,
                                    std::int64_t divisor, DType dtype, std::string_view name = {});

/// Number `part` of the nodes that `reduction`, a sum or product of floats over more than extents
/// of 1 that is not evaluated, rounds to its results (tsum/Graph/SummationTree.h). Both numbers of
/// a pair are to be evaluated together: one loop gives them.
[[nodiscard]] Tensor make_node_part(const Tensor &reduction, int part);

/// `fresh`, which was just built and which nobody else has, with its gradient with respect to
/// `inputs` by a rule of its own: where that of the operations it is made of is worse, or longer.
[[nodiscard]] Tensor with_rule(Tensor fresh, const std::vector<Tensor> &inputs, GradientRule rule);

/// For such rules: the gradient of `y`, which was just made of `x`, without a look at what `x` was
/// made of.
[[nodiscard]] Tensor gradient_up_to(const Tensor &x, const Tensor &y, const Tensor &upstream);

/// `data`, which was just made and which nobody else has, where gradients go on to `from`: a tensor
/// of the same values.
[[nodiscard]] Tensor derived_from(const Tensor &from, Tensor data);

/// "standard" or "exact". \throws Error, naming `op`, for another.
[[nodiscard]] Accuracy accuracy_named(std::string_view op, std::string_view name);

/// Has `default_accuracy` ask what the program that tsum is part of says, which may be nothing.
void set_accuracy_of_host(std::optional<Accuracy> (*ask)());

} // namespace tsum
