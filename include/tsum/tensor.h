// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/dtype.h"
#include "tsum/error.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

/// Extents, outermost first. Rank 0 is a scalar; an extent may be 0.
using Shape = std::vector<std::int64_t>;

/// In the shape of an `input`: an extent that is left open.
inline constexpr std::int64_t any = -1;

/// Distances in bytes between neighbours along each dimension; may be 0 (broadcast) or negative
/// (reversed).
using ByteStrides = std::vector<std::int64_t>;

struct [[gnu::visibility("hidden")]] Node; // private: tsum/Graph/Node.h

namespace detail {
[[noreturn]] void throw_moved_from();
} // namespace detail

/// A handle to one node of an expression graph: cheap to copy (one reference count), immutable.
///
/// Building a graph computes nothing. Reading a value (`item`, `data`, `to_vector`, printing) or
/// calling `eval` evaluates the node once and keeps the result with it. Handles may be used from
/// several threads at once. One that was moved from may be destroyed or assigned to; anything else
/// throws Error.
class Tensor {
public:
  [[nodiscard]] DType dtype() const;
  /// The extents; valid as long as a handle to this node lives.
  [[nodiscard]] std::span<const std::int64_t> shape() const;
  [[nodiscard]] std::int64_t rank() const { return static_cast<std::int64_t>(shape().size()); }
  /// The number of elements: 1 for a scalar.
  /// \throws ShapeError of an input with open extents.
  [[nodiscard]] std::int64_t size() const;
  /// The operation that makes this value, as in the API ("reduce_sum"); "constant" for data.
  [[nodiscard]] std::string_view op() const;
  /// The name given when the node was built; may be empty.
  [[nodiscard]] std::string_view name() const;
  /// Whether the values exist: data, or an evaluated node.
  [[nodiscard]] bool is_evaluated() const;

  /// The only element. Evaluates if need be.
  /// \throws ShapeError if there is not exactly one, DTypeError if `T` is not the element type.
  template <Element T> [[nodiscard]] T item() const {
    return *static_cast<const T *>(checked_data(dtype_of<T>, /*only_element=*/true));
  }

  /// The elements in row-major order; valid as long as a handle to this node lives. Evaluates if
  /// need be; where the values lie in another order (strided data, or a result stored in its
  /// input's order) this makes one copy, kept with the node.
  /// \throws DTypeError if `T` is not the element type.
  template <Element T> [[nodiscard]] std::span<const T> data() const {
    return {static_cast<const T *>(checked_data(dtype_of<T>, /*only_element=*/false)),
            static_cast<std::size_t>(size())};
  }

  /// A copy of `data<T>()`.
  template <Element T> [[nodiscard]] std::vector<T> to_vector() const {
    auto values = data<T>();
    return {values.begin(), values.end()};
  }

  /// The raw bytes behind `data`, for code that handles any dtype: `size() * size_of(dtype())`
  /// bytes.
  [[nodiscard]] const void *bytes() const { return checked_data(dtype(), /*only_element=*/false); }

  /// The node, for the compiler's own use.
  [[nodiscard]] const std::shared_ptr<const Node> &node() const {
    if (!node_ptr) [[unlikely]]
      detail::throw_moved_from();
    return node_ptr;
  }
  explicit Tensor(std::shared_ptr<const Node> node) : node_ptr(std::move(node)) {}

private:
  const void *checked_data(DType wanted, bool only_element) const;

  std::shared_ptr<const Node> node_ptr;
};

/// What elements are copied from: `std::vector<float>`, say, also of bool, or an array.
template <class Range>
concept ElementRange =
    std::ranges::forward_range<Range> && Element<std::ranges::range_value_t<Range>>;

/// Data copied from `values`, in row-major order.
/// \throws ShapeError if `values` does not have as many elements as `shape`, or `shape` has a
/// negative extent or too many elements.
template <Element T>
[[nodiscard]] Tensor constant(std::span<const T> values, Shape shape, std::string_view name = {});
template <ElementRange Range>
[[nodiscard]] Tensor constant(const Range &values, Shape shape, std::string_view name = {});
/// All of them as a vector.
template <ElementRange Range> [[nodiscard]] Tensor constant(const Range &values);

/// A scalar, a vector or a matrix written out: `constant({{1.f, 2.f}, {3.f, 4.f}})`.
/// \throws ShapeError if the rows differ in length.
template <Element T> [[nodiscard]] Tensor constant(T value, std::string_view name = {});
template <Element T>
[[nodiscard]] Tensor constant(std::initializer_list<T> values, std::string_view name = {});
template <Element T>
[[nodiscard]] Tensor constant(std::initializer_list<std::initializer_list<T>> rows,
                              std::string_view name = {});
/// Any shape, the elements written out in row-major order: `constant<float>({}, {0, 4})`.
/// \throws ShapeError as above.
template <Element T>
[[nodiscard]] Tensor constant(std::initializer_list<T> values,
                              std::initializer_list<std::int64_t> shape,
                              std::string_view name = {});
/// A shape has no place here, nor is `{0, 4}` a name, four characters from nowhere: repeat a value
/// with `broadcast_to`.
template <Element T> Tensor constant(T value, std::initializer_list<std::int64_t> shape) = delete;

