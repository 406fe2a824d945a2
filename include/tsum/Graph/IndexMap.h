// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <optional>

namespace tsum {

/// Where the elements of a view are in its operand. Along each of the operand's dimensions,
///
///     operand_index = start + step * view_index[dim],
///
/// or `start` alone if `dim` is `none`. Dimensions of the view that no dimension of the operand
/// goes by repeat its elements. So a transpose, a slice, a broadcast and a reshape that only adds
/// or drops extents of 1 are index maps, and so is any chain of them. Other reshapes are not.
struct IndexMap {
  static constexpr std::int32_t none = -1;

  struct Source {
    std::int32_t dim = none; ///< of the view
    std::int64_t start = 0;
    std::int64_t step = 1; ///< not 0; 1 where it is never taken

    auto operator<=>(const Source &) const = default;
  };

  Shape shape;                 ///< of the view
  std::vector<Source> sources; ///< one per dimension of the operand

  auto operator<=>(const IndexMap &) const = default;

  [[nodiscard]] static IndexMap identity(Shape shape);
  /// `operand` read in the shape of `shape`, to which it broadcasts: aligned at the last dimension,
  /// extents of 1 repeated.
  [[nodiscard]] static IndexMap broadcast(std::span<const std::int64_t> operand, Shape shape);
  /// Result dimension i is the operand's dimension `permutation[i]`.
  [[nodiscard]] static IndexMap transpose(std::span<const std::int64_t> operand,
                                          std::span<const std::int64_t> permutation);
  /// As many elements as `shape` has, from `starts` on in `steps`.
  [[nodiscard]] static IndexMap slice(std::span<const std::int64_t> starts,
                                      std::span<const std::int64_t> steps, Shape shape);
  /// Nothing if the reshape does more than adding and dropping extents of 1.
  [[nodiscard]] static std::optional<IndexMap> reshape(std::span<const std::int64_t> operand,
                                                       Shape shape);
  /// The view that the operation of `node` is of an operand, or nothing if it is none.
  [[nodiscard]] static std::optional<IndexMap> of(const Node &node,
                                                  std::span<const std::int64_t> operand);

  /// The map of this view of another one, which `inner` maps to its operand.
  [[nodiscard]] IndexMap compose(const IndexMap &inner) const;

  /// The strides of the view, if those of the operand are `strides`. 0 where elements repeat.
  [[nodiscard]] std::vector<std::int64_t> strides(std::span<const std::int64_t> strides) const;
  /// The distance from the operand's element 0 to the view's, likewise; 0 of a view of nothing.
  [[nodiscard]] std::int64_t offset(std::span<const std::int64_t> strides) const;
  /// The view of `values`, which are an operand's.
  [[nodiscard]] std::shared_ptr<const Storage> apply(const Storage &values) const;
};

} // namespace tsum
