// SPDX-License-Identifier: Apache-2.0
//
// Vectors of each instruction set that the processor has, beside limbs that take one element after
// the other.
#include "Exact/Loops.h"
#include "tsum/Exact/Add.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace tsum::exact {
namespace {

/// What elements look like.
enum class Kind { Near, Any, Cancelling, Ties, Largest, Subnormal, NonFinite };
constexpr Kind kinds[] = {Kind::Near,    Kind::Any,       Kind::Cancelling, Kind::Ties,
                          Kind::Largest, Kind::Subnormal, Kind::NonFinite};

template <class T> class Elements {
  using Limits = std::numeric_limits<T>;

public:
  explicit Elements(unsigned seed) : random(seed) {}

  std::vector<T> of(Kind kind, std::size_t count) {
    std::vector<T> all(count);
    for (std::size_t n = 0; n < count; ++n)
      all[n] = element(kind, n > 0 ? all[random() % n] : T(1));
    return all;
  }
  std::size_t upto(std::size_t most) { return 1 + random() % most; }

private:
  T element(Kind kind, T other) {
    const T sign = random() % 2 ? T(1) : T(-1);
    switch (kind) {
    case Kind::Near:
      return sign * std::ldexp(fraction(), static_cast<int>(random() % 8));
    case Kind::Any:
      return sign * std::ldexp(fraction(), exponent());
    case Kind::Cancelling:
      return random() % 2 ? -other : std::ldexp(fraction(), exponent());
    case Kind::Ties: // single bits, of which many are half a place of others
      return sign * std::ldexp(T(1), static_cast<int>(random() % 8) * (Limits::digits / 2));
    case Kind::Largest:
      return random() % 4 ? sign * Limits::max() : std::ldexp(fraction(), exponent());
    case Kind::Subnormal:
      return sign * Limits::denorm_min() * static_cast<T>(random() % 5);
    case Kind::NonFinite:
      return random() % 40 ? sign * fraction() : sign * Limits::infinity();
    }
    return 0;
  }
  /// From 1 to 2, often with all bits or none.
  T fraction() {
    const auto bits = random() % 4 ? random() : random() % 2 ? ~std::uint64_t{0} : 0;
    return 1 + static_cast<T>(bits >> (64 - Limits::digits + 1)) * Limits::epsilon();
  }
  int exponent() {
    const int lowest = Limits::min_exponent - Limits::digits;
    return lowest +
           static_cast<int>(random() % static_cast<unsigned>(Limits::max_exponent - lowest));
  }

  std::mt19937_64 random;
};

template <class T> using Words = std::vector<std::int64_t>;

/// The sum of elements, one after the other.
template <class T> Words<T> words_of(const T *x, std::int64_t count, std::int64_t step) {
  Words<T> words(static_cast<std::size_t>(Limbs<T>::words));
  for (std::int64_t n = 0; n < count; ++n)
    Limbs<T>(words.data()).add(x[n * step]);
  return words;
}

template <class T> std::vector<std::int64_t> node_of(Words<T> words) {
  std::vector<std::int64_t> node(static_cast<std::size_t>(Limbs<T>::node_words));
  Limbs<T>(words.data())
      .store(std::span<std::int64_t, static_cast<std::size_t>(Limbs<T>::node_words)>(node));
  return node;
}

std::uint64_t bits(double x) {
  return std::isnan(x) ? 0x7ff8ULL << 48 : std::bit_cast<std::uint64_t>(x);
}

template <class T> class ExactLoops : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ExactLoops, Types);

/// What `fixed` has of a lane, as limbs.
template <class T> Words<T> words_of(const Fixed<T> &fixed, int lane) {
  Words<T> words(static_cast<std::size_t>(Limbs<T>::words));
  for (int level = 0; level < fixed.levels; ++level)
    if (fixed.sums[level][lane] != 0)
      Limbs<T>(words.data()).add_fixed(fixed.sums[level][lane], fixed.power + level * fixed.step);
  return words;
}

