// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/elementwise.h"

#include <utility>

namespace tsum {

/// `g * slope` and `g / divisor`, where 0 times anything is 0. The slope is replaced and not the
/// product, whose derivative by `g` is still the slope where that is finite.
inline Tensor product_or_zero(const Tensor &g, const Tensor &slope) {
  return multiply(g, where(logical_and(equal(g, 0), logical_not(is_finite(slope))), 0, slope));
}
inline Tensor quotient_or_zero(const Tensor &g, const Tensor &divisor) {
  return divide(g, where(logical_and(equal(g, 0), logical_or(equal(divisor, 0), is_nan(divisor))),
                         1, divisor));
}

/// The gradient with respect to a node's result, as the rules of the op tables write it: `g * z`,
/// `-g`, `where(condition, g)`.
///
/// It knows two things that keep gradients short and finite. That it is 1 everywhere, so that
/// nothing is multiplied; and that a choice (`where`, `maximum`, `relu`) may have made it 0 for
/// elements that were not taken: there a product with an infinite derivative stays 0.
class Upstream {
public:
  Upstream(Tensor tensor, bool is_one, bool is_masked)
      : tensor(std::move(tensor)), is_one(is_one), is_masked(is_masked) {}

  /// Of the shape of the result, or one that broadcasts to it.
  operator const Tensor &() const { return tensor; }

  friend Tensor operator*(const Upstream &g, const Tensor &slope) {
    if (g.is_one)
      return slope;
    return g.is_masked ? product_or_zero(g.tensor, slope) : multiply(g.tensor, slope);
  }
  friend Tensor operator/(const Upstream &g, const Tensor &x) {
    if (g.is_one)
      return reciprocal(x);
    return g.is_masked ? quotient_or_zero(g.tensor, x) : divide(g.tensor, x);
  }
  friend Tensor operator-(const Upstream &g) { return negative(g.tensor); }
  friend Tensor where(const Tensor &condition, const Upstream &g) {
    g.has_chosen = true;
    return tsum::where(condition, g.tensor, 0);
  }
  /// `g` in parts for those elements along `axes` that are chosen, which share it equally.
  friend Tensor apportion(const Upstream &g, const Tensor &is_chosen,
                          const std::vector<std::int64_t> &axes);

  /// Whether a rule has left `g` out for some elements.
  [[nodiscard]] bool is_chosen() const { return is_masked || has_chosen; }

private:
  Tensor tensor;
  bool is_one, is_masked;
  mutable bool has_chosen = false;
};

} // namespace tsum
