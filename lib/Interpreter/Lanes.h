// SPDX-License-Identifier: Apache-2.0
//
// Included by Loops.inc alone, once for each instruction set, with TSUM_ISA its name.
#pragma once

#include "tsum/Math/Lane.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace tsum::interpreter::TSUM_ISA {

#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif

/// True lanes have all bits set. `S` is a signed integer as wide as what was compared.
template <class S, int N> struct Mask {
  typedef S Raw __attribute__((vector_size(sizeof(S) * N)));
  Raw raw;

  /// Of which the first `count` lanes are true.
  static Mask first(std::int64_t count) {
    Raw numbers;
    for (int n = 0; n < N; ++n)
      numbers[n] = n;
    return {numbers < static_cast<S>(count)};
  }
  [[nodiscard]] bool any() const {
    S bits = 0;
    for (int n = 0; n < N; ++n)
      bits |= raw[n];
    return bits != 0;
  }
  /// For lanes of another width.
  template <class Other> [[nodiscard]] auto as() const {
    if constexpr (std::is_same_v<S, Other>)
      return raw;
    else
      return __builtin_convertvector(raw, typename Mask<Other, N>::Raw);
  }
};

template <class S, int N> Mask<S, N> both(Mask<S, N> x, Mask<S, N> y) { return {x.raw & y.raw}; }
template <class S, int N> Mask<S, N> either(Mask<S, N> x, Mask<S, N> y) { return {x.raw | y.raw}; }
template <class S, int N> Mask<S, N> negated(Mask<S, N> x) { return {~x.raw}; }

template <class T> using Signed = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// The lane type of tsum/Math/Lane.h that is a vector of `N` numbers.
template <class T, int N> struct Lanes {
  typedef T Raw __attribute__((vector_size(sizeof(T) * N)));
  using MaskType = Mask<Signed<T>, N>;
  Raw raw;

  Lanes() = default;
  Lanes(T number) {
    for (int n = 0; n < N; ++n)
      raw[n] = number;
  }
  static Lanes of(Raw raw) {
    Lanes lanes;
    lanes.raw = raw;
    return lanes;
  }
  static Lanes load(const T *numbers) {
    Lanes lanes;
    std::memcpy(&lanes.raw, numbers, sizeof(raw));
    return lanes;
  }
  void store(T *numbers) const { std::memcpy(numbers, &raw, sizeof(raw)); }
  /// Past the caches, to a cache line's start.
  void stream(T *numbers) const {
#ifdef __x86_64__
    char *to = reinterpret_cast<char *>(numbers);
    const char *from = reinterpret_cast<const char *>(&raw);
    for (std::size_t n = 0; n < sizeof(raw); n += register_bytes) {
#if defined(__AVX512F__)
      _mm512_stream_si512(reinterpret_cast<__m512i *>(to + n), _mm512_loadu_si512(from + n));
#elif defined(__AVX__)
      _mm256_stream_si256(reinterpret_cast<__m256i *>(to + n),
                          _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from + n)));
#else
      _mm_stream_si128(reinterpret_cast<__m128i *>(to + n),
                       _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + n)));
#endif
    }
#else
    store(numbers);
#endif
  }

  /// The first `count` of them, none if that is negative, beside `others`.
