// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace tsum::exact {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// Which float an exact sum is rounded to. What is rounded again afterwards, to f32, f16 or bf16,
/// is rounded to odd first, so that both together give what rounding once does (Boldo and
/// Melquiond, 2008).
enum class Rounding : std::int8_t { Single, Double, DoubleToOdd };

/// The exact sum of elements of `T`, float or double, in `words` words of memory that is kept
/// elsewhere; all zeros are the sum of nothing.
///
/// A sum is a whole number of the smallest positive `T`, in limbs of 64 bits of which limb i counts
/// by 2^(32 i) (Neal, Fast exact summation using small and large superaccumulators, 2015). What is
/// added goes to two or three limbs in parts of 32 bits, so that a limb takes very many before
/// `carry` hands on what is beyond 32 bits. Infinities and NaNs are added up beside that, as
/// floats, and are the sum if there are any.
template <class T> class Limbs {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  static constexpr int fraction = Limits::digits - 1;
  static constexpr std::int64_t mask = 0xffffffff;
  /// The logarithm of the smallest positive number.
  static constexpr int smallest = Limits::min_exponent - Limits::digits;

public:
  /// Enough for 2^63 of the largest elements, and a sign.
  static constexpr std::int64_t limbs =
      (Limits::max_exponent - Limits::min_exponent + Limits::digits + 63 + 1 + 31) / 32;
  /// Those, the sum of infinities and NaNs, and how many additions and elements there were, in
  /// whole cache lines.
  static constexpr std::int64_t words = (limbs + 3 + 7) / 8 * 8;
  /// Of a sum that others take: two limbs each, after `carry`, then the last one, which has the
  /// sign, and the sum of infinities and NaNs.
  static constexpr std::int64_t node_words = limbs / 2 + 2;

  explicit Limbs(std::int64_t *memory) : words_of_sum(memory) {}

  void add(T x) { add(&x, 1); }

  /// Adds `size` of them, each a `step` behind the one before.
  void add(const T *x, std::int64_t size, std::int64_t step = 1) {
    elements() += size;
    while (size > 0) {
      const std::int64_t some = std::min(size, most_additions / element_additions);
      for (std::int64_t n = 0; n < some; ++n)
        add_uncounted(x[n * step]);
      count(some * element_additions);
      x += some * step;
      size -= some;
    }
  }

  /// How many elements were added.
  [[nodiscard]] std::int64_t &elements() const { return words_of_sum[limbs + 2]; }

  /// Adds `number` * 2^`power` smallest numbers.
  void add_fixed(std::int64_t number, std::int64_t power) {
    add_parts(number, power);
    count(1);
  }

  void add(const Limbs &other) {
    for (std::int64_t n = 0; n < limbs; ++n)
      words_of_sum[n] += other.words_of_sum[n];
    set_non_finite(non_finite() + other.non_finite());
    count(other.additions() + 1);
  }

  /// Hands on what is beyond 32 bits of all limbs but the last.
  void carry() {
    additions() = 0;
    for (std::int64_t n = 0; n + 1 < limbs; ++n) {
      words_of_sum[n + 1] += words_of_sum[n] >> 32;
      words_of_sum[n] &= mask;
    }
  }

  // What there is after `carry`: all limbs but the last are below 2^32, and that has the sign.

  [[nodiscard]] std::int64_t &limb(std::int64_t n) { return words_of_sum[n]; }
  /// The sum of infinities and NaNs.
  [[nodiscard]] double non_finite() const { return std::bit_cast<double>(words_of_sum[limbs]); }
  void set_non_finite(double x) { words_of_sum[limbs] = std::bit_cast<std::int64_t>(x); }

  /// The sum divided by `divisor`, at most 2^47, and rounded.
  [[nodiscard]] double round(std::int64_t divisor, Rounding rounding);

  void store(std::span<std::int64_t, node_words> node);
  void add(std::span<const std::int64_t, node_words> node);

private:
  /// Parts of up to 32 bits. An element's upper part has more if it is an f64, which is as many.
  static constexpr std::int64_t most_additions = std::int64_t{1} << 29;
  static constexpr std::int64_t element_additions = std::int64_t{1}
                                                    << std::max(0, Limits::digits - 32);

  void count(std::int64_t added) {
    additions() += added;
    if (additions() >= most_additions) [[unlikely]]
      carry();
  }

  void add_uncounted(T x) {
    const Bits bits = std::bit_cast<Bits>(x);
    const Bits exponent = bits >> fraction & (Limits::max_exponent * 2 - 1);
    if (exponent == Limits::max_exponent * 2 - 1) [[unlikely]] {
      set_non_finite(non_finite() + static_cast<double>(x));
      return;
    }
    const Bits is_normal = exponent != 0;
    const auto magnitude =
        static_cast<std::int64_t>((bits & ((Bits{1} << fraction) - 1)) | is_normal << fraction);
    const std::int64_t sign = -static_cast<std::int64_t>(bits >> (8 * sizeof(T) - 1));
    const std::int64_t number = (magnitude ^ sign) - sign;
    const auto power = static_cast<std::int64_t>(exponent - is_normal);
    std::int64_t *limb = words_of_sum + power / 32;
    limb[0] += static_cast<std::int64_t>(static_cast<std::uint64_t>(number) << power % 32) & mask;
    limb[1] += number >> (32 - power % 32);
  }

  void add_parts(std::int64_t number, std::int64_t power) {
    std::int64_t *limb = words_of_sum + power / 32;
    const Int128 shifted = static_cast<Int128>(number) << power % 32;
    limb[0] += static_cast<std::int64_t>(shifted & mask);
    limb[1] += static_cast<std::int64_t>(shifted >> 32 & mask);
    limb[2] += static_cast<std::int64_t>(shifted >> 64);
  }

  [[nodiscard]] double round_sum(Rounding rounding) const;
  [[nodiscard]] double round_quotient(std::int64_t divisor, Rounding rounding) const;

  [[nodiscard]] std::int64_t &additions() const { return words_of_sum[limbs + 1]; }

  std::int64_t *words_of_sum;
};

/// The number `magnitude` * 2^`unit` over `divisor`, rounded: as `Rounding::Single`, to odd.
[[nodiscard]] double round(UInt128 magnitude, int unit, std::int64_t divisor, Rounding rounding);

extern template class Limbs<float>;
extern template class Limbs<double>;

} // namespace tsum::exact
