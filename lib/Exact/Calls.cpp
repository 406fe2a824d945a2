// SPDX-License-Identifier: Apache-2.0
#include "tsum/Exact/Calls.h"

#include "Loops.h"
#include "tsum/Exact/Add.h"
#include "tsum/Exact/Limbs.h"

#include <algorithm>
#include <array>
#include <atomic>

namespace tsum::exact {

namespace {

std::atomic<std::int64_t> added_elements;

/// Once for some results, since threads share the number.
void count_elements(std::int64_t count) {
  if (count > 0)
    added_elements.fetch_add(count, std::memory_order_relaxed);
}

template <class T> struct Window {
  static constexpr int fraction = std::numeric_limits<T>::digits - 1;
  static constexpr int bias = std::numeric_limits<T>::max_exponent - 1;

  /// The biased exponent of the lower level's M: that of the elements whose last bit is the unit.
  static int exponent(T magic) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    return static_cast<int>(std::bit_cast<Bits>(magic) >> fraction);
  }
};

void store(void *out, std::int64_t at, double value, Rounding rounding) {
  if (rounding == Rounding::Single)
    static_cast<float *>(out)[at] = static_cast<float>(value);
  else
    static_cast<double *>(out)[at] = value;
}

template <class T> struct Functions {
  using Sum = Limbs<T>;

  // What kernels hand over is beyond their windows.

  static void add(std::int64_t *limbs, const T *begin, const T *end, std::int64_t lanes,
                  std::int64_t step) {
    Adder<T> adder(/*beyond=*/true);
    if (step == 0)
      adder.add(Sum(limbs), begin, end - begin);
    else
      adder.add_columns(limbs, step, begin, (end - begin) / lanes, lanes, lanes);
  }

  static void sum(const T *x, void *out, std::int64_t results, std::int64_t elements,
                  std::int64_t step, std::int64_t result_step, std::int64_t divisor,
                  std::int64_t rounding) {
    const auto as = static_cast<Rounding>(rounding);
    constexpr std::int64_t most = FewElements<T>::results;
    // A single result leaves most lanes empty, and elements far apart are read one by one.
    const std::int64_t most_elements = results == 1 ? 16 : result_step == 1 ? 128 : 64;
    const bool is_odd = as != Rounding::Double;
    const bool can_divide = sizeof(T) == 4 && is_odd && divisor <= std::int64_t{1} << 24;
    const bool are_few = elements <= std::min<std::int64_t>(most_elements, FewElements<T>::most) &&
                         (divisor == 1 || can_divide) && keeps_subnormals();
    for (std::int64_t first = 0; first < results; first += most) {
      const std::int64_t count = std::min(most, results - first);
      const T *from = x + first * result_step;
      double sums[most];
      if (!are_few || !loops().of<T>().sum_few({from, elements, step, result_step},
                                               static_cast<int>(count), is_odd, divisor, sums))
        sum_in_limbs(from, sums, count, elements, step, result_step, divisor, as);
      for (std::int64_t n = 0; n < count; ++n)
        store(out, first + n, sums[n], as);
    }
    count_elements(results * elements);
  }

  static void add_fixed(std::int64_t *limbs, const std::int64_t *sums, const T *magic,
                        std::int64_t count, std::int64_t step, std::int64_t levels,
                        std::int64_t level_step, std::int64_t magic_step) {
    for (std::int64_t n = 0; n < count; ++n) {
      std::int64_t power = Window<T>::exponent(magic[n * magic_step]) - 1;
      for (std::int64_t level = levels; level-- > 0; power += Window<T>::fraction)
        Sum(limbs + n * step).add_fixed(sums[level * level_step + n], power);
    }
  }

  static void round(std::int64_t *limbs, void *out, std::int64_t count, std::int64_t divisor,
                    std::int64_t rounding) {
    const auto as = static_cast<Rounding>(rounding);
    std::int64_t elements = 0;
    for (std::int64_t n = 0; n < count; ++n) {
      Sum sum(limbs + n * Sum::words);
      store(out, n, sum.round(divisor, as), as);
      elements += sum.elements();
    }
    count_elements(elements);
  }

  static void round_fixed(const std::int64_t *sums, const T *magic, void *out, std::int64_t count,
                          std::int64_t levels, std::int64_t level_step, std::int64_t magic_step,
                          std::int64_t divisor, std::int64_t rounding) {
    const auto as = static_cast<Rounding>(rounding);
    for (std::int64_t n = 0; n < count; ++n) {
      Int128 sum = 0;
      for (std::int64_t level = 0; level < levels; ++level)
        sum = (sum << Window<T>::fraction) + sums[level * level_step + n];
      const int unit =
          Window<T>::exponent(magic[n * magic_step]) - Window<T>::bias - Window<T>::fraction;
      const double value =
          exact::round(static_cast<UInt128>(sum < 0 ? -sum : sum), unit, divisor, as);
      store(out, n, sum < 0 ? -value : value, as);
    }
  }

  static void sum_in_limbs(const T *x, double *out, std::int64_t results, std::int64_t elements,
                           std::int64_t step, std::int64_t result_step, std::int64_t divisor,
                           Rounding rounding) {
    constexpr std::int64_t most = FewElements<T>::results;
    std::int64_t limbs[most * Sum::words];
    std::fill_n(limbs, results * Sum::words, 0);
    Adder<T> adder(/*beyond=*/true);
    if (result_step == 1 && elements > FewElements<T>::most)
      adder.add_columns(limbs, Sum::words, x, elements, results, step);
    else
      for (std::int64_t n = 0; n < results; ++n)
        if (Sum sum(limbs + n * Sum::words); step == 1)
          adder.add(sum, x + n * result_step, elements);
        else
          sum.add(x + n * result_step, elements, step);
    for (std::int64_t n = 0; n < results; ++n)
      out[n] = Sum(limbs + n * Sum::words).round(divisor, rounding);
  }

  static void store_node(std::int64_t *limbs, std::int64_t *node) {
    count_elements(Sum(limbs).elements());
    Sum(limbs).store(std::span<std::int64_t, Sum::node_words>(node, Sum::node_words));
  }

  static void add_node(std::int64_t *limbs, const std::int64_t *node) {
    Sum(limbs).add(std::span<const std::int64_t, Sum::node_words>(node, Sum::node_words));
  }
};

} // namespace