#ifdef __AVX512F__
  static Lanes load_part(const T *numbers, std::int64_t count, T others) {
    Lanes lanes(others);
    for_each_register(lanes, [&](auto &part, std::int64_t first) {
      const std::uint32_t mask = mask_of(count - first, sizeof(part) / sizeof(T));
      if constexpr (sizeof(part) == 64 && std::is_same_v<T, float>)
        part = _mm512_mask_loadu_ps(part, static_cast<__mmask16>(mask), numbers + first);
      else if constexpr (sizeof(part) == 64)
        part = _mm512_mask_loadu_pd(part, static_cast<__mmask8>(mask), numbers + first);
      else if constexpr (std::is_same_v<T, float>)
        part = _mm256_mask_loadu_ps(part, static_cast<__mmask8>(mask), numbers + first);
      else
        part = _mm256_mask_loadu_pd(part, static_cast<__mmask8>(mask), numbers + first);
    });
    return lanes;
  }
  void store_part(T *numbers, std::int64_t count) const {
    Lanes lanes = *this;
    for_each_register(lanes, [&](auto &part, std::int64_t first) {
      static_assert(sizeof(part) == 64);
      const std::uint32_t mask = mask_of(count - first, sizeof(part) / sizeof(T));
      if constexpr (std::is_same_v<T, float>)
        _mm512_mask_storeu_ps(numbers + first, static_cast<__mmask16>(mask), part);
      else
        _mm512_mask_storeu_pd(numbers + first, static_cast<__mmask8>(mask), part);
    });
  }
#elif defined(__AVX2__)
  static Lanes load_part(const T *numbers, std::int64_t count, T others) {
    const MaskType mask = MaskType::first(count);
    Lanes lanes(0);
    for_each_register(lanes, [&](auto &part, std::int64_t first) {
      if constexpr (std::is_same_v<T, float>)
        part = _mm256_maskload_ps(numbers + first, part_of(mask, first));
      else
        part = _mm256_maskload_pd(numbers + first, part_of(mask, first));
    });
    return select(mask, lanes, Lanes(others));
  }
  void store_part(T *numbers, std::int64_t count) const {
    const MaskType mask = MaskType::first(count);
    Lanes lanes = *this;
    for_each_register(lanes, [&](auto &part, std::int64_t first) {
      if constexpr (std::is_same_v<T, float>)
        _mm256_maskstore_ps(numbers + first, part_of(mask, first), part);
      else
        _mm256_maskstore_pd(numbers + first, part_of(mask, first), part);
    });
  }
#else
  static Lanes load_part(const T *numbers, std::int64_t count, T others) {
    Lanes lanes(others);
    std::memcpy(&lanes.raw, numbers, bytes_of(count));
    return lanes;
  }
  void store_part(T *numbers, std::int64_t count) const {
    std::memcpy(numbers, &raw, bytes_of(count));
  }
#endif

  friend Lanes operator+(Lanes x, Lanes y) { return of(x.raw + y.raw); }
  friend Lanes operator-(Lanes x, Lanes y) { return of(x.raw - y.raw); }
  friend Lanes operator*(Lanes x, Lanes y) { return of(x.raw * y.raw); }
  friend Lanes operator/(Lanes x, Lanes y) { return of(x.raw / y.raw); }
  friend Lanes operator-(Lanes x) { return of(-x.raw); }
  // Of unsigned integers.
  friend Lanes operator&(Lanes x, Lanes y) { return of(x.raw & y.raw); }
  friend Lanes operator|(Lanes x, Lanes y) { return of(x.raw | y.raw); }
  friend Lanes operator^(Lanes x, Lanes y) { return of(x.raw ^ y.raw); }
  friend Lanes operator<<(Lanes x, Lanes y) { return of(x.raw << y.raw); }
  friend Lanes operator>>(Lanes x, Lanes y) { return of(x.raw >> y.raw); }
  friend Lanes operator<<(Lanes x, int count) { return of(x.raw << static_cast<T>(count)); }
  friend Lanes operator>>(Lanes x, int count) { return of(x.raw >> static_cast<T>(count)); }

  friend MaskType operator<(Lanes x, Lanes y) { return {as_mask(x.raw < y.raw)}; }
  friend MaskType operator<=(Lanes x, Lanes y) { return {as_mask(x.raw <= y.raw)}; }
  friend MaskType operator>(Lanes x, Lanes y) { return {as_mask(x.raw > y.raw)}; }
  friend MaskType operator>=(Lanes x, Lanes y) { return {as_mask(x.raw >= y.raw)}; }
  friend MaskType operator==(Lanes x, Lanes y) { return {as_mask(x.raw == y.raw)}; }
  friend MaskType operator!=(Lanes x, Lanes y) { return {as_mask(x.raw != y.raw)}; }

  template <class S> friend Lanes select(Mask<S, N> mask, Lanes x, Lanes y) {
    return of(mask.template as<Signed<T>>() ? x.raw : y.raw);
  }

  /// `function` of each lane.
  template <class Function, class... Others>
  friend Lanes each(Function function, Lanes x, Others... others) {
    Lanes result;
    for (int n = 0; n < N; ++n)
      result.raw[n] = function(x.raw[n], others.raw[n]...);
    return result;
  }
  friend Lanes fma(Lanes x, Lanes y, Lanes z) {
#if __has_builtin(__builtin_elementwise_fma)
    return of(__builtin_elementwise_fma(x.raw, y.raw, z.raw));
#else
    return each([](T a, T b, T c) { return std::fma(a, b, c); }, x, y, z);
#endif
  }
  friend Lanes floor(Lanes x) {
#if __has_builtin(__builtin_elementwise_floor)
    return of(__builtin_elementwise_floor(x.raw));
#else
    return each([](T a) { return std::floor(a); }, x);
#endif
  }
  friend Lanes sqrt(Lanes x) {
#if __has_builtin(__builtin_elementwise_sqrt)
    return of(__builtin_elementwise_sqrt(x.raw));
#else
    return each([](T a) { return std::sqrt(a); }, x);
#endif
  }
  friend Lanes exact_remainder(Lanes x, Lanes y) {
    return each([](T a, T b) { return std::fmod(a, b); }, x, y);
  }

