// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Exact/Limbs.h"

#include <cstdint>

namespace tsum::exact {

/// How many elements vectors take side by side.
template <class T> inline constexpr std::int64_t vector_lanes = sizeof(T) == 4 ? 16 : 8;

/// Adds floats to limbs in vectors, block by block: where a window holds them, as compiled kernels
/// do (lib/Codegen/ExactWindow.h); any other f32 in levels of f64; and else one by one. A window
/// stays where it was for the blocks before.
template <class T> class Adder {
public:
  /// If the elements are probably `beyond` every window, f32 try none.
  explicit Adder(bool beyond = false);

  /// Adds `count` elements side by side to one sum.
  void add(Limbs<T> sum, const T *x, std::int64_t count);

  /// Adds `rows` of elements, each a `row` of elements behind the one before, column by column:
  /// those of each one to limbs that are a `step` of words behind those of the one before.
  void add_columns(std::int64_t *limbs, std::int64_t step, const T *x, std::int64_t rows,
                   std::int64_t columns, std::int64_t row);

private:
  bool tries_window;
  int window;
};

extern template class Adder<float>;
extern template class Adder<double>;

/// Whether floats may be subnormal: not if a host has told the processor to take such for zeros.
[[nodiscard]] bool keeps_subnormals();

} // namespace tsum::exact
