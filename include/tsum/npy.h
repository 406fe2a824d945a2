// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

/// The array in the NumPy file `path`, as `numpy.load` reads it: format versions 1.0 to 3.0,
/// little-endian elements of tsum's dtypes, in C or Fortran order.
///
/// The elements are mapped, not copied, so the file must not be changed in place while the tensor
/// lives; replacing it, as `save_npy` does, is fine.
///
/// \throws FileError if the file cannot be read or is not exactly such an array.
[[nodiscard]] Tensor load_npy(const std::filesystem::path &path, std::string_view name = {});

/// The arrays in the NumPy archive `path`, by name, as `numpy.savez` and `numpy.savez_compressed`
/// write them. Compressed ones are unpacked; the others are mapped as by `load_npy`, and their
/// checksums not looked at.
///
/// \throws FileError as `load_npy`.
[[nodiscard]] std::vector<std::pair<std::string, Tensor>>
load_npz(const std::filesystem::path &path);

/// Writes the values of `tensor` to the NumPy file `path` in C order, evaluating if need be. The
/// file appears, or is replaced, when it is complete: a failure leaves `path` as it was.
///
/// \throws FileError if the file cannot be written, and what evaluation throws.
void save_npy(const std::filesystem::path &path, const Tensor &tensor);

} // namespace tsum

#pragma GCC visibility pop
