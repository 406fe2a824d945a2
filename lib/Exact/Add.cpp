// SPDX-License-Identifier: Apache-2.0
#include "tsum/Exact/Add.h"

#include "Loops.h"

#include <algorithm>
#include <limits>

namespace tsum::exact {

bool keeps_subnormals() {
  // Neither read nor made.
  const volatile float single = std::numeric_limits<float>::denorm_min();
  const volatile double smallest = std::numeric_limits<double>::min();
  return static_cast<double>(single) != 0 && smallest * 0.5 != 0;
}

template <class T>
Adder<T>::Adder(bool beyond) : tries_window(!beyond || sizeof(T) == 8), window(first_window<T>) {}

/// Whether vectors hold the elements; then what they add up to is in `out`.
template <class T>
static bool add_block(Vectors<T> elements, bool tries_window, int &window, Fixed<T> &out) {
  const LoopsOf<T> &best = loops().of<T>();
  return (tries_window && best.add_within(elements, window, out)) ||
         (keeps_subnormals() && best.add_any(elements, out));
}

template <class T>
static void add_level(Limbs<T> sum, const Fixed<T> &fixed, int level, std::int64_t number) {
  if (number != 0) // the highest level may lie above all limbs
    sum.add_fixed(number, fixed.power + level * fixed.step);
}

template <class T> void Adder<T>::add(Limbs<T> sum, const T *x, std::int64_t count) {
  constexpr std::int64_t lanes = vector_lanes<T>, fewest = 4 * lanes;
  while (count >= fewest) {
    const Vectors<T> block{x, std::min(Vectors<T>::most, count / lanes), lanes};
    const std::int64_t size = block.count * lanes;
    Fixed<T> fixed;
    if (add_block(block, tries_window, window, fixed)) {
      for (int level = 0; level < fixed.levels; ++level) {
        std::int64_t number = 0;
        for (std::int64_t of_lane : fixed.sums[level])
          number += of_lane;
        add_level(sum, fixed, level, number);
      }
      sum.elements() += size;
    } else {
      sum.add(x, size);
    }
    x += size;
    count -= size;
  }
  sum.add(x, count);
}

template <class T>
void Adder<T>::add_columns(std::int64_t *limbs, std::int64_t step, const T *x, std::int64_t rows,
                           std::int64_t columns, std::int64_t row) {
  constexpr std::int64_t lanes = vector_lanes<T>;
  static_assert(lanes == Fixed<T>::lanes);
  T copy[Vectors<T>::most * lanes];
  for (; columns > 0; columns -= lanes, x += lanes, limbs += lanes * step) {
    const std::int64_t width = std::min(lanes, columns);
    for (std::int64_t begin = 0; begin < rows; begin += Vectors<T>::most) {
      Vectors<T> block{x + begin * row, std::min(Vectors<T>::most, rows - begin), row};
      if (width < lanes) { // with zeros behind
        for (std::int64_t n = 0; n < block.count; ++n) {
          std::copy_n(block.first + n * row, width, copy + n * lanes);
          std::fill_n(copy + n * lanes + width, lanes - width, T(0));
        }
        block.first = copy;
        block.step = lanes;
      }
      Fixed<T> fixed;
      const bool is_held = add_block(block, tries_window, window, fixed);
      for (std::int64_t n = 0; n < width; ++n) {
        Limbs<T> sum(limbs + n * step);
        if (!is_held) {
          sum.add(block.first + n, block.count, block.step);
          continue;
        }
        for (int level = 0; level < fixed.levels; ++level)
          add_level(sum, fixed, level, fixed.sums[level][n]);
        sum.elements() += block.count;
      }
    }
  }
}

template class Adder<float>;
template class Adder<double>;

} // namespace tsum::exact