private:
#ifdef __AVX2__
  typedef T Register __attribute__((vector_size(std::min<int>(sizeof(Raw), register_bytes))));
#ifdef __AVX512F__
  static std::uint32_t mask_of(std::int64_t count, std::size_t most) {
    if (count <= 0)
      return 0;
    return count >= static_cast<std::int64_t>(most) ? ~0u : (1u << count) - 1;
  }
#else
  /// A register of `mask`, from lane `first` on.
  static __m256i part_of(const MaskType &mask, std::int64_t first) {
    static_assert(sizeof(Register) == sizeof(__m256i));
    __m256i part;
    std::memcpy(&part, reinterpret_cast<const char *>(&mask.raw) + first * std::int64_t{sizeof(T)},
                sizeof(part));
    return part;
  }
#endif
  /// Calls `visit` with each register of `lanes` and the number of its first lane.
  template <class Visit> static void for_each_register(Lanes &lanes, const Visit &visit) {
    static_assert(sizeof(Raw) % sizeof(Register) == 0);
    for (std::size_t n = 0; n < sizeof(Raw) / sizeof(Register); ++n) {
      Register part;
      char *place = reinterpret_cast<char *>(&lanes.raw) + n * sizeof(Register);
      std::memcpy(&part, place, sizeof(part));
      visit(part, static_cast<std::int64_t>(n * sizeof(Register) / sizeof(T)));
      std::memcpy(place, &part, sizeof(part));
    }
  }
#else
  static std::size_t bytes_of(std::int64_t count) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, N)) * sizeof(T);
  }
#endif

  template <class Comparison> static typename MaskType::Raw as_mask(Comparison comparison) {
    return reinterpret_cast<typename MaskType::Raw>(comparison);
  }
};

