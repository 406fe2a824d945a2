// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/Lane.h"

#include <algorithm>

namespace tsum::math::detail {

/// 2/pi = 0.w0 w1 w2 ... in words of 32 bits, after a zero word.
inline constexpr std::array<std::uint32_t, 39> two_over_pi = {
    0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
    0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5,
    0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff,
    0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7,
    0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab};

/// `N` words of 2/pi from word `first` on, which is below 2^`digits`. Lanes can select but have no
/// memory to look up: each binary digit of `first`, the highest first, moves the words down.
template <FloatLane D, int N> std::array<Bits<D>, N> words_from(Bits<D> first, int digits) {
  std::array<Bits<D>, two_over_pi.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = Bits<D>(std::uint64_t{two_over_pi[i]});
  for (int digit = digits - 1; digit >= 0; --digit) {
    const std::size_t distance = std::size_t{1} << digit;
    auto set = (first & Bits<D>(std::uint64_t{distance})) != Bits<D>(std::uint64_t{0});
    for (std::size_t i = 0; i < N + distance - 1 && i + distance < words.size(); ++i)
      words[i] = select(set, words[i + distance], words[i]);
  }
  std::array<Bits<D>, N> result;
  std::copy_n(words.begin(), N, result.begin());
  return result;
}

/// x = quadrant pi/2 + rest + low, with |rest| <= pi/4 and the quadrant modulo 4.
template <FloatLane F> struct Angle {
  F rest, low;
  Bits<F> quadrant;
};

/// Payne and Hanek's reduction of an f64 of at least 2^28, or, of an f32 in f64 (`single`), of at
/// least 2^16: the product of x's integer significand with as many bits of 2/pi as decide about its
/// fraction. `rest` is good to all of f64's bits, or, if single, to more than f32's; NaN of
/// infinities and NaN.
template <bool single, FloatLane D> Angle<D> reduce_huge_angle(D x) {
  using Integer = std::uint64_t;
  using Format = FormatOf<D>;
  constexpr int significand_words = single ? 1 : 2, columns = single ? 2 : 4;
  constexpr int dropped = single ? 29 : 0; // f32's significand ends there
  constexpr int words = columns + significand_words;
  auto constant = [](Integer value) { return Bits<D>(value); };
  const Bits<D> low_word = constant(0xffffffff);

  // |x| = m 2^e; words of which m's product is a multiple of 4, in quadrants, are left out.
  Bits<D> magnitude = bits(x) & constant(~Format::sign);
  Bits<D> m =
      ((magnitude & constant(Format::mantissa)) | constant(Format::mantissa + 1)) >> dropped;
  Bits<D> position = (magnitude >> 52) - constant(1075 - dropped - 30); // e + 30
  auto w = words_from<D, words + 1>(position >> 5, single ? 3 : 5);
  Bits<D> shift = position & constant(31);
  std::array<Bits<D>, words> u;
  for (int i = 0; i < words; ++i)
    u[i] = ((w[i] << shift) | (w[i + 1] >> (constant(32) - shift))) & low_word;

  // A quarter of the product modulo 1, from the lowest column of 32 bits up.
  std::array<Bits<D>, 2> factor{m & low_word, m >> 32};
  std::array<Bits<D>, columns> p;
  Bits<D> carry = constant(0);
  for (int c = columns - 1; c >= 0; --c) {
    Bits<D> sum = carry;
    for (int j = 0; j < significand_words; ++j)
      sum = sum + ((factor[j] * u[c + j]) & low_word) + ((factor[j] * u[c + j + 1]) >> 32);
    p[c] = sum & low_word;
    carry = sum >> 32;
  }

  // Two bits of quadrant; the fraction, to the nearest integer, as sign and magnitude.
  Bits<D> high = (p[0] << 32) | p[1];
  Bits<D> quadrant = high >> 62, fraction = high << 2, tail = constant(0);
  if constexpr (!single) {
    Bits<D> rest = (p[2] << 32) | p[3];
    fraction = fraction | (rest >> 62);
    tail = rest << 2;
  }
  Bits<D> negative = fraction >> 63, flip = constant(0) - negative;
  quadrant = quadrant + negative;
  fraction = fraction ^ flip;
  auto exact = [&](Bits<D> word) { return from_bits(word | bits(D(0x1p52))) - D(0x1p52); };
  D first = exact(fraction >> 32) * D(0x1p-32), second = exact(fraction & low_word) * D(0x1p-64);
  D f = first + second, f_low = second - (f - first);
  if constexpr (!single) {
    tail = tail ^ flip;
    f_low = f_low + (exact(tail >> 32) * D(0x1p-96) + exact(tail & low_word) * D(0x1p-128));
  }
  const D pi_half = 0x1.921fb54442d18p+0, pi_half_low = 0x1.1a62633145c07p-54;
  D product = f * pi_half;
  D product_low = fma(f, pi_half, -product) + fma(f, pi_half_low, f_low * pi_half);
  D rest = product + product_low, low = product_low - (rest - product);

  Bits<D> sign = (bits(x) & constant(Format::sign)) ^ (negative << 63);
  Bits<D> minus = constant(0) - (bits(x) >> 63);
  return {from_bits(bits(rest) ^ sign) + (x - x), from_bits(bits(low) ^ sign),
          (quadrant ^ minus) - minus};
}

} // namespace tsum::math::detail
