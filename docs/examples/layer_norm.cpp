// SPDX-License-Identifier: Apache-2.0
#include <tsum/tsum.h>

#include <array>
#include <iostream>
#include <vector>

using tsum::Tensor;

/// Each row less its mean, divided by its standard deviation: what `tsum::layer_norm` is.
static Tensor normalized(const Tensor &x) {
  Tensor centred = x - reduce_mean(x, -1, /*keepdims=*/true);
  Tensor variance = reduce_mean(square(centred), -1, /*keepdims=*/true);
  return centred * rsqrt(variance + 1e-5);
}

int main() {
  const std::vector<float> data = {1, 2, 3, 4, 10, 20, 30, 40};
  std::cout << normalized(tsum::borrow(data.data(), {2, 4})) << '\n';

  // Compiled once and called with other data, straight into the program's memory.
  Tensor x = tsum::input(tsum::DType::f32, {2, 4});
  tsum::Function normalize = tsum::compile({x}, {normalized(x)});
  std::array<float, 8> result{};
  normalize(std::array<const void *, 1>{data.data()}, std::array<void *, 1>{result.data()});
  std::cout << result[0] << " to " << result[3] << '\n';
}
