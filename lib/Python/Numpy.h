// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

/// NumPy's C interface. NumPy is imported when a tensor first meets it, not with tsum.
namespace tsum::python::numpy {

/// Whether `object` is an ndarray, of a subclass maybe. Does not import NumPy: if nobody has, it is
/// none.
[[nodiscard]] bool is_array(nb::handle object);

/// Whether `object` is a NumPy scalar: any, or one of NumPy's own integer or float dtypes.
[[nodiscard]] bool is_scalar(nb::handle object);
[[nodiscard]] bool is_integer_scalar(nb::handle object);
[[nodiscard]] bool is_floating_scalar(nb::handle object);
/// Either of both.
[[nodiscard]] inline bool is_number(nb::handle object) {
  return is_integer_scalar(object) || is_floating_scalar(object);
}

/// Where the elements of an ndarray are; valid as long as the array is.
struct Memory {
  DType dtype;
  std::span<const std::int64_t> shape, strides; ///< strides in bytes
  const void *data;
};
/// \throws DTypeError for elements that tsum has no dtype for, or a masked array.
[[nodiscard]] Memory memory_of(nb::handle array);

/// A tensor that reads the memory of the ndarray `array`, which it keeps alive.
[[nodiscard]] Tensor borrow_array(nb::handle array);

/// `numpy.asarray(object)`, or of a dtype.
[[nodiscard]] nb::object as_array(nb::handle object, std::optional<DType> dtype = std::nullopt);

/// The dtype that NumPy's dtype object `descr` stands for, or nothing.
[[nodiscard]] std::optional<DType> find_dtype(nb::handle descr);

/// The dtype that NumPy means by `text`, such as "f8", or nothing.
[[nodiscard]] std::optional<DType> find_dtype_of_string(nb::handle text);

/// NumPy's dtype object. \throws DTypeError if it needs ml_dtypes, which is not installed.
[[nodiscard]] nb::object dtype_object(DType dtype);

/// A read-only array of memory that `owner` keeps alive.
[[nodiscard]] nb::object make_array(DType dtype, std::span<const std::int64_t> shape,
                                    const ByteStrides &strides, const void *data, nb::handle owner);

[[nodiscard]] nb::object make_scalar(DType dtype, const void *data);

} // namespace tsum::python::numpy