// By their names, for what `tsum-compile` writes and a linker resolves.
#define TSUM_EXACT_FUNCTION(SYMBOL, NAME, PARAMETERS, ARGUMENTS)                                   \
  extern "C" [[gnu::visibility("default")]] void SYMBOL PARAMETERS { Functions<T>::NAME ARGUMENTS; }

namespace single {
using T = float;
#define TSUM_EXACT_CALL(NAME, PARAMETERS, ARGUMENTS)                                               \
  TSUM_EXACT_FUNCTION(tsum_exact_##NAME##_f32, NAME, PARAMETERS, ARGUMENTS)
#include "tsum/Exact/Calls.def"
} // namespace single

namespace twice {
using T = double;
#define TSUM_EXACT_CALL(NAME, PARAMETERS, ARGUMENTS)                                               \
  TSUM_EXACT_FUNCTION(tsum_exact_##NAME##_f64, NAME, PARAMETERS, ARGUMENTS)
#include "tsum/Exact/Calls.def"
} // namespace twice

std::int64_t elements_in_limbs() { return added_elements.load(std::memory_order_relaxed); }

std::span<const Call> calls() {
  static const std::array table = {
#define TSUM_EXACT_CALL(NAME, PARAMETERS, ARGUMENTS)                                               \
  Call{"tsum_exact_" #NAME "_f32", reinterpret_cast<void *>(&single::tsum_exact_##NAME##_f32)},    \
      Call{"tsum_exact_" #NAME "_f64", reinterpret_cast<void *>(&twice::tsum_exact_##NAME##_f64)},
#include "tsum/Exact/Calls.def"
  };
  return table;
}

} // namespace tsum::exact
