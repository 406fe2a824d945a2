// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"

namespace tsum {

DType Tensor::dtype() const { return node()->dtype; }

std::span<const std::int64_t> Tensor::shape() const { return node()->shape; }

std::int64_t Tensor::size() const {
  if (has_open_extent(shape()))
    throw ShapeError("size: the input of shape " + open_shape_to_string(shape()) +
                     " has open extents, which calls decide on");
  std::int64_t size = 1;
  for (std::int64_t extent : shape())
    if (extent == 0)
      return 0;
    else
      size *= extent;
  return size;
}

std::string_view Tensor::op() const { return op_info(node()->op).name; }

std::string_view Tensor::name() const { return node()->name; }

bool Tensor::is_evaluated() const { return node()->values() != nullptr; }

static Tensor make_constant(DType dtype, Shape shape, Storage values, std::string_view name) {
  auto node = std::make_shared<Node>(OpKind::Constant, dtype, std::move(shape));
  node->name = name;
  node->set_values(std::make_shared<const Storage>(std::move(values)));
  return Tensor(std::move(node));
}

Tensor detail::copy_to_constant(const void *values, std::size_t count, DType dtype, Shape shape,
                                std::string_view name) {
  std::int64_t size = checked_size("constant", shape, dtype);
  if (static_cast<std::int64_t>(count) != size)
    throw ShapeError("constant: " + std::to_string(count) + " values given for shape " +
                     to_string(shape) + ", which takes " + std::to_string(size));
  ByteStrides strides = row_major_strides(shape, dtype);
  auto copy =
      pack_row_major(shape, dtype, {nullptr, static_cast<const std::byte *>(values), strides});
  return make_constant(dtype, std::move(shape), *copy, name);
}

void detail::throw_moved_from() {
  throw Error("tensor: it was moved from, and holds nothing (copy a handle to keep it)");
}

void detail::throw_ragged_rows(std::size_t row, std::size_t given, std::size_t expected) {
  throw ShapeError("constant: row " + std::to_string(row) + " has " + std::to_string(given) +
                   " elements and row 0 has " + std::to_string(expected) +
                   " (all rows must have the same length)");
}

/// Throws if an element lies further from another than a pointer difference can tell.
static void check_reach(std::string_view op, const Shape &shape, const ByteStrides &strides,
                        DType dtype) {
  std::int64_t reach = size_of(dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == 1)
      continue; // its stride is never used
    std::int64_t distance;
    if (__builtin_mul_overflow(strides[dim], shape[dim] - 1, &distance) ||
        __builtin_sub_overflow(reach, distance < 0 ? distance : -distance, &reach))
      throw MemoryError(std::string(op) + ": strides " + to_string(strides) + " over shape " +
                        to_string(shape) + " reach further than 2^63 - 1 bytes");
  }
}

/// `strides`, or the row-major ones if there are none. Throws if there are too many or too few.
static ByteStrides checked_strides(std::string_view op, const Shape &shape, ByteStrides strides,
                                   DType dtype) {
  if (strides.empty())
    return row_major_strides(shape, dtype);
  if (strides.size() != shape.size())
    throw MemoryError(std::string(op) + ": " + std::to_string(strides.size()) +
                      " strides given for shape " + to_string(shape) + " of rank " +
                      std::to_string(shape.size()) + " (one per dimension, in bytes)");
  return strides;
}

/// An input that stands for those of every extent where `shape` has `any`.
static Tensor open_input(DType dtype, Shape shape, const ByteStrides &strides,
                         std::string_view name) {
  Shape smallest = shape;
  std::ranges::replace(smallest, any, 1);
  (void)checked_size("input", smallest, dtype);
  if (!strides.empty())
    throw MemoryError("input: strides " + to_string(strides) +
                      " given beside the open extents of " + open_shape_to_string(shape) +
                      " (give none: data may lie in any way)");
  auto node = std::make_shared<InputNode>(dtype, std::move(shape), ByteStrides());
  node->name = name;
  return Tensor(std::move(node));
}

Tensor input(DType dtype, Shape shape, ByteStrides strides, std::string_view name) {
  if (kind_of(dtype) == DTypeKind::Complex)
    throw DTypeError("input: given " + std::string(name_of(dtype)) +
                     " (functions are of real tensors: make two inputs and complex(x, y) of them)");
  if (has_open_extent(shape))
    return open_input(dtype, std::move(shape), strides, name);
  std::int64_t size = checked_size("input", shape, dtype);
  strides = checked_strides("input", shape, std::move(strides), dtype);
  if (size != 0) {
    check_reach("input", shape, strides, dtype);
    for (std::size_t dim = 0; dim < shape.size(); ++dim)
      if (shape[dim] != 1 && strides[dim] % size_of(dtype) != 0)
        throw MemoryError("input: strides " + to_string(strides) + " are no multiples of " +
                          std::to_string(size_of(dtype)) + ", the element size of " +
                          std::string(name_of(dtype)));
  }
  auto node = std::make_shared<InputNode>(dtype, std::move(shape), std::move(strides));
  node->name = name;
  return Tensor(std::move(node));
}

Tensor borrow(const void *data, DType dtype, Shape shape, ByteStrides strides,
              std::shared_ptr<const void> keep_alive, std::string_view name) {
  std::int64_t size = checked_size("borrow", shape, dtype);
  strides = checked_strides("borrow", shape, std::move(strides), dtype);
  if (size != 0) {
    if (!data)
      throw MemoryError("borrow: data is null for shape " + to_string(shape) +
                        " (only a tensor without elements needs no data)");
    check_reach("borrow", shape, strides, dtype);
  }
  return make_constant(
      dtype, std::move(shape),
      {std::move(keep_alive), static_cast<const std::byte *>(data), std::move(strides)}, name);
}

} // namespace tsum
