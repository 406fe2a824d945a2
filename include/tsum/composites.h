// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/reductions.h"

#include <utility>

#pragma GCC visibility push(default)

namespace tsum {

// Made of the operations of the other headers, and fused like them. All take floats; f16 and bf16
// are computed in f32 and rounded once. They throw AxisError for axes that are out of range or
// given twice, DTypeError for other or mixed dtypes, ShapeError for shapes that do not broadcast.

/// exp(x) / sum(exp(x)) along `axes`, without overflow.
[[nodiscard]] Tensor softmax(const Tensor &x, const Axes &axes = -1, std::string_view name = {});

/// log(softmax(x)), without the logarithm of what was rounded to 0.
[[nodiscard]] Tensor log_softmax(const Tensor &x, const Axes &axes = -1,
                                 std::string_view name = {});

/// Mean and variance along `axes`. The variance takes a second pass over the data, so that it loses
/// nothing to cancellation; where both are evaluated together and the axes are innermost in memory,
/// that pass reads rows of up to 64 KB from cache.
[[nodiscard]] std::pair<Tensor, Tensor> moments(const Tensor &x, const Axes &axes = all_axes,
                                                bool keepdims = false);

/// (x - mean) / sqrt(variance + epsilon) along `axes`.
[[nodiscard]] Tensor standardize(const Tensor &x, const Axes &axes = -1, double epsilon = 0,
                                 std::string_view name = {});

/// `standardize(x, axes, epsilon) * scale + offset`; `scale` and `offset` broadcast to `x`.
[[nodiscard]] Tensor layer_norm(const Tensor &x, const std::optional<Tensor> &scale = {},
                                const std::optional<Tensor> &offset = {}, const Axes &axes = -1,
                                double epsilon = 1e-5, std::string_view name = {});

/// x / sqrt(mean(x^2) + epsilon) * scale along `axes`; `scale` broadcasts to `x`.
[[nodiscard]] Tensor rms_norm(const Tensor &x, const std::optional<Tensor> &scale = {},
                              const Axes &axes = -1, double epsilon = 1e-6,
                              std::string_view name = {});

/// What sums of products may be told by name, in braces behind the axes.
struct DotOptions {
  Accuracy accuracy = default_accuracy();
  std::string_view name = {};
};
struct SimilarityOptions {
  double epsilon = 1e-8;
  Accuracy accuracy = default_accuracy();
  std::string_view name = {};
};

/// The sum of x * y along `axes`, of two tensors of one dtype (any but boolean) that broadcast.
[[nodiscard]] Tensor dot(const Tensor &x, const Tensor &y, const Axes &axes = -1,
                         std::string_view name = {});
[[nodiscard]] Tensor dot(const Tensor &x, const Tensor &y, const Axes &axes,
                         const DotOptions &options);

/// dot(x, y) / max(|x| |y|, epsilon) along `axes`.
[[nodiscard]] Tensor cosine_similarity(const Tensor &x, const Tensor &y, const Axes &axes = -1,
                                       double epsilon = 1e-8, std::string_view name = {});
[[nodiscard]] Tensor cosine_similarity(const Tensor &x, const Tensor &y, const Axes &axes,
                                       const SimilarityOptions &options);

} // namespace tsum

#pragma GCC visibility pop
