// SPDX-License-Identifier: Apache-2.0
#include "Elementwise.h"

namespace tsum::reference {

std::vector<std::int64_t> element_strides(std::span<const std::int64_t> shape) {
  return row_major_strides(shape, DType::u8);
}

Buffer apply_elementwise(OpKind op, DType dtype, std::span<const std::int64_t> shape,
                         const std::vector<Input> &inputs) {
  const Input &first = inputs.front();
  const Input &last = inputs.back(); // of a unary operation: the first again, and ignored
  Buffer result;
  visit_dtype(dtype, [&]<class T>(T) {
    if (op == OpKind::Where) {
      for_each_index<3>(shape, {first.strides, inputs[1].strides, last.strides},
                        [&](const auto &offsets) {
                          const bool condition = load<bool>(*first.values, offsets[0]);
                          append(result, condition ? load<T>(*inputs[1].values, offsets[1])
                                                   : load<T>(*last.values, offsets[2]));
                        });
      return;
    }
    visit_dtype(first.dtype, [&]<class From>(From) {
      for_each_index<2>(shape, {first.strides, last.strides}, [&](const auto &offsets) {
        const From x = load<From>(*first.values, offsets[0]);
        if (op == OpKind::Cast)
          append(result, convert<T>(x));
        else if constexpr (ComplexElement<From>)
          __builtin_unreachable(); // is a pair of reals by now
        else if constexpr (std::is_same_v<T, From> || std::is_same_v<T, bool>)
          append(result, apply<T>(op, x, load<From>(*last.values, offsets[1])));
      });
    });
  });
  return result;
}

Buffer count(DType dtype, std::span<const std::int64_t> shape, std::int64_t first,
             std::span<const std::int64_t> steps) {
  Buffer result;
  visit_dtype(dtype, [&]<class T>(T) {
    for_each_index<1>(shape, {steps}, [&]([[maybe_unused]] const auto &offsets) {
      if constexpr (IntegerElement<T>)
        append(result, static_cast<T>(first + offsets[0]));
    });
  });
  return result;
}

} // namespace tsum::reference