template <int N> Lanes<std::uint32_t, N> bits(Lanes<float, N> x) {
  return Lanes<std::uint32_t, N>::of(
      reinterpret_cast<typename Lanes<std::uint32_t, N>::Raw>(x.raw));
}
template <int N> Lanes<std::uint64_t, N> bits(Lanes<double, N> x) {
  return Lanes<std::uint64_t, N>::of(
      reinterpret_cast<typename Lanes<std::uint64_t, N>::Raw>(x.raw));
}
template <int N> Lanes<float, N> from_bits(Lanes<std::uint32_t, N> x) {
  return Lanes<float, N>::of(reinterpret_cast<typename Lanes<float, N>::Raw>(x.raw));
}
template <int N> Lanes<double, N> from_bits(Lanes<std::uint64_t, N> x) {
  return Lanes<double, N>::of(reinterpret_cast<typename Lanes<double, N>::Raw>(x.raw));
}
template <int N> Lanes<double, N> widen(Lanes<float, N> x) {
  return Lanes<double, N>::of(__builtin_convertvector(x.raw, typename Lanes<double, N>::Raw));
}
template <int N> Lanes<float, N> narrow(Lanes<double, N> x) {
  return Lanes<float, N>::of(__builtin_convertvector(x.raw, typename Lanes<float, N>::Raw));
}
template <int N> Lanes<float, N> signed_to_float(Lanes<std::uint32_t, N> x) {
  using Integers = typename Mask<std::int32_t, N>::Raw;
  return Lanes<float, N>::of(
      __builtin_convertvector(reinterpret_cast<Integers>(x.raw), typename Lanes<float, N>::Raw));
}

template <class T> inline constexpr auto sign_bit = math::Format<T>::sign;

template <std::floating_point T, int N> Lanes<T, N> abs(Lanes<T, N> x) {
  return from_bits(bits(x) & decltype(bits(x))(~sign_bit<T>));
}
template <std::floating_point T, int N> Lanes<T, N> copysign(Lanes<T, N> x, Lanes<T, N> sign) {
  return from_bits(bits(abs(x)) | (bits(sign) & decltype(bits(x))(sign_bit<T>)));
}
template <std::floating_point T, int N>
std::optional<Lanes<T, N>> scale_by_instruction([[maybe_unused]] Lanes<T, N> p,
                                                [[maybe_unused]] Lanes<T, N> n) {
#ifdef __AVX512F__
  if constexpr (sizeof(p) == 64) {
    if constexpr (std::is_same_v<T, float>)
      return Lanes<T, N>::of(_mm512_scalef_ps(p.raw, n.raw));
    else
      return Lanes<T, N>::of(_mm512_scalef_pd(p.raw, n.raw));
  }
#endif
  return std::nullopt;
}

template <class S, class T, int N, std::size_t M, class Slow>
std::array<Lanes<T, N>, M> rare(Mask<S, N> mask, Slow slow, std::array<Lanes<T, N>, M> fast) {
  if (mask.any()) [[unlikely]] {
    const std::array<Lanes<T, N>, M> slowly = slow();
    for (std::size_t m = 0; m < M; ++m)
      fast[m] = select(mask, slowly[m], fast[m]);
  }
  return fast;
}

template <class S, class T, int N, std::size_t M, class Slow>
std::array<Lanes<T, N>, M> rare_each(Mask<S, N> mask, Slow slow, Lanes<T, N> x,
                                     std::array<Lanes<T, N>, M> fast) {
  if (mask.any()) [[unlikely]]
    for (int n = 0; n < N; ++n)
      if (mask.raw[n]) {
        const std::array<Lanes<T, 1>, M> slowly = slow(Lanes<T, 1>(x.raw[n]));
        for (std::size_t m = 0; m < M; ++m)
          fast[m].raw[n] = slowly[m].raw[0];
      }
  return fast;
}

} // namespace tsum::interpreter::TSUM_ISA

namespace tsum::math {

template <int N> struct LaneTraits<interpreter::TSUM_ISA::Lanes<float, N>> {
  using Scalar = float;
  using Bits = interpreter::TSUM_ISA::Lanes<std::uint32_t, N>;
  using Wide = interpreter::TSUM_ISA::Lanes<double, N>;
};

template <int N> struct LaneTraits<interpreter::TSUM_ISA::Lanes<double, N>> {
  using Scalar = double;
  using Bits = interpreter::TSUM_ISA::Lanes<std::uint64_t, N>;
};

} // namespace tsum::math
