// SPDX-License-Identifier: Apache-2.0
#include "tsum/npy.h"

#include "File.h"
#include "NpyArray.h"
#include "NpyHeader.h"
#include "tsum/Graph/Node.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tsum {
namespace {

static_assert(std::endian::native == std::endian::little, "the files hold little-endian elements");

/// The bytes that the header announces.
std::size_t byte_count(const NpyHeader &header, const std::string &where) {
  try {
    return static_cast<std::size_t>(checked_size(where, header.shape, header.dtype) *
                                    size_of(header.dtype));
  } catch (const ShapeError &error) {
    throw FileError(error.what());
  }
}

ByteStrides fortran_strides(const NpyHeader &header) {
  Shape reversed(header.shape.rbegin(), header.shape.rend());
  ByteStrides strides = row_major_strides(reversed, header.dtype);
  std::reverse(strides.begin(), strides.end());
  return strides;
}

/// Creates a file beside `target`, where it can be renamed to it, and gives its name and
/// descriptor.
std::pair<std::filesystem::path, int> create_beside(const std::filesystem::path &target) {
  static std::atomic<int> counter = 0;
  for (;;) {
    std::filesystem::path path = target;
    path += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    // A killed process may have left a file of that name.
    if (descriptor >= 0 || errno != EEXIST)
      return {std::move(path), descriptor};
  }
}

} // namespace

Tensor parse_npy(std::string_view file, std::shared_ptr<const void> owner, const std::string &where,
                 std::string_view name) {
  std::string_view elements = file;
  NpyHeader header = parse_npy_header(elements, where);
  std::size_t expected = byte_count(header, where);
  if (elements.size() != expected)
    throw FileError(where + ": " + to_string(header.shape) + " of " +
                    std::string(name_of(header.dtype)) + " takes " + std::to_string(expected) +
                    " bytes, but the file has " + std::to_string(elements.size()) +
                    " after its header");
  ByteStrides strides = header.fortran_order ? fortran_strides(header) : ByteStrides();
  return borrow(elements.data(), header.dtype, std::move(header.shape), std::move(strides),
                std::move(owner), name);
}

Tensor load_npy(const std::filesystem::path &path, std::string_view name) {
  const std::string where = "load_npy: '" + path.string() + "'";
  Mapping mapping = map_file(path, where);
  return parse_npy(mapping.bytes, std::move(mapping.owner), where, name);
}

void save_npy(const std::filesystem::path &path, const Tensor &tensor) {
  const std::string where = "save_npy: '" + path.string() + "'";
  NpyHeader header{tensor.dtype(), false, {tensor.shape().begin(), tensor.shape().end()}};
  std::string_view elements(static_cast<const char *>(tensor.bytes()), byte_count(header, where));

  // A link goes on to point to what is replaced.
  std::error_code missing;
  std::filesystem::path target = std::filesystem::canonical(path, missing);
  if (missing)
    target = path;
  else if (!std::filesystem::is_regular_file(target))
    throw FileError(where + ": not a regular file");

  auto [temporary, descriptor] = create_beside(target);
  if (descriptor < 0)
    throw_system_error(where, "cannot be created", errno);
  File file(descriptor);
  if (!file.write(to_string(header)) || !file.write(elements) || !file.close() ||
      ::rename(temporary.c_str(), target.c_str()) != 0) {
    int error = errno;
    ::unlink(temporary.c_str());
    throw_system_error(where, "cannot be written", error);
  }
}

} // namespace tsum
