// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace tsum::exact {

/// What elements of type `T`, float or double, add up to, lane by lane: that of lane n is the sum
/// over levels of `sums[level][n]` * 2^(`power` + level * `step`) smallest numbers of `T`.
template <class T> struct Fixed {
  static constexpr int lanes = sizeof(T) == 4 ? 16 : 8;
  static constexpr int most_levels = sizeof(T) == 4 ? 6 : 2;

  std::int64_t sums[most_levels][lanes];
  int levels, power, step;
};

/// Elements for `Fixed`: vectors of as many as it has lanes, each a `step` of elements behind the
/// one before.
template <class T> struct Vectors {
  /// So many add up without an overflow, and the lanes of what they give, too.
  static constexpr std::int64_t most = 128;

  const T *first;
  std::int64_t count, step;
};

/// A few elements for each of up to so many results: element e of result r at
/// `first[e * step + r * result]`.
template <class T> struct FewElements {
  static constexpr int most = sizeof(T) == 4 ? 128 : 16, results = Fixed<T>::lanes;

  const T *first;
  std::int64_t count, step, result;
};

/// Exact sums of floats in vectors, for one instruction set. `window` is where a window of two
/// levels is (lib/Codegen/ExactWindow.h): the biased exponent of the lower level's M.
template <class T> struct LoopsOf {
  /// Adds elements that a window holds: this one, or if it moves. Else returns false, as for
  /// infinities and NaNs.
  bool (*add_within)(Vectors<T> elements, int &window, Fixed<T> &out);
  /// Adds any finite f32, in up to six levels of f64; of f64 and else nothing, which it tells.
  bool (*add_any)(Vectors<T> elements, Fixed<T> &out);
  /// The sums of a few elements, as f64, rounded to nearest even or, if `is_odd`, to odd. Those of
  /// f32 that are rounded to odd may be divided, by at most 2^24. Returns false if elements are not
  /// finite, or so large that a sum of some might not be.
  bool (*sum_few)(FewElements<T> elements, int results, bool is_odd, std::int64_t divisor,
                  double *out);
};

struct Loops {
  LoopsOf<float> singles;
  LoopsOf<double> doubles;

  template <class T> [[nodiscard]] const LoopsOf<T> &of() const {
    if constexpr (sizeof(T) == 4)
      return singles;
    else
      return doubles;
  }
};

/// Those for the instruction sets that this processor has, the best ones last.
[[nodiscard]] std::vector<const Loops *> all_loops();
/// The best ones.
[[nodiscard]] const Loops &loops();

/// Where the window of a sum's first elements is tried: those about 1 are in its middle.
template <class T> constexpr int first_window = sizeof(T) == 4 ? 127 - 23 + 4 : 1023 - 52 + 4;

} // namespace tsum::exact
