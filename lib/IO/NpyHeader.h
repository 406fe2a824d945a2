// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

namespace tsum {

/// What stands before the elements of a NumPy file: `\x93NUMPY`, a version, a length, and a Python
/// dict like `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, padded to a multiple of
/// 64 bytes. The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NpyHeader {
  DType dtype = DType::f32;
  bool fortran_order = false;
  Shape shape;
};

/// Takes the header off the front of `file`.
/// \throws FileError, its message beginning with `where`.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view &file, const std::string &where);

/// The bytes of the elements that it announces. \throws FileError for more than there can be.
[[nodiscard]] std::int64_t npy_byte_count(const NpyHeader &header, const std::string &where);

[[nodiscard]] std::string to_string(const NpyHeader &header);

} // namespace tsum
