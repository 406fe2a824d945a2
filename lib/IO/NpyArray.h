// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <filesystem>

namespace tsum {

/// The array in the bytes of a NumPy file, which `owner` keeps.
/// \throws FileError, its message beginning with `where`.
[[nodiscard]] Tensor parse_npy(std::string_view file, std::shared_ptr<const void> owner,
                               const std::string &where, std::string_view name);

/// Where in the archive `path` the bytes of the NumPy file of array `name` begin, and how many they
/// are. \throws FileError, its message beginning with `where`, if there is none, or it is
/// compressed.
struct StoredArray {
  std::int64_t begin, size;
};
[[nodiscard]] StoredArray stored_array(const std::filesystem::path &path, std::string_view name,
                                       const std::string &where);

} // namespace tsum
