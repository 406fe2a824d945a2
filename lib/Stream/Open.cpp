// SPDX-License-Identifier: Apache-2.0
#include "FileData.h"

#include "IO/File.h"
#include "IO/NpyArray.h"
#include "IO/NpyHeader.h"
#include "tsum/elementwise.h"
#include "tsum/shapes.h"
#include "tsum/stream.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace tsum {

using namespace stream;

namespace {

/// A file that is looked at, and closed again.
struct Opened {
  Opened(const std::filesystem::path &path, const std::string &where)
      // Without O_NONBLOCK, opening a pipe would wait for its writer.
      : file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (!file.is_open())
      throw_system_error(where, "cannot be opened", errno);
    identity = identity_of(file.get(), where);
  }

  File file;
  FileIdentity identity;
};

/// A tensor in one file, whose elements begin at `offset`.
std::shared_ptr<FileData> data_in(const std::filesystem::path &path, const FileIdentity &identity,
                                  std::int64_t offset, const NpyHeader &header) {
  auto data = std::make_shared<FileData>();
  data->dtype = header.dtype;
  data->shape = header.shape;
  data->fortran_order = header.fortran_order;
  // Evaluated from another folder, it is the same file.
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  data->parts.push_back({error ? path : std::move(absolute), identity, offset, 0,
                         header.shape.empty() ? 1 : header.shape.front()});
  return data;
}

/// The array in `size` bytes of a file that begin at `begin`.
std::shared_ptr<FileData> npy_in(const std::filesystem::path &path, Opened &opened,
                                 std::int64_t begin, std::int64_t size, const std::string &where) {
  constexpr std::int64_t most_header = std::int64_t{1} << 20;
  std::string front(static_cast<std::size_t>(std::min(size, most_header)), '\0');
  if (::lseek(opened.file.get(), begin, SEEK_SET) != begin ||
      opened.file.read(front.data(), front.size()) != std::ssize(front))
    throw_system_error(where, "cannot be read", errno);
  std::string_view rest = front;
  const NpyHeader header = parse_npy_header(rest, where);
  const auto header_size = static_cast<std::int64_t>(front.size() - rest.size());
  const std::int64_t expected = npy_byte_count(header, where);
  if (size - header_size != expected)
    throw FileError(where + ": " + to_string(header.shape) + " of " +
                    std::string(name_of(header.dtype)) + " takes " + std::to_string(expected) +
                    " bytes, but the file has " + std::to_string(size - header_size) +
                    " after its header");
  return data_in(path, opened.identity, begin + header_size, header);
}

Tensor real_tensor_of(std::shared_ptr<FileData> data, std::string_view name) {
  auto node =
      std::make_shared<InputNode>(data->dtype, data->shape, data->strides_of(data->shape), data);
  node->name = name;
  return Tensor(std::move(node));
}

/// Of complex elements the parts are real tensors over the same data, which has them as pairs along
/// an innermost dimension of its own.
Tensor tensor_of(std::shared_ptr<FileData> data, std::string_view name) {
  if (kind_of(data->dtype) != DTypeKind::Complex)
    return real_tensor_of(std::move(data), name);
  const std::size_t dim = data->fortran_order ? 0 : data->shape.size();
  data->dtype = real_dtype(data->dtype);
  if (data->shape.empty())
    data->parts.front().count = 2; // along the pair, which is the only dimension
  else if (data->fortran_order)
    ++data->joined;
  data->shape.insert(data->shape.begin() + static_cast<std::ptrdiff_t>(dim), 2);
  const Tensor pairs = real_tensor_of(std::move(data), {});
  auto part = [&](std::int64_t number) {
    std::vector<Slice> slices(dim + 1);
    slices.back() = {number, number + 1};
    return squeeze(slice(pairs, slices), static_cast<std::int64_t>(dim));
  };
  return complex(part(0), part(1), name);
}

std::shared_ptr<FileData> npy_at(const std::filesystem::path &path) {
  const std::string where = "open_npy: '" + path.string() + "'";
  Opened opened(path, where);
  return npy_in(path, opened, 0, opened.identity.size, where);
}

