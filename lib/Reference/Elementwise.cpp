// SPDX-License-Identifier: Apache-2.0
#include "Elementwise.h"

namespace tsum::reference {

std::vector<std::int64_t> element_strides(std::span<const std::int64_t> shape) {
  return row_major_strides(shape, DType::u8);
}

Buffer apply_elementwise(OpKind op, DType dtype, std::span<const std::int64_t> shape,
                         const std::vector<Input> &inputs) {
  const Input &x = inputs.front();
  const Input &y = inputs.back(); // of a unary operation: x again, and ignored
  Buffer result;
  visit_dtype(dtype, [&]<class T>(T) {
    for_each_index<2>(shape, {x.strides, y.strides}, [&](const auto &offsets) {
      if (op == OpKind::Cast)
        visit_dtype(x.dtype, [&]<class From>(From) {
          append(result, convert<T>(load<From>(*x.values, offsets[0])));
        });
      else if (op == OpKind::BroadcastTo)
        append(result, load<T>(*x.values, offsets[0]));
      else
        append(result, apply(op, load<T>(*x.values, offsets[0]), load<T>(*y.values, offsets[1])));
    });
  });
  return result;
}

} // namespace tsum::reference
