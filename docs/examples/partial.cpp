// SPDX-License-Identifier: Apache-2.0
#include <tsum/partial.h>
#include <tsum/tsum.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <vector>

using tsum::PartialReduction, tsum::PartOf, tsum::Tensor;

constexpr std::int64_t total = 100'000;

/// Some rows of data that nobody holds as a whole, as a piece of a file would be.
static Tensor rows(std::int64_t begin, std::int64_t end) {
  std::vector<float> values;
  for (std::int64_t i = 3 * begin; i < 3 * end; ++i)
    values.push_back(std::sin(0.001f * static_cast<float>(i)));
  return tsum::constant<float>(values, {end - begin, 3});
}

/// What `reduce` gives for all rows, which come in pieces.
template <class Reduce> static Tensor reduce_rows(const Reduce &reduce) {
  PartialReduction all(reduce(rows(0, 0)), PartOf{.axis = 0, .begin = 0, .extent = total});
  for (std::int64_t end = total; end > 0; end -= 7'001) { // in any order, cut anywhere
    const std::int64_t begin = std::max<std::int64_t>(0, end - 7'001);
    const PartialReduction piece(reduce(rows(begin, end)), {0, begin, total});
    const std::vector<std::byte> sent = piece.to_bytes(); // another process may have computed it
    all.merge(PartialReduction::from_bytes(sent));
  }
  return all.result();
}

int main() {
  const Tensor mean = reduce_rows([](const Tensor &x) { return reduce_sum(x, 0); }) / total;
  const Tensor variance =
      reduce_rows([&](const Tensor &x) { return reduce_sum(square(x - mean), 0); }) / total;
  const Tensor at_once = reduce_variance(rows(0, total), 0);
  eval(variance, at_once);
  const bool is_same = std::memcmp(variance.bytes(), at_once.bytes(), 3 * sizeof(float)) == 0;
  std::cout << variance << (is_same ? " is" : " is not") << " that of all rows at once\n";
}
