// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

/// The array in the NumPy file `path`, as `numpy.load` reads it: format versions 1.0 to 3.0,
/// little-endian elements of tsum's dtypes, in C or Fortran order.
///
/// Files of up to 16 MB are read. The elements of larger ones are mapped, not copied, so that these
/// must not be changed in place while the tensor lives, nor made shorter, which ends the process
/// when it reads on; replacing them, as `save_npy` does, is fine.
///
/// \throws FileError if the file cannot be read or is not exactly such an array.
[[nodiscard]] Tensor load_npy(const std::filesystem::path &path, std::string_view name = {});

/// An open NumPy archive, as `numpy.savez` and `numpy.savez_compressed` write them. Arrays are read
/// when they are asked for, so that the others may have any dtype and size. It is read or
/// mapped, as by `load_npy`.
class NpzFile {
public:
  /// Reads what the archive has.
  /// \throws FileError if it cannot be read or is no archive.
  explicit NpzFile(const std::filesystem::path &path);
  // Moving it copies it: a handle is never without an archive.
  NpzFile(const NpzFile &) = default;
  NpzFile &operator=(const NpzFile &) = default;

  /// The arrays, in the order in which they were saved.
  [[nodiscard]] std::vector<std::string> names() const;

  /// The array `name`, its checksum looked at; the last one if there are several. A compressed one
  /// is unpacked, any other mapped.
  /// \throws FileError if there is none, and as `load_npy`.
  [[nodiscard]] Tensor load(std::string_view name) const;

private:
  struct Archive;
  std::shared_ptr<const Archive> archive;
};

/// The arrays in the NumPy archive `path` by name: all of an `NpzFile`.
/// \throws FileError if one of them cannot be loaded.
[[nodiscard]] std::vector<std::pair<std::string, Tensor>>
load_npz(const std::filesystem::path &path);

/// Writes the values of `tensor` to the NumPy file `path` in C order, evaluating if need be. What
/// is computed of files (tsum/stream.h) is written piece by piece, so that it may be larger than
/// memory; `tensor` has no values then. The file appears, or is replaced, when it is complete and
/// on the disk: a failure leaves `path` as it was. A file that is replaced hands on its mode, and
/// its owner and group if the process may set them; a symbolic link goes on to point to it, while
/// another hard link keeps the old values.
///
/// \throws FileError if the file cannot be written, and what evaluation throws.
void save_npy(const std::filesystem::path &path, const Tensor &tensor);

} // namespace tsum

#pragma GCC visibility pop