/// Appends the one tensor in `next` to those in `all`.
void join(FileData &all, const FileData &next, std::size_t axis) {
  const std::string prefix = "open_npy: '" + next.parts.front().path.string() + "' ";
  if (next.dtype != all.dtype)
    throw DTypeError(prefix + "has dtype " + std::string(name_of(next.dtype)) +
                     ", and the files before it " + std::string(name_of(all.dtype)));
  Shape expected = all.shape;
  if (next.shape.size() == expected.size())
    expected[axis] = next.shape[axis];
  if (next.shape != expected)
    throw ShapeError(prefix + "has shape " + to_string(next.shape) + ", which does not fit to " +
                     to_string(all.shape) + " along axis " + std::to_string(axis));
  // One of one dimension alone is in both orders.
  const bool has_order =
      all.dims_outermost_first().size() > 1 || next.dims_outermost_first().size() > 1;
  if (next.fortran_order != all.fortran_order && has_order)
    throw ShapeError(prefix + "is in " + (next.fortran_order ? "Fortran" : "C") +
                     " order, and the files before it are not (save it in theirs)");
  FilePart part = next.parts.front();
  part.begin = all.shape[axis];
  part.count = next.shape[axis];
  if (__builtin_add_overflow(all.shape[axis], part.count, &all.shape[axis]))
    throw ShapeError(prefix + "makes more than 2^63 - 1 elements along axis " +
                     std::to_string(axis));
  checked_size("open_npy", all.shape, all.dtype);
  all.parts.push_back(std::move(part));
}

} // namespace

Tensor open_npy(const std::filesystem::path &path, std::string_view name) {
  return tensor_of(npy_at(path), name);
}

Tensor open_npy(std::span<const std::filesystem::path> paths, std::int64_t axis,
                std::string_view name) {
  if (paths.empty())
    throw Error("open_npy: no files are given");
  const std::shared_ptr<FileData> all = npy_at(paths.front());
  const std::int64_t rank = std::ssize(all->shape);
  const std::int64_t dim = axis < 0 ? axis + rank : axis;
  if (dim < 0 || dim >= rank)
    throw AxisError("open_npy: axis " + std::to_string(axis) +
                    " is out of range for tensors of rank " + std::to_string(rank));
  all->joined = dim;
  all->parts.front().count = all->shape[static_cast<std::size_t>(dim)];
  for (const std::filesystem::path &path : paths.subspan(1))
    join(*all, *npy_at(path), static_cast<std::size_t>(dim));
  return tensor_of(all, name);
}

Tensor open_npz(const std::filesystem::path &path, std::string_view member, std::string_view name) {
  const std::string where = "open_npz: '" + path.string() + "': '" + std::string(member) + "'";
  Opened opened(path, where);
  const auto [begin, size] = stored_array(path, member, "open_npz: '" + path.string() + "'");
  return tensor_of(npy_in(path, opened, begin, size, where), name);
}

Tensor open_raw(const std::filesystem::path &path, const RawLayout &layout, std::string_view name) {
  const std::string where = "open_raw: '" + path.string() + "'";
  if (layout.offset < 0)
    throw Error(where + ": an offset of " + std::to_string(layout.offset) +
                " (0 or more is needed)");
  const std::int64_t bytes =
      checked_size("open_raw", layout.shape, layout.dtype) * size_of(layout.dtype);
  const Opened opened(path, where);
  if (bytes > opened.identity.size - layout.offset)
    throw FileError(where + ": " + to_string(layout.shape) + " of " +
                    std::string(name_of(layout.dtype)) + " takes " + std::to_string(bytes) +
                    " bytes from byte " + std::to_string(layout.offset) + " on, and the file has " +
                    std::to_string(opened.identity.size));
  return tensor_of(data_in(path, opened.identity, layout.offset,
                           {layout.dtype, layout.fortran_order, layout.shape}),
                   name);
}

} // namespace tsum
