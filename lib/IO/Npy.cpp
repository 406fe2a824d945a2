// SPDX-License-Identifier: Apache-2.0
#include "tsum/npy.h"

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

[[noreturn]] void fail(const std::string &where, const std::string &what, int error) {
  throw FileError(where + ": " + what + ": " + std::generic_category().message(error));
}

/// A file descriptor that is closed at the end of its scope.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() { close(); }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  [[nodiscard]] bool is_open() const { return descriptor >= 0; }
  [[nodiscard]] int get() const { return descriptor; }
  /// Whether all that was written has arrived; some file systems tell only here.
  bool close() { return !is_open() || ::close(std::exchange(descriptor, -1)) == 0; }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

private:
  int descriptor;
};

/// The bytes of a whole file, mapped.
struct Mapping {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

Mapping map_file(const std::filesystem::path &path, const std::string &where) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  File file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status;
  if (!file.is_open() || ::fstat(file.get(), &status) != 0)
    fail(where, "cannot be opened", errno);
  if (!S_ISREG(status.st_mode))
    throw FileError(where + ": not a regular file");
  auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0)
    throw FileError(where + ": the file is empty");
  void *memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED)
    fail(where, "cannot be mapped", errno);
  return {std::shared_ptr<const void>(memory, [size](void *memory) { ::munmap(memory, size); }),
          {static_cast<const char *>(memory), size}};
}

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

Tensor load_npy(const std::filesystem::path &path, std::string_view name) {
  const std::string where = "load_npy: '" + path.string() + "'";
  Mapping mapping = map_file(path, where);
  std::string_view elements = mapping.bytes;
  NpyHeader header = parse_npy_header(elements, where);
  std::size_t expected = byte_count(header, where);
  if (elements.size() != expected)
    throw FileError(where + ": " + to_string(header.shape) + " of " +
                    std::string(name_of(header.dtype)) + " takes " + std::to_string(expected) +
                    " bytes, but the file has " + std::to_string(elements.size()) +
                    " after its header");
  ByteStrides strides = header.fortran_order ? fortran_strides(header) : ByteStrides();
  return borrow(elements.data(), header.dtype, std::move(header.shape), std::move(strides),
                std::move(mapping.owner), name);
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
    fail(where, "cannot be created", errno);
  File file(descriptor);
  if (!file.write(to_string(header)) || !file.write(elements) || !file.close() ||
      ::rename(temporary.c_str(), target.c_str()) != 0) {
    int error = errno;
    ::unlink(temporary.c_str());
    fail(where, "cannot be written", error);
  }
}

} // namespace tsum
