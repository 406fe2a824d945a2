// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#pragma GCC visibility push(default)

namespace tsum {

/// A 16-bit float with `exponent_bits` of exponent and `fraction_bits` of fraction, laid out as
/// IEEE 754 lays out its formats. It is a type of elements in memory: arithmetic converts to float.
template <int exponent_bits, int fraction_bits> class SmallFloat {
  static_assert(1 + exponent_bits + fraction_bits == 16);

public:
  SmallFloat() = default;

  /// `number` rounded to nearest, ties to even; beyond the largest finite value infinity. Integers
  /// go by way of float, as in NumPy.
  template <std::floating_point T>
  explicit SmallFloat(T number) : bits(round(static_cast<double>(number))) {}
  template <std::integral T>
  explicit SmallFloat(T number) : SmallFloat(static_cast<float>(number)) {}

  operator float() const {
    const int exponent = (bits >> fraction_bits) & exponent_mask;
    const int fraction = bits & fraction_mask;
    float magnitude;
    if (exponent == exponent_mask)
      magnitude = fraction ? std::numeric_limits<float>::quiet_NaN()
                           : std::numeric_limits<float>::infinity();
    else if (exponent == 0)
      magnitude = std::ldexp(static_cast<float>(fraction), 1 - bias - fraction_bits);
    else
      magnitude = std::ldexp(static_cast<float>(fraction + (1 << fraction_bits)),
                             exponent - bias - fraction_bits);
    return bits >> 15 ? -magnitude : magnitude;
  }

  static SmallFloat from_bits(std::uint16_t bits) {
    SmallFloat value;
    value.bits = bits;
    return value;
  }
  [[nodiscard]] std::uint16_t to_bits() const { return bits; }

private:
  static constexpr int exponent_mask = (1 << exponent_bits) - 1;
  static constexpr int fraction_mask = (1 << fraction_bits) - 1;
  static constexpr int bias = exponent_mask / 2;
  static constexpr int infinity = exponent_mask << fraction_bits;

  static std::uint16_t round(double number) {
    const int sign = std::signbit(number) ? 0x8000 : 0;
    const double magnitude = std::fabs(number);
    int encoded;
    if (std::isnan(number)) {
      encoded = infinity | 1 << (fraction_bits - 1);
    } else if (magnitude >= std::ldexp(2.0, bias)) {
      encoded = infinity;
    } else {
      // In units of the last place, subnormals too; rounding up may carry into the exponent, as it
      // should, also to infinity.
      const int exponent = magnitude < std::ldexp(1.0, 1 - bias) ? 1 - bias : std::ilogb(magnitude);
      const double units = std::nearbyint(std::ldexp(magnitude, fraction_bits - exponent));
      encoded = static_cast<int>(units) + ((exponent + bias - 1) << fraction_bits);
    }
    return static_cast<std::uint16_t>(sign | encoded);
  }

  std::uint16_t bits = 0;
};

/// IEEE 754 binary16.
using float16 = SmallFloat<5, 10>;
/// The upper half of a float.
using bfloat16 = SmallFloat<8, 7>;

} // namespace tsum

#pragma GCC visibility pop

template <int exponent_bits, int fraction_bits>
struct std::numeric_limits<tsum::SmallFloat<exponent_bits, fraction_bits>> {
private:
  using T = tsum::SmallFloat<exponent_bits, fraction_bits>;
  static T from_bits(int bits) { return T::from_bits(static_cast<std::uint16_t>(bits)); }
  static constexpr int exponents = ((1 << exponent_bits) - 1) << fraction_bits;

public:
  static constexpr bool is_specialized = true;
  static constexpr bool is_signed = true;
  static constexpr bool is_integer = false;
  static constexpr bool is_exact = false;
  static constexpr bool has_infinity = true;
  static constexpr bool has_quiet_NaN = true;
  static constexpr int radix = 2;
  static constexpr int digits = fraction_bits + 1;
  static constexpr int max_exponent = 1 << (exponent_bits - 1);
  static constexpr int min_exponent = 3 - max_exponent;

  static T min() { return from_bits(1 << fraction_bits); }
  static T max() { return from_bits(exponents - 1); }
  static T lowest() { return from_bits(0x8000 | (exponents - 1)); }
  static T denorm_min() { return from_bits(1); }
  static T epsilon() { return T(std::ldexp(1.0, 1 - digits)); }
  static T infinity() { return from_bits(exponents); }
  static T quiet_NaN() { return from_bits(exponents | 1 << (fraction_bits - 1)); }
};
