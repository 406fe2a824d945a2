// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"
#include "tsum/partial.h"

namespace tsum::partial {

using Range = PartialReduction::Range;
using Dims = std::vector<std::int64_t>;

/// The reduction of a whole tensor that is cut along an axis: what partial reductions that merge
/// have in common.
struct Whole {
  OpKind op = OpKind::ReduceSum;
  DType dtype = DType::f32; ///< of the operand; of a complex one of its parts
  bool is_complex = false;
  bool is_exact = false;
  bool keepdims = false;
  std::int64_t divisor = 1; ///< of an exact sum, before it is rounded to `result`
  DType result = DType::f32;
  Shape shape; ///< of the operand
  Dims axes;   ///< ascending
  std::int64_t cut = 0;

  bool operator==(const Whole &) const = default;

  /// How parts are put together.
  enum class Way : std::uint8_t {
    InOrder, ///< by the nodes of the summation tree
    Exactly, ///< by limbs
    Freely   ///< by what combines two results
  };
  [[nodiscard]] Way way() const;

  [[nodiscard]] std::int64_t extent(std::int64_t dim) const {
    return shape[static_cast<std::size_t>(dim)];
  }
  [[nodiscard]] std::int64_t cut_extent() const { return extent(cut); }
  [[nodiscard]] bool is_reduced(std::int64_t dim) const;

  /// The dimensions that the results have, and those of the reduced ones that are not cut and take
  /// part in the order of additions: outside and inside of the cut one.
  [[nodiscard]] Dims kept() const;
  [[nodiscard]] Dims outer() const;
  [[nodiscard]] Dims inner() const;

  /// The number of elements along `dims`.
  [[nodiscard]] std::int64_t size_of(const Dims &dims) const;

  /// The shape of the results, and a tensor of them.
  [[nodiscard]] Shape result_shape() const;
  [[nodiscard]] Tensor results(const void *elements) const;

  /// "reduce_sum exact f32[1000,40] over [0], cut along 0".
  [[nodiscard]] std::string to_string() const;
};

} // namespace tsum::partial
