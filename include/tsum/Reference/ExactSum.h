// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/dtype.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

namespace tsum::reference {

/// The exact sum of floats: a number of 2^-1074 in two's complement, long enough for 2^80 of the
/// largest elements.
class ExactSum {
public:
  void add(double x) {
    if (!std::isfinite(x)) {
      add_non_finite(x);
      return;
    }
    int exponent = 0;
    auto significand = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &exponent), 53));
    // Of a subnormal number the last bits are 0.
    for (exponent += 1074 - 53; exponent < 0; ++exponent)
      significand /= 2;
    add_shifted(significand, exponent);
  }

  /// Adds an infinity or NaN.
  void add_non_finite(double x) { non_finite += x; }

  /// Adds `number` * 2^(`shift` - 1074).
  void add_shifted(std::int64_t number, int shift) {
    std::int64_t carry = 0;
    int within = shift % 32;
    auto at = static_cast<std::size_t>(shift / 32);
    for (; at < digits.size() && (number != 0 || carry != 0); ++at) {
      // So much of the number as goes into this digit, with the sign of the number.
      const std::int64_t size = std::int64_t{1} << (32 - within);
      const std::int64_t low = number % size;
      number = (number - low) / size;
      carry += digits[at] + low * (std::int64_t{1} << within);
      digits[at] = static_cast<std::uint32_t>(carry);
      carry = (carry - digits[at]) / (std::int64_t{1} << 32);
      within = 0;
    }
  }

  /// The sum over `divisor`, which is positive, rounded to T, to nearest even.
  template <class T> [[nodiscard]] T result(std::int64_t divisor = 1) const {
    using Limits = std::numeric_limits<T>;
    if (non_finite != 0)
      return static_cast<T>(non_finite);
    ExactSum magnitude = *this;
    const bool is_negative = bit(bits - 1);
    if (is_negative) {
      magnitude = {};
      std::ranges::transform(digits, magnitude.digits.begin(), std::bit_not());
      magnitude.add_shifted(1, 0);
    }
    const std::bitset<bits + fraction> quotient = magnitude.over(divisor);
    int top = bits + fraction - 1;
    while (top > 0 && !quotient[static_cast<std::size_t>(top)])
      --top;
    // The last bit that T keeps: of its significand, or of its smallest number.
    const int smallest = Limits::min_exponent - Limits::digits + 1074 + fraction;
    const int last = std::max(top - Limits::digits + 1, smallest);
    double kept = 0;
    for (int at = top; at >= last; --at)
      kept = 2 * kept + quotient[static_cast<std::size_t>(at)];
    const int below = bits + fraction - (last - 1); // their number is what is shifted out
    const bool is_more = (quotient << static_cast<std::size_t>(below)).any();
    const bool is_odd = quotient[static_cast<std::size_t>(last)];
    if (quotient[static_cast<std::size_t>(last - 1)] && (is_more || is_odd))
      kept += 1;
    const double value = std::ldexp(kept, last - fraction - 1074);
    return static_cast<T>(is_negative ? -value : value);
  }

private:
  static constexpr int bits = 70 * 32;
  /// Bits of a quotient below 2^-1074; the last one says whether anything follows.
  static constexpr int fraction = 2;

  [[nodiscard]] bool bit(int at) const {
    return digits[static_cast<std::size_t>(at / 32)] >> at % 32 & 1;
  }

  /// The quotient of a number that is not negative, bit by bit.
  [[nodiscard]] std::bitset<bits + fraction> over(std::int64_t divisor) const {
    std::bitset<bits + fraction> quotient;
    std::int64_t remainder = 0;
    for (int at = bits - 1; at >= -fraction; --at) {
      // Of zeros alone the quotient is 0.
      if (remainder == 0 && at % 32 == 31 && digits[static_cast<std::size_t>(at / 32)] == 0) {
        at -= 31;
        continue;
      }
      remainder = 2 * remainder + (at >= 0 && bit(at));
      const bool is_one = remainder >= divisor;
      quotient[static_cast<std::size_t>(at + fraction)] = is_one;
      if (is_one)
        remainder -= divisor;
    }
    if (remainder != 0)
      quotient[0] = true;
    return quotient;
  }

  std::array<std::uint32_t, bits / 32> digits{};
  double non_finite = 0;
};

} // namespace tsum::reference
