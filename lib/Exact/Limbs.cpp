// SPDX-License-Identifier: Apache-2.0
#include "tsum/Exact/Limbs.h"

#include <algorithm>
#include <array>

namespace tsum::exact {

static int leading_zeros(UInt128 x) {
  const auto high = static_cast<std::uint64_t>(x >> 64);
  return high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(x));
}

/// `number` * 2^`exponent` without an intermediate infinity or zero.
static double scale(double number, int exponent) {
  const int half = exponent / 2;
  auto power = [](int n) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(1023 + n) << 52);
  };
  return number * power(half) * power(exponent - half);
}

/// The number `magnitude` * 2^`unit`, and something of less than 2^`unit` if there `is_more`,
/// rounded.
static double round_sticky(UInt128 magnitude, int unit, bool is_more, Rounding rounding) {
  if (magnitude == 0)
    return is_more && rounding != Rounding::Double ? std::numeric_limits<double>::denorm_min() : 0;
  // The last bit that is kept: of 53, or the smallest of all.
  constexpr int digits = 53, smallest = -1074;
  const int length = 128 - leading_zeros(magnitude);
  const int dropped = std::max(std::max(length - digits, smallest - unit), 0);
  if (dropped >= 128) // less than half of the smallest
    return rounding == Rounding::Double ? 0 : std::numeric_limits<double>::denorm_min();
  auto kept = static_cast<std::uint64_t>(magnitude >> dropped);
  const UInt128 rest = magnitude & ((UInt128{1} << dropped) - 1);
  if (rounding != Rounding::Double) {
    kept |= rest != 0 || is_more ? 1 : 0;
  } else if (dropped > 0) {
    const UInt128 half = UInt128{1} << (dropped - 1);
    if (rest > half || (rest == half && (is_more || (kept & 1))))
      ++kept;
  }
  return scale(static_cast<double>(kept), unit + dropped);
}

/// The next digit of a quotient, of `number`, which is less than 2^32 `by`. A function of the
/// compiler's divides 128 bits, slowly.
static UInt128 next_digit(UInt128 number, std::uint64_t by, std::uint64_t &remainder) {
  if (number >> 64 != 0) {
    remainder = static_cast<std::uint64_t>(number % by);
    return number / by;
  }
  const auto low = static_cast<std::uint64_t>(number);
  remainder = low % by;
  return low / by;
}

double round(UInt128 magnitude, int unit, std::int64_t divisor, Rounding rounding) {
  if (divisor == 1 || magnitude == 0)
    return round_sticky(magnitude, unit, /*is_more=*/false, rounding);
  // As many bits as there are, of which the divisor leaves more than 64.
  const int zeros = leading_zeros(magnitude);
  magnitude <<= zeros;
  const auto by = static_cast<std::uint64_t>(divisor);
  UInt128 quotient = static_cast<std::uint64_t>(magnitude >> 64) / by;
  std::uint64_t remainder = static_cast<std::uint64_t>(magnitude >> 64) % by;
  for (const int shift : {32, 0}) {
    const auto digit = static_cast<std::uint32_t>(magnitude >> shift);
    quotient =
        (quotient << 32) + next_digit(static_cast<UInt128>(remainder) << 32 | digit, by, remainder);
  }
  return round_sticky(quotient, unit - zeros, remainder != 0, rounding);
}

template <class T> double Limbs<T>::round(std::int64_t divisor, Rounding rounding) {
  if (non_finite() != 0) // or NaN
    return non_finite();
  carry();
  return divisor == 1 ? round_sum(rounding) : round_quotient(divisor, rounding);
}

template <class T> double Limbs<T>::round_sum(Rounding rounding) const {
  // From the first limb that says more than the sign: as many as fit, and whether there are others.
  const std::int64_t sign = words_of_sum[limbs - 1] >> 63;
  std::int64_t top = limbs - 1;
  if (words_of_sum[top] == sign)
    for (--top; top > 0 && words_of_sum[top] == (sign & mask);)
      --top;
  Int128 leading = top == limbs - 1 ? words_of_sum[top] : words_of_sum[top] - (sign & mask) + sign;
  const std::int64_t last = std::max<std::int64_t>(0, top - 2);
  while (top > last)
    leading = (leading << 32) + words_of_sum[--top];
  bool is_more = false;
  for (std::int64_t n = 0; n < last && !is_more; ++n)
    is_more = words_of_sum[n] != 0;
  // What is more points up; of the magnitude of a negative number it is something less.
  const auto magnitude = static_cast<UInt128>(sign ? -leading - is_more : leading);
  const double result =
      round_sticky(magnitude, smallest + 32 * static_cast<int>(last), is_more, rounding);
  return sign ? -result : result;
}

template <class T> double Limbs<T>::round_quotient(std::int64_t divisor, Rounding rounding) const {
  // The digits of the magnitude, and some of a fraction.
  constexpr std::size_t fractions = 4;
  std::array<std::uint64_t, limbs + fractions> digits{};
  const bool is_negative = words_of_sum[limbs - 1] < 0;
  std::int64_t carried = 0;
  for (std::int64_t n = 0; n < limbs; ++n) {
    const std::int64_t limb = (is_negative ? -words_of_sum[n] : words_of_sum[n]) + carried;
    const bool is_last = n + 1 == limbs; // which may have more than 32 bits
    digits[fractions + static_cast<std::size_t>(n)] =
        static_cast<std::uint64_t>(is_last ? limb : limb & mask);
    carried = limb >> 32;
  }
  std::size_t top = digits.size();
  while (top > 0 && digits[top - 1] == 0)
    --top;
  if (top == 0)
    return 0;
  // Long division. The first digits of the quotient, and whether anything follows.
  UInt128 quotient = 0;
  std::uint64_t remainder = 0;
  const auto by = static_cast<std::uint64_t>(divisor);
  std::size_t at = top;
  while (at > 0 && quotient >> 64 == 0) {
    const UInt128 dividend = (static_cast<UInt128>(remainder) << 32) + digits[--at];
    quotient = (quotient << 32) + next_digit(dividend, by, remainder);
  }
  bool is_more = remainder != 0;
  for (std::size_t n = 0; n < at && !is_more; ++n)
    is_more = digits[n] != 0;
  const int unit = smallest + 32 * (static_cast<int>(at) - static_cast<int>(fractions));
  const double magnitude = round_sticky(quotient, unit, is_more, rounding);
  return is_negative ? -magnitude : magnitude;
}

template <class T> void Limbs<T>::store(std::span<std::int64_t, node_words> node) {
  carry();
  std::ranges::fill(node, 0);
  for (std::int64_t n = 0; n + 1 < limbs; ++n) {
    auto &word = node[static_cast<std::size_t>(n / 2)];
    word = static_cast<std::int64_t>(static_cast<std::uint64_t>(word) |
                                     static_cast<std::uint64_t>(words_of_sum[n]) << n % 2 * 32);
  }
  node[node_words - 2] = words_of_sum[limbs - 1];
  node[node_words - 1] = words_of_sum[limbs];
}

template <class T> void Limbs<T>::add(std::span<const std::int64_t, node_words> node) {
  for (std::int64_t n = 0; n + 1 < limbs; ++n)
    words_of_sum[n] += static_cast<std::int64_t>(
        static_cast<std::uint64_t>(node[static_cast<std::size_t>(n / 2)]) >> n % 2 * 32 & mask);
  words_of_sum[limbs - 1] += node[node_words - 2];
  set_non_finite(non_finite() + std::bit_cast<double>(node[node_words - 1]));
  count(1);
}

template class Limbs<float>;
template class Limbs<double>;

} // namespace tsum::exact
