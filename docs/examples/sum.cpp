// SPDX-License-Identifier: Apache-2.0
#include <tsum/tsum.h>

#include <iostream>
#include <vector>

int main() {
  // Six numbers that belong to the program; tsum reads them where they are.
  const std::vector<float> data = {1, 2, 3, 4, 5, 6};
  tsum::Tensor x = tsum::borrow(data.data(), {2, 3});

  tsum::Tensor rows = reduce_sum(x, 1);                        // [2]
  tsum::Tensor columns = reduce_sum(x, 0, /*keepdims=*/true);  // [1,3]
  std::cout << graph_to_string(rows) << '\n';                  // nothing is computed yet
  std::cout << rows << '\n' << columns << '\n';                // now it is
  std::cout << "all: " << reduce_sum(x).item<float>() << '\n'; // a scalar as a C++ number

  try {
    (void)reduce_sum(x, 2);
  } catch (const tsum::Error &error) { // where the graph is built, not where it runs
    std::cout << error.what() << '\n';
  }
}
