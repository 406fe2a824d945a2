// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"

#include "tsum/Graph/Strided.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace tsum::test {

/// Elements of all magnitudes and both signs, half of which cancel the other half but for what the
/// last ones leave.
template <class T> std::vector<T> ill_conditioned(std::size_t size) {
  std::mt19937_64 random(size);
  std::vector<T> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t mirrored = size - 1 - i;
    const double fraction = 1 + static_cast<double>(random() >> 12) * 0x1p-52;
    const int range = std::numeric_limits<T>::max_exponent - std::numeric_limits<T>::min_exponent +
                      std::numeric_limits<T>::digits;
    const int exponent = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits +
                         static_cast<int>(random() % static_cast<unsigned>(range));
    values[i] = mirrored < i && i % 8 != 0 ? static_cast<T>(-static_cast<double>(values[mirrored]))
                                           : static_cast<T>(std::ldexp(fraction, exponent));
  }
  std::ranges::shuffle(values, random);
  return values;
}

inline Tensor ill_conditioned_tensor(DType dtype, const Shape &shape,
                                     const Layout &layout = row_major) {
  Tensor sample = sample_tensor(dtype, shape, layout);
  visit_dtype(real_dtype(dtype), [&]<class T>(T) {
    if constexpr (FloatElement<T>) {
      const auto parts = static_cast<std::size_t>(size_of(dtype)) / sizeof(T);
      auto values = ill_conditioned<T>(static_cast<std::size_t>(sample.size()) * parts);
      const Storage &storage = *sample.node()->values();
      std::size_t next = 0;
      for_each_index<1>(shape, {storage.strides}, [&](const auto &offsets) {
        std::memcpy(const_cast<std::byte *>(storage.data) + offsets[0], &values[next],
                    parts * sizeof(T));
        next += parts;
      });
    }
  });
  return sample;
}

} // namespace tsum::test
