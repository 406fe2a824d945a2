// SPDX-License-Identifier: Apache-2.0
#include <tsum/tsum.h>

#include <iostream>

int main() {
  tsum::Tensor x = tsum::constant({{3.0f, 4.0f}, {5.0f, 12.0f}});
  tsum::Tensor norms = sqrt(reduce_sum(square(x), /*axes=*/1)); // builds a graph, computes nothing
  std::cout << norms << '\n';                                   // compiles one kernel and runs it
}