/// Memory that belongs to somebody else, read in place when a graph over it is evaluated.
///
/// Element (i, j, ...) lies `i * strides[0] + j * strides[1] + ...` bytes from `data`. Strides may
/// be zero or negative, elements may overlap, `data` may be any address; strides that are no
/// multiple of the element size cost a copy at each evaluation. No strides given means row-major.
/// `keep_alive` is held as long as the tensor is; without it the caller keeps the memory alive, and
/// unchanged while an evaluation runs.
///
/// \throws MemoryError for null `data` with elements to read, strides of another rank than `shape`,
/// or strides that reach further than 2^63 - 1 bytes.
/// \throws ShapeError for a negative extent, or more elements or bytes than 2^63 - 1.
[[nodiscard]] Tensor borrow(const void *data, DType dtype, Shape shape, ByteStrides strides = {},
                            std::shared_ptr<const void> keep_alive = {},
                            std::string_view name = {});

/// As above for row-major elements of a known type.
template <Element T>
[[nodiscard]] Tensor borrow(const T *data, Shape shape, std::string_view name = {}) {
  return borrow(data, dtype_of<T>, std::move(shape), {}, {}, name);
}

/// A tensor whose data is given later, to a function that is compiled from a graph over it: see
/// tsum/function.h. Nothing that depends on it can be evaluated.
///
/// `strides` say how the data will lie, in bytes; they must be multiples of the element size. None
/// given means row-major.
///
/// An extent may be `any`, which leaves it open: the input says what a function takes, and is no
/// operand, since what an operation does depends on extents (the count in a mean, what broadcasts).
/// Give `compile` a callable that builds the graph: `input(DType::f32, {any, 4096})` takes tensors
/// of f32 with 4096 columns, stored in any way.
///
/// \throws MemoryError for strides of another rank than `shape`, that are no multiples of the
/// element size, that reach further than 2^63 - 1 bytes, or beside an open extent.
/// \throws ShapeError for an extent below 0 other than `any`, or more elements or bytes than
/// 2^63 - 1.
[[nodiscard]] Tensor input(DType dtype, Shape shape, ByteStrides strides = {},
                           std::string_view name = {});

/// Prints the values as TensorFlow does, `tsum.Tensor([3 3], shape=(2,), dtype=i32)`, evaluating if
/// need be; long dimensions are abridged to their first and last three elements.
std::ostream &operator<<(std::ostream &os, const Tensor &tensor);

/// The graph behind `tensor`, an operation a line in the order of evaluation, without evaluating
/// anything:
/// `%1 = reduce_sum(%0, axes=[1]) : f32[2]`.
[[nodiscard]] std::string graph_to_string(const Tensor &tensor);

// Implementation of the templates above.

namespace detail {
[[nodiscard]] Tensor copy_to_constant(const void *values, std::size_t count, DType dtype,
                                      Shape shape, std::string_view name);
[[noreturn]] void throw_ragged_rows(std::size_t row, std::size_t given, std::size_t expected);
} // namespace detail

template <Element T>
Tensor constant(std::span<const T> values, Shape shape, std::string_view name) {
  return detail::copy_to_constant(values.data(), values.size(), dtype_of<T>, std::move(shape),
                                  name);
}

template <ElementRange Range>
Tensor constant(const Range &values, Shape shape, std::string_view name) {
  using T = std::ranges::range_value_t<Range>;
  if constexpr (std::ranges::contiguous_range<const Range>) {
    return constant(std::span<const T>(values), std::move(shape), name);
  } else {
    const auto count = static_cast<std::size_t>(std::ranges::distance(values));
    const auto copy = std::make_unique<T[]>(count);
    std::ranges::copy(values, copy.get());
    return constant(std::span<const T>(copy.get(), count), std::move(shape), name);
  }
}

template <ElementRange Range> Tensor constant(const Range &values) {
  return constant(values, {static_cast<std::int64_t>(std::ranges::distance(values))});
}

template <Element T> Tensor constant(T value, std::string_view name) {
  return detail::copy_to_constant(&value, 1, dtype_of<T>, {}, name);
}

template <Element T> Tensor constant(std::initializer_list<T> values, std::string_view name) {
  return detail::copy_to_constant(values.begin(), values.size(), dtype_of<T>,
                                  {static_cast<std::int64_t>(values.size())}, name);
}

template <Element T>
Tensor constant(std::initializer_list<T> values, std::initializer_list<std::int64_t> shape,
                std::string_view name) {
  return detail::copy_to_constant(values.begin(), values.size(), dtype_of<T>, shape, name);
}

template <Element T>
Tensor constant(std::initializer_list<std::initializer_list<T>> rows, std::string_view name) {
  std::size_t columns = rows.size() ? rows.begin()->size() : 0;
  std::vector<T> values;
  values.reserve(rows.size() * columns);
  for (const auto &row : rows) {
    if (row.size() != columns)
      detail::throw_ragged_rows(static_cast<std::size_t>(&row - rows.begin()), row.size(), columns);
    values.insert(values.end(), row.begin(), row.end());
  }
  return detail::copy_to_constant(
      values.data(), values.size(), dtype_of<T>,
      {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)}, name);
}

} // namespace tsum

#pragma GCC visibility pop
