// SPDX-License-Identifier: Apache-2.0
#include "FileData.h"

#include "IO/File.h"
#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Strided.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace tsum::stream {

static std::string where(const FilePart &part) { return "eval: '" + part.path.string() + "'"; }

const FileData *as_file(const InputNode &input) {
  return dynamic_cast<const FileData *>(input.elsewhere.get());
}

std::int64_t FileData::bytes() const { return byte_count(shape, dtype); }

std::vector<std::int32_t> FileData::dims_outermost_first() const {
  std::vector<std::int32_t> dims;
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    if (shape[dim] > 1)
      dims.push_back(static_cast<std::int32_t>(dim));
  if (fortran_order)
    std::ranges::reverse(dims);
  return dims;
}

ByteStrides FileData::strides_of(const Shape &shape) const {
  if (!fortran_order)
    return row_major_strides(shape, dtype);
  const Shape reversed(shape.rbegin(), shape.rend());
  ByteStrides strides = row_major_strides(reversed, dtype);
  std::ranges::reverse(strides);
  return strides;
}

std::string FileData::to_string() const {
  std::string text = "file '" + parts.front().path.string() + "'";
  if (parts.size() > 1)
    text += " and " + std::to_string(parts.size() - 1) + " more";
  return text;
}

FileIdentity identity_of(int descriptor, const std::string &where) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    throw_system_error(where, "cannot be opened", errno);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
    throw FileError(where + ": not a regular file");
  return {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
          status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

void check_same(const FilePart &part, int descriptor) {
  if (const FileIdentity now = identity_of(descriptor, where(part)); now != part.identity)
    throw FileError(where(part) + ": the file has changed since it was opened (it had " +
                    std::to_string(part.identity.size) + " bytes, now " + std::to_string(now.size) +
                    "; open it again)");
}

OpenFiles::~OpenFiles() {
  for (const std::shared_ptr<const File> &file : files)
    ::close(file->descriptor);
}

std::shared_ptr<const OpenFiles::File> OpenFiles::open(const FilePart &part) {
  constexpr std::size_t most_open = 64;
  const std::lock_guard lock(mutex);
  auto found = std::ranges::find(files, part.path,
                                 [](const auto &file) -> const auto & { return file->part.path; });
  if (found != files.end()) {
    std::rotate(found, found + 1, files.end());
    return files.back();
  }
  // Of many, one that nobody reads any more.
  if (files.size() >= most_open) {
    auto idle = std::ranges::find_if(files, [](const auto &file) { return file.use_count() == 1; });
    if (idle != files.end()) {
      const std::shared_ptr<const File> file = *idle;
      files.erase(idle);
      const std::unique_ptr<const int, void (*)(const int *)> closes(
          &file->descriptor, [](const int *descriptor) { ::close(*descriptor); });
      check_same(file->part, file->descriptor);
    }
  }
  const int descriptor = ::open(part.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw_system_error(where(part), "cannot be opened", errno);
  files.push_back(std::make_shared<const File>(File{part, descriptor}));
  check_same(part, descriptor);
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  return files.back();
}

void OpenFiles::check() {
  const std::lock_guard lock(mutex);
  for (const std::shared_ptr<const File> &file : files)
    check_same(file->part, file->descriptor);
}

/// Reads so many bytes from a place in a file. Without waiting, returns whether it did: not if some
/// of them are on a disk, or if the file system cannot tell.
static bool read_run(const FilePart &part, int descriptor, std::int64_t at, std::byte *to,
                     std::int64_t size, OpenFiles::Wait wait) {
  while (size > 0) {
    const iovec memory{to, static_cast<std::size_t>(size)};
    const bool waits = wait == OpenFiles::Wait::yes;
    const ssize_t count = ::preadv2(descriptor, &memory, 1, at, waits ? 0 : RWF_NOWAIT);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < size && !waits)
      return false;
    if (count < 0)
      throw_system_error(where(part), "cannot be read at byte " + std::to_string(at), errno);
    if (count == 0)
      throw FileError(where(part) + ": the file ends at byte " + std::to_string(at) +
                      ", though it had " + std::to_string(part.identity.size) +
                      " bytes when it was opened");
    at += count;
    to += count;
    size -= count;
  }
  return true;
}

bool OpenFiles::read_part(const FileData &data, const FilePart &part, std::int32_t dim,
                          std::int64_t begin, std::int64_t end, std::byte *to, Wait wait) {
  const auto cut = static_cast<std::size_t>(dim);
  const auto joined = static_cast<std::size_t>(data.joined);
  // The box to read, how it lies in the file, and in memory.
  Shape file_shape = data.shape, memory_shape = data.shape, box = data.shape;
  file_shape[joined] = part.count;
  memory_shape[cut] = end - begin;
  box[joined] = part.count;
  const ByteStrides file_strides = data.strides_of(file_shape);
  const ByteStrides memory_strides = data.strides_of(memory_shape);
  std::int64_t from = part.offset;
  if (cut == joined) {
    const std::int64_t first = std::max(begin, part.begin);
    box[cut] = std::min(end, part.begin + part.count) - first;
    from += (first - part.begin) * file_strides[cut];
    to += (first - begin) * memory_strides[cut];
  } else {
    box[cut] = end - begin;
    from += begin * file_strides[cut];
    to += part.begin * memory_strides[joined];
  }
  if (std::ranges::any_of(box, [](std::int64_t extent) { return extent <= 0; }))
    return true;

  // What is in one run in both is read at once.
  std::vector<std::size_t> dims(box.size());
  for (std::size_t n = 0; n < dims.size(); ++n) // innermost first
    dims[n] = data.fortran_order ? n : dims.size() - 1 - n;
  std::int64_t run = size_of(data.dtype);
  for (std::size_t inner : dims) {
    if (box[inner] == 1)
      continue;
    if (file_strides[inner] != run || memory_strides[inner] != run)
      break;
    run *= box[inner];
    box[inner] = 1;
  }
  const std::shared_ptr<const File> file = open(part);
  bool is_read = true;
  for_each_index<2>(box, {file_strides, memory_strides}, [&](const auto &offsets) {
    is_read =
        is_read && read_run(part, file->descriptor, from + offsets[0], to + offsets[1], run, wait);
  });
  return is_read;
}

bool OpenFiles::read(const FileData &data, std::int32_t dim, std::int64_t begin, std::int64_t end,
                     std::byte *to, Wait wait) {
  if (dim != data.joined)
    return std::ranges::all_of(data.parts, [&](const FilePart &part) {
      return read_part(data, part, dim, begin, end, to, wait);
    });
  auto part = std::ranges::upper_bound(
      data.parts, begin, {}, [](const FilePart &part) { return part.begin + part.count; });
  for (; part != data.parts.end() && part->begin < end; ++part)
    if (!read_part(data, *part, dim, begin, end, to, wait))
      return false;
  return true;
}

} // namespace tsum::stream
