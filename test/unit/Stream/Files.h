// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"
#include "Process.h"

#include "tsum/npy.h"
#include "tsum/shapes.h"
#include "tsum/stream.h"

#include <fstream>
#include <random>

namespace tsum::test {

inline std::string elements_of(const Tensor &tensor) {
  return {static_cast<const char *>(tensor.bytes()),
          static_cast<std::size_t>(tensor.size() * size_of(tensor.dtype()))};
}

inline void write_file(const std::filesystem::path &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The elements from `begin` to `end` along `axis`.
inline Tensor part_of(const Tensor &tensor, std::int64_t axis, std::int64_t begin,
                      std::int64_t end) {
  std::vector<Slice> slices(static_cast<std::size_t>(axis) + 1);
  slices.back() = {begin, end};
  return slice(tensor, slices);
}

inline Tensor reversed_dims(const Tensor &tensor) {
  std::vector<std::int64_t> permutation;
  for (std::int64_t dim = tensor.rank(); dim-- > 0;)
    permutation.push_back(dim);
  return transpose(tensor, permutation);
}

/// Files of tensors in a folder that is removed in the end.
class Files {
public:
  /// `tensor` in a file, or several, in some format and order that `random` says.
  Tensor open(const Tensor &tensor, std::mt19937_64 &random) {
    const bool is_fortran = random() % 2 != 0;
    const RawLayout layout{tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()),
                           static_cast<std::int64_t>(random() % 3 * 13), is_fortran};
    switch (tensor.rank() > 0 ? random() % 3 : random() % 2) {
    case 0:
      return open_npy(write_npy(tensor));
    case 1: {
      const std::filesystem::path path = next();
      write_file(path, std::string(static_cast<std::size_t>(layout.offset), 'x') +
                           elements_of(is_fortran ? reversed_dims(tensor) : tensor) + "rest");
      return open_raw(path, layout);
    }
    default:
      return open_parts(
          tensor, static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(tensor.rank())),
          random);
    }
  }

  std::filesystem::path write_npy(const Tensor &tensor) {
    std::filesystem::path path = next();
    save_npy(path, tensor);
    return path;
  }

  /// Up to 4 files, some of which may have nothing.
  Tensor open_parts(const Tensor &tensor, std::int64_t axis, std::mt19937_64 &random) {
    const std::int64_t extent = tensor.shape()[static_cast<std::size_t>(axis)];
    std::vector<std::int64_t> cuts = {0, extent};
    for (std::uint64_t n = random() % 4; n > 0; --n)
      cuts.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(extent + 1)));
    std::ranges::sort(cuts);
    std::vector<std::filesystem::path> paths;
    for (std::size_t n = 0; n + 1 < cuts.size(); ++n)
      paths.push_back(write_npy(part_of(tensor, axis, cuts[n], cuts[n + 1])));
    return open_npy(paths, axis);
  }

  std::filesystem::path next() {
    return std::filesystem::path(directory.name()) / std::to_string(count++);
  }

private:
  TemporaryDirectory directory;
  int count = 0;
};

} // namespace tsum::test
