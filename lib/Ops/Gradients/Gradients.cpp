// SPDX-License-Identifier: Apache-2.0
#include "tsum/gradients.h"

#include "../Build.h"
#include "Derivations.h"

#include "tsum/Graph/Recording.h"
#include "tsum/shapes.h"

namespace tsum {

static Tensor zeros_like(const Tensor &x) {
  if (is_complex(x))
    return complex(zeros_like(real(x)), zeros_like(imag(x)));
  return broadcast_to(to_tensor("gradients", 0, x.dtype()), shape_of(x));
}

std::vector<Tensor> with_zeros(std::span<const std::optional<Tensor>> found,
                               std::span<const Tensor> like) {
  std::vector<Tensor> results;
  for (std::size_t n = 0; n < found.size(); ++n)
    results.push_back(found[n] ? *found[n] : zeros_like(like[n]));
  return results;
}

/// The value of `x`, whose evaluation is bounded. What has values, or needs no operation, costs
/// none.
static Tensor within_memory(const Tensor &x, std::int64_t bytes) {
  if (is_complex(x))
    return map_parts(x, {}, [&](const Tensor &part) { return within_memory(part, bytes); });
  const Node::Ptr &of = x.node();
  if (of->op == OpKind::Constant || of->values() || (of->memory >= 0 && of->memory <= bytes))
    return x;
  auto node = std::make_shared<Node>(OpKind::BroadcastTo, x.dtype(), shape_of(x), std::vector{of});
  node->memory = bytes;
  Recording::note(node);
  return Tensor(std::move(node));
}

std::vector<std::optional<Tensor>> within_memory(std::vector<std::optional<Tensor>> found,
                                                 const GradientOptions &options) {
  if (!options.memory)
    return found;
  if (*options.memory < 0)
    throw Error("gradients: memory is " + std::to_string(*options.memory) +
                " bytes (0 or more, or nothing for no bound)");
  for (std::optional<Tensor> &gradient : found)
    if (gradient)
      gradient = within_memory(*gradient, *options.memory);
  return found;
}

std::vector<Tensor> gradients(const Tensor &y, std::span<const Tensor> xs,
                              const std::optional<Operand> &upstream,
                              const GradientOptions &options) {
  return with_zeros(connected_gradients({&y, 1}, xs, {&upstream, 1}, options), xs);
}

std::vector<std::optional<Tensor>>
connected_gradients(std::span<const Tensor> ys, std::span<const Tensor> xs,
                    std::span<const std::optional<Operand>> upstreams,
                    const GradientOptions &options) {
  return within_memory(reverse(ys, xs, upstreams, LostGraphs::Refused), options);
}

Tensor gradient_up_to(const Tensor &x, const Tensor &y, const Tensor &upstream) {
  const std::optional<Operand> given = upstream;
  return with_zeros(reverse({&y, 1}, {&x, 1}, {&given, 1}, LostGraphs::Constants, {&x, 1}), {&x, 1})
      .front();
}

std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs,
                        std::span<const Tensor> tangents) {
  return with_zeros(forward(ys, xs, tangents, LostGraphs::Refused), ys);
}

Tensor stop_gradient(const Tensor &x, std::string_view name) {
  if (is_complex(x))
    return map_parts(x, name, [](const Tensor &part) { return stop_gradient(part); });
  auto node =
      std::make_shared<Node>(OpKind::BroadcastTo, x.dtype(), shape_of(x), std::vector{x.node()});
  node->name = name;
  node->stops_gradient = true;
  return Tensor(std::move(node));
}

} // namespace tsum
