// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CanonicalForm.h"

#include <functional>
#include <numeric>

namespace tsum::test {

/// 0, 1, 2, ... in row-major order.
inline Tensor iota(Shape shape) {
  const auto size = std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies());
  std::vector<std::int32_t> values(size);
  std::iota(values.begin(), values.end(), 0);
  return constant<std::int32_t>(values, std::move(shape));
}

/// The values of `tensor`, which its canonical graph must give as well.
inline std::vector<std::int32_t> evaluate(const Tensor &tensor) {
  std::vector<std::byte> direct = reference::evaluate(tensor);
  EXPECT_EQ(direct, evaluate_canonical(tensor)) << graph_to_string(tensor);
  return elements<std::int32_t>(direct);
}

} // namespace tsum::test
