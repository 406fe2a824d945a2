// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/elementwise.h"

#include <utility>

namespace tsum {

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
    return g.is_one ? slope : g.guarded(multiply(g.tensor, slope));
  }
  friend Tensor operator/(const Upstream &g, const Tensor &x) {
    return g.is_one ? reciprocal(x) : g.guarded(divide(g.tensor, x));
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
  [[nodiscard]] Tensor guarded(const Tensor &product) const {
    return is_masked ? tsum::where(equal(tensor, 0), 0, product) : product;
  }

  Tensor tensor;
  bool is_one, is_masked;
  mutable bool has_chosen = false;
};

} // namespace tsum
