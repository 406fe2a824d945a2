// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tsum {

/// Says which dimensions of which tensors run together: union-find over (tensor, dimension), which
/// keeps the dimensions of any one tensor apart.
class DimensionClasses {
public:
  using Id = std::int32_t;
  static constexpr Id none = -1; ///< of a dimension of extent 1, which runs with none

  /// Adds a tensor, each of whose dimensions is a class of its own.
  [[nodiscard]] std::vector<Id> add(std::span<const std::int64_t> shape);

  /// The dimension that stands for all that run together with `id`.
  [[nodiscard]] Id find(Id id) const;

  /// Lets two dimensions of equal extent run together; not, and returns false, if some tensor has a
  /// dimension of either class.
  [[nodiscard]] bool unite(Id a, Id b);

  [[nodiscard]] std::int64_t extent(Id id) const { return at(id).extent; }
  [[nodiscard]] std::size_t size() const { return dims.size(); }

private:
  struct Dim {
    std::int64_t extent;
    Id parent;
    Id next;       ///< the class's dimensions are a ring
    Id class_size; ///< of a root
    Id tensor_begin, tensor_end;
  };

  [[nodiscard]] const Dim &at(Id id) const { return dims[static_cast<std::size_t>(id)]; }
  [[nodiscard]] Dim &at(Id id) { return dims[static_cast<std::size_t>(id)]; }

  std::vector<Dim> dims;
};

} // namespace tsum
