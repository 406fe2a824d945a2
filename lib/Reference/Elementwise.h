// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Scalar.h"
#include "tsum/Graph/Strided.h"

#include <cstring>

namespace tsum::reference {

/// Row-major elements of any dtype.
using Buffer = std::vector<std::byte>;

/// An operand of an elementwise operation: its strides in elements, one per dimension of the
/// result.
struct Input {
  DType dtype;
  const Buffer *values;
  std::vector<std::int64_t> strides;
};

template <class T> T load(const Buffer &buffer, std::int64_t index) {
  // Any byte but 0 is true.
  if constexpr (std::is_same_v<T, bool>)
    return buffer[static_cast<std::size_t>(index)] != std::byte{0};
  T value;
  std::memcpy(&value, buffer.data() + index * std::int64_t{sizeof(T)}, sizeof(T));
  return value;
}

template <class T> void append(Buffer &buffer, T value) {
  const auto *bytes = reinterpret_cast<const std::byte *>(&value);
  buffer.insert(buffer.end(), bytes, bytes + sizeof(T));
}

/// The values of `op`, a `Cast`, a `Where` or an elementwise operation, over `shape`.
Buffer apply_elementwise(OpKind op, DType dtype, std::span<const std::int64_t> shape,
                         const std::vector<Input> &inputs);

/// The numbers of an iota over `shape`.
Buffer count(DType dtype, std::span<const std::int64_t> shape, std::int64_t first,
             std::span<const std::int64_t> steps);

/// The strides in elements of a row-major tensor of `shape`.
std::vector<std::int64_t> element_strides(std::span<const std::int64_t> shape);

} // namespace tsum::reference