TYPED_TEST(ExactLoops, AddWhatTheyHold) {
  using T = TypeParam;
  constexpr std::int64_t lanes = Fixed<T>::lanes;
  for (const Loops *loops : all_loops())
    for (Kind kind : kinds) {
      Elements<T> elements(static_cast<unsigned>(kind) + 1);
      int held = 0, window = first_window<T>;
      for (int round = 0; round < 60; ++round) {
        const auto count = static_cast<std::int64_t>(round == 0 ? Vectors<T>::most
                                                                : elements.upto(Vectors<T>::most));
        const std::int64_t step = lanes + static_cast<std::int64_t>(elements.upto(3)) - 1;
        const std::vector<T> x = elements.of(kind, static_cast<std::size_t>(count * step));
        const Vectors<T> vectors{x.data(), count, step};
        for (bool any : {false, true}) {
          Fixed<T> fixed;
          if (any ? !loops->of<T>().add_any(vectors, fixed)
                  : !loops->of<T>().add_within(vectors, window, fixed))
            continue;
          ++held;
          for (int lane = 0; lane < lanes; ++lane)
            ASSERT_EQ(node_of<T>(words_of(fixed, lane)),
                      node_of<T>(words_of(x.data() + lane, count, step)))
                << "elements of kind " << static_cast<int>(kind) << ", round " << round;
        }
      }
      // Which they must hold, so that none of this says nothing.
      if (kind == Kind::Near || (sizeof(T) == 4 && kind != Kind::NonFinite))
        EXPECT_GE(held, 60) << static_cast<int>(kind);
    }
}

TYPED_TEST(ExactLoops, RoundSumsOfFewElements) {
  using T = TypeParam;
  for (const Loops *loops : all_loops())
    for (Kind kind : kinds) {
      Elements<T> elements(static_cast<unsigned>(kind) + 100);
      int held = 0;
      for (int round = 0; round < 3000; ++round) {
        const auto results = static_cast<std::int64_t>(elements.upto(FewElements<T>::results));
        const auto count = static_cast<std::int64_t>(
            round % 3 ? elements.upto(16) : elements.upto(FewElements<T>::most));
        // One behind the other, or side by side.
        const bool are_rows = round % 2;
        const std::int64_t step = are_rows ? 1 : results, result = are_rows ? count : 1;
        const std::vector<T> x = elements.of(kind, static_cast<std::size_t>(count * results));
        const bool is_odd = round % 5 != 0;
        const std::int64_t divisor = sizeof(T) == 4 && is_odd && round % 7 < 4
                                         ? static_cast<std::int64_t>(elements.upto(99))
                                         : 1;
        double sums[FewElements<T>::results];
        if (!loops->of<T>().sum_few({x.data(), count, step, result}, static_cast<int>(results),
                                    is_odd, divisor, sums))
          continue;
        ++held;
        for (std::int64_t n = 0; n < results; ++n) {
          Words<T> words = words_of(x.data() + n * result, count, step);
          const double expected =
              Limbs<T>(words.data())
                  .round(divisor, is_odd ? Rounding::DoubleToOdd : Rounding::Double);
          ASSERT_EQ(bits(sums[n]), bits(expected))
              << sums[n] << " for " << expected << ": " << count << " of kind "
              << static_cast<int>(kind) << " over " << divisor << ", round " << round;
        }
      }
      if (kind != Kind::NonFinite && (sizeof(T) == 4 || kind != Kind::Largest))
        EXPECT_GE(held, 300) << static_cast<int>(kind);
    }
}

TYPED_TEST(ExactLoops, AddLinesAndColumnsOfAnyLength) {
  using T = TypeParam;
  for (Kind kind : kinds) {
    Elements<T> elements(static_cast<unsigned>(kind) + 200);
    for (bool beyond : {false, true}) {
      Adder<T> adder(beyond);
      for (int round = 0; round < 30; ++round) {
        const auto count = static_cast<std::int64_t>(elements.upto(round % 4 ? 100 : 5000));
        const std::vector<T> x = elements.of(kind, static_cast<std::size_t>(count));
        Words<T> line(static_cast<std::size_t>(Limbs<T>::words));
        adder.add(Limbs<T>(line.data()), x.data(), count);
        ASSERT_EQ(Limbs<T>(line.data()).elements(), count);
        ASSERT_EQ(node_of<T>(line), node_of<T>(words_of(x.data(), count, 1)))
            << "of kind " << static_cast<int>(kind) << ", round " << round;

        const auto columns = static_cast<std::int64_t>(elements.upto(40));
        const std::int64_t rows = count / columns, step = Limbs<T>::words + 8;
        Words<T> sums(static_cast<std::size_t>(columns * step));
        adder.add_columns(sums.data(), step, x.data(), rows, columns, columns);
        for (std::int64_t n = 0; n < columns; ++n) {
          const auto first = sums.begin() + n * step;
          ASSERT_EQ(node_of<T>(Words<T>(first, first + Limbs<T>::words)),
                    node_of<T>(words_of(x.data() + n, rows, columns)))
              << "column " << n << " of kind " << static_cast<int>(kind);
        }
      }
    }
  }
}

} // namespace
} // namespace tsum::exact
