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
#include <optional>
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

/// The file that `path` leads to, through links; those may lead to where no file is yet.
std::filesystem::path follow_links(std::filesystem::path path, const std::string &where) {
  constexpr int most_links = 40; // as many as Linux follows
  std::error_code error;         // what is wrong with the path, creating a file there says
  for (int links = 0; std::filesystem::is_symlink(path, error); ++links) {
    if (links == most_links)
      throw_system_error(where, "cannot be created", ELOOP);
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path;
}

/// What a file that is to be replaced hands on.
struct Permissions {
  uid_t owner;
  gid_t group;
  mode_t mode;
};

/// Nothing if there is no file.
std::optional<Permissions> permissions_of(const std::filesystem::path &path,
                                          const std::string &where) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0)
    return std::nullopt;
  if (!S_ISREG(status.st_mode))
    throw FileError(where + ": not a regular file");
  return Permissions{status.st_uid, status.st_gid, status.st_mode & ~mode_t{S_IFMT}};
}

/// Only root may give files away, and others only to their own groups: another group than before
/// gets no more than everybody.
bool set_permissions(const File &file, Permissions wanted) {
  if (::fchown(file.get(), wanted.owner, wanted.group) != 0 &&
      ::fchown(file.get(), static_cast<uid_t>(-1), wanted.group) != 0)
    wanted.mode = (wanted.mode & ~mode_t{S_IRWXG}) | (wanted.mode & S_IRWXO) << 3;
  return ::fchmod(file.get(), wanted.mode & ~mode_t{S_ISUID | S_ISGID}) == 0;
}

/// Creates a file beside `target`, where it can be renamed to it, and gives its name and
/// descriptor.
std::pair<std::filesystem::path, int> create_beside(const std::filesystem::path &target,
                                                    mode_t mode) {
  static std::atomic<int> counter = 0;
  for (;;) {
    std::filesystem::path path = target;
    path += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    // A killed process may have left a file of that name.
    if (descriptor >= 0 || errno != EEXIST)
      return {std::move(path), descriptor};
  }
}

/// That a file has been renamed is on the disk when its folder is; where folders cannot be synced,
/// it is when the system likes.
void sync_folder_of(const std::filesystem::path &path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.is_open())
    ::fsync(file.get());
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

  const std::filesystem::path target = follow_links(path, where);
  const std::optional<Permissions> before = permissions_of(target, where);
  // Until it has the mode of the file before, the new one is nobody else's.
  auto [temporary, descriptor] = create_beside(target, before ? S_IRUSR | S_IWUSR : 0666);
  if (descriptor < 0)
    throw_system_error(where, "cannot be created", errno);
  File file(descriptor);
  if (!file.write(to_string(header)) || !file.write(elements) ||
      (before && !set_permissions(file, *before)) || ::fsync(file.get()) != 0 || !file.close() ||
      ::rename(temporary.c_str(), target.c_str()) != 0) {
    int error = errno;
    ::unlink(temporary.c_str());
    throw_system_error(where, "cannot be written", error);
  }
  sync_folder_of(target);
}

} // namespace tsum
