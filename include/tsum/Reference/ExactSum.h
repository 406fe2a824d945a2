// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/dtype.h"

#include <array>
#include <cmath>
#include <cstdint>
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
    for (auto at = static_cast<std::size_t>(shift / 32); at < digits.size(); ++at) {
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

  /// The sum rounded to T, to nearest even.
  template <class T> [[nodiscard]] T result() const {
    using Limits = std::numeric_limits<T>;
    if (non_finite != 0)
      return static_cast<T>(non_finite);
    ExactSum magnitude = *this;
    const bool is_negative = bit(bits - 1);
    if (is_negative) {
      magnitude = {};
      for (int at = 0; at < bits; ++at)
        if (!bit(at))
          magnitude.digits[static_cast<std::size_t>(at / 32)] |= std::uint32_t{1} << at % 32;
      magnitude.add_shifted(1, 0);
    }
    int top = bits - 1;
    while (top > 0 && !magnitude.bit(top))
      --top;
    // The last bit that T keeps: of its significand, or of its smallest number.
    const int smallest = Limits::min_exponent - Limits::digits + 1074;
    const int last = std::max(top - Limits::digits + 1, smallest);
    double kept = 0;
    for (int at = top; at >= last; --at)
      kept = 2 * kept + magnitude.bit(at);
    bool is_more = false;
    for (int at = 0; at < last - 1; ++at)
      is_more |= magnitude.bit(at);
    if (last > 0 && magnitude.bit(last - 1) && (is_more || magnitude.bit(last)))
      kept += 1;
    const double value = std::ldexp(kept, last - 1074);
    return static_cast<T>(is_negative ? -value : value);
  }

private:
  static constexpr int bits = 70 * 32;

  [[nodiscard]] bool bit(int at) const {
    return digits[static_cast<std::size_t>(at / 32)] >> at % 32 & 1;
  }

  std::array<std::uint32_t, bits / 32> digits{};
  double non_finite = 0;
};

} // namespace tsum::reference
