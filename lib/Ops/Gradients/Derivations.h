// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Rules.h"

#include "tsum/gradients.h"

/// Both modes of differentiation: over the nodes behind some tensors, each once.
namespace tsum {

/// What an evaluated tensor is whose graph is gone.
enum class LostGraphs : std::uint8_t {
  Refused,  ///< an error: nobody can tell whether it depends on what is asked for
  Constants ///< whoever recorded all that does, knows that it does not
};

/// See `connected_gradients`. Looks no further than `boundary`: for who knows that there is nothing
/// behind it, so that a part of a graph takes the time of that part.
[[nodiscard]] std::vector<std::optional<Tensor>>
reverse(std::span<const Tensor> ys, std::span<const Tensor> xs,
        std::span<const std::optional<Operand>> upstreams, LostGraphs lost,
        std::span<const Tensor> boundary = {});

/// See `jvp`; nothing for one of `ys` that does not depend on `xs`.
[[nodiscard]] std::vector<std::optional<Tensor>> forward(std::span<const Tensor> ys,
                                                         std::span<const Tensor> xs,
                                                         std::span<const Tensor> tangents,
                                                         LostGraphs lost);

/// Those that are `found`, evaluated as `options` say.
/// \throws Error for a bound below 0.
[[nodiscard]] std::vector<std::optional<Tensor>>
within_memory(std::vector<std::optional<Tensor>> found, const GradientOptions &options);

/// Those that are `found`, and zeros for others.
[[nodiscard]] std::vector<Tensor> with_zeros(std::span<const std::optional<Tensor>> found,
                                             std::span<const Tensor> like);

/// Whether `y` depends on one of `xs`, or is one of them.
[[nodiscard]] bool depends_on(const Tensor &y, std::span<const Tensor> xs);

/// \throws DTypeError, naming `op` and `which`, for what has no derivative.
void check_differentiable(std::string_view op, std::string_view which, const Tensor &x);

} // namespace tsum
