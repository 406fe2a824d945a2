// SPDX-License-Identifier: Apache-2.0
#include "tsum/npy.h"

#include "File.h"
#include "NpyArray.h"
#include "NpyHeader.h"
#include "ReplacedFile.h"
#include "tsum/Graph/Elsewhere.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tsum {
namespace {

static_assert(std::endian::native == std::endian::little, "the files hold little-endian elements");

ByteStrides fortran_strides(const NpyHeader &header) {
  Shape reversed(header.shape.rbegin(), header.shape.rend());
  ByteStrides strides = row_major_strides(reversed, header.dtype);
  std::reverse(strides.begin(), strides.end());
  return strides;
}

} // namespace

std::int64_t npy_byte_count(const NpyHeader &header, const std::string &where) {
  try {
    return checked_size(where, header.shape, header.dtype) * size_of(header.dtype);
  } catch (const ShapeError &error) {
    throw FileError(error.what());
  }
}

Tensor parse_npy(std::string_view file, std::shared_ptr<const void> owner, const std::string &where,
                 std::string_view name) {
  std::string_view elements = file;
  NpyHeader header = parse_npy_header(elements, where);
  const auto expected = static_cast<std::size_t>(npy_byte_count(header, where));
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
  const auto bytes = static_cast<std::size_t>(npy_byte_count(header, where));
  const std::string front = to_string(header);
  if (const auto elsewhere = elsewhere_behind({&tensor, 1})) {
    ReplacedFile file(path, where);
    file.write(front);
    elsewhere->evaluate_to(tensor, [&](const Tensor &piece, std::int32_t dim, std::int64_t begin) {
      const std::int64_t count =
          piece.rank() == 0 ? 1 : piece.shape()[static_cast<std::size_t>(dim)];
      const auto *elements = static_cast<const char *>(piece.bytes());
      for_each_run(header.shape, header.dtype, dim, begin, count,
                   [&](std::int64_t at, std::int64_t from, std::int64_t size) {
                     file.write_at(std::ssize(front) + at,
                                   {elements + from, static_cast<std::size_t>(size)});
                   });
    });
    return file.commit();
  }
  const std::string_view elements(static_cast<const char *>(tensor.bytes()), bytes);
  ReplacedFile file(path, where);
  file.write(front);
  file.write(elements);
  file.commit();
}

} // namespace tsum
