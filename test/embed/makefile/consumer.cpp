// SPDX-License-Identifier: Apache-2.0
#include <tsum/tsum.h>

#include <array>
#include <iostream>

int main() {
  tsum::Tensor x = tsum::input(tsum::DType::f64, {2, 3});
  tsum::Function sums = tsum::compile({x}, {reduce_sum(x, 0), reduce_max(x)});

  const std::array<double, 6> data = {1, 2, 3, 4, 5, 6};
  std::array<double, 3> columns{};
  double largest = 0;
  sums(std::array<const void *, 1>{data.data()}, std::array<void *, 2>{columns.data(), &largest});
  std::cout << columns[0] << ' ' << columns[1] << ' ' << columns[2] << ' ' << largest << '\n';
}
