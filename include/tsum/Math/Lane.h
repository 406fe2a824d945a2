// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

/// What the elementary functions are written in.
///
/// A function is a template over a lane type F: `float`, `double`, or a type that stands for a
/// value of a program being compiled, scalar or vector, of one of these element types. Such a type
/// has the operations that this header defines for scalars, found by argument-dependent lookup, and
/// converts from a number, which stands for a constant. So what is compiled and what runs here has
/// the same roundings in the same order, and gives the same bits.
///
/// All operations are those of IEEE 754 in round-to-nearest, or of unsigned integers that wrap.
/// Code that includes this must be compiled without contraction (-ffp-contract=off).
namespace tsum::math {

/// The types around a lane type: `Scalar`, one element of it; `Bits`, the lanes of unsigned
/// integers of the same width; `Wide`, the lanes of f64 (for lanes of f32).
template <class F> struct LaneTraits;

template <> struct LaneTraits<float> {
  using Scalar = float;
  using Bits = std::uint32_t;
  using Wide = double;
};

template <> struct LaneTraits<double> {
  using Scalar = double;
  using Bits = std::uint64_t;
};

template <class F> using Scalar = typename LaneTraits<F>::Scalar;
template <class F> using Bits = typename LaneTraits<F>::Bits;
template <class F> using Wide = typename LaneTraits<F>::Wide;

template <class F>
concept FloatLane = requires { typename LaneTraits<F>::Scalar; };

template <class F> inline constexpr bool is_single = std::same_as<Scalar<F>, float>;

/// The format of a lane's elements.
template <std::floating_point T> struct Format {
  using Integer = Bits<T>;
  static constexpr int mantissa_bits = std::numeric_limits<T>::digits - 1;
  static constexpr Integer bias = std::numeric_limits<T>::max_exponent - 1;
  static constexpr Integer sign = Integer{1} << (sizeof(T) * 8 - 1);
  static constexpr Integer mantissa = (Integer{1} << mantissa_bits) - 1;
  static constexpr T infinity = std::numeric_limits<T>::infinity();
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  static constexpr T smallest_normal = std::numeric_limits<T>::min();
  /// 1.5 * 2^mantissa_bits: added to a number of smaller magnitude, leaves its nearest integer in
  /// the low bits, without a conversion (AVX2 has none for f64).
  static constexpr T round_shift = T(3) * T(Integer{1} << (mantissa_bits - 1));
};

template <class F> using FormatOf = Format<Scalar<F>>;

// The operations, for scalars. Comparisons and + - * / are the language's.

template <std::floating_point T> T fma(T a, T b, T c) { return std::fma(a, b, c); }
template <std::floating_point T> T abs(T x) { return std::fabs(x); }
template <std::floating_point T> T copysign(T x, T sign) { return std::copysign(x, sign); }
template <std::floating_point T> T floor(T x) { return std::floor(x); }
template <std::floating_point T> T sqrt(T x) { return std::sqrt(x); }
template <std::floating_point T> T select(bool mask, T a, T b) { return mask ? a : b; }
template <std::unsigned_integral T> T select(bool mask, T a, T b) { return mask ? a : b; }
template <std::floating_point T> Bits<T> bits(T x) { return std::bit_cast<Bits<T>>(x); }
inline float from_bits(std::uint32_t x) { return std::bit_cast<float>(x); }
inline double from_bits(std::uint64_t x) { return std::bit_cast<double>(x); }
inline double widen(float x) { return x; }
inline float narrow(double x) { return static_cast<float>(x); }
/// What non-negative `x` leaves over multiples of `y`, however long it takes.
template <std::floating_point T> T exact_remainder(T x, T y) { return std::fmod(x, y); }
/// `x`, read as two's complement, to the nearest float.
inline float signed_to_float(std::uint32_t x) {
  return static_cast<float>(static_cast<std::int32_t>(x));
}
/// p 2^n, rounded once, for integral `n`, where that is an instruction of the target.
template <std::floating_point T> std::optional<T> scale_by_instruction(T /*p*/, T /*n*/) {
  return std::nullopt;
}

// Masks: `bool` for scalars.
inline bool both(bool a, bool b) { return a && b; }
inline bool either(bool a, bool b) { return a || b; }
inline bool negated(bool a) { return !a; }

/// `slow()` in lanes where `mask` is set, `fast` in the others. A vector runs `slow`, once, if any
/// lane is set: what is cheap and usual stays out of it.
template <std::floating_point T, std::size_t N, class Slow>
std::array<T, N> rare(bool mask, Slow slow, std::array<T, N> fast) {
  return mask ? slow() : fast;
}

/// The same where `slow(x)` is so long that a vector had better run it lane by lane, on scalars:
/// it takes a lane of any FloatLane type.
template <std::floating_point T, std::size_t N, class Slow>
std::array<T, N> rare_each(bool mask, Slow slow, T x, std::array<T, N> fast) {
  return mask ? slow(x) : fast;
}

/// `rare` for one value.
template <class Mask, FloatLane F, class Slow> F rare_value(Mask mask, Slow slow, F fast) {
  return rare(mask, [&] { return std::array<F, 1>{slow()}; }, std::array<F, 1>{fast})[0];
}

/// c0 + c1 x + c2 x^2 + ... by Horner's rule: one fma a term.
template <FloatLane F> F polynomial(F, std::type_identity_t<F> c0) { return c0; }
template <FloatLane F, class... C> F polynomial(F x, std::type_identity_t<F> c0, C... c) {
  return fma(x, polynomial(x, c...), c0);
}

/// `x` between two bounds; NaN stays.
template <FloatLane F> F clamp(F x, Scalar<F> low, Scalar<F> high) {
  F below = select(x > F(high), F(high), x);
  return select(below < F(low), F(low), below);
}

} // namespace tsum::math
