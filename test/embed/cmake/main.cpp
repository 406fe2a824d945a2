// SPDX-License-Identifier: Apache-2.0
#include <tsum/npy.h>
#include <tsum/tsum.h>

#include <iostream>

int main() {
  tsum::Tensor x = tsum::constant({{3.0f, 4.0f}, {5.0f, 12.0f}});
  std::cout << sqrt(reduce_sum(square(x), 1)) << '\n';

  auto standardized = tsum::jit([](const tsum::Tensor &x) { return standardize(x); });
  std::cout << standardized(x) << '\n';

  // Exceptions cross the border of the library.
  try {
    (void)reduce_sum(x, 2);
  } catch (const tsum::AxisError &error) {
    std::cout << error.what() << '\n';
  }
  try {
    (void)tsum::load_npy("/no/such/file.npy");
  } catch (const tsum::FileError &error) {
    std::cout << "no such file\n";
  }
}
