// SPDX-License-Identifier: Apache-2.0
#include "File.h"

#include "tsum/error.h"

#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tsum {

bool File::close() { return !is_open() || ::close(std::exchange(descriptor, -1)) == 0; }

bool File::write(std::string_view bytes) {
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

std::int64_t File::read(char *to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(descriptor, to + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    if (count == 0)
      break;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<std::int64_t>(done);
}

/// The first `size` bytes of a file.
static Mapping read_file(File &file, std::size_t size, const std::string &where) {
  static constexpr std::align_val_t alignment{64};
  std::shared_ptr<char> bytes(static_cast<char *>(::operator new(size, alignment)),
                              [](char *memory) { ::operator delete(memory, alignment); });
  const std::int64_t count = file.read(bytes.get(), size);
  if (count < 0)
    throw_system_error(where, "cannot be read", errno);
  if (static_cast<std::size_t>(count) < size)
    throw FileError(where + ": the file was made shorter while it was read");
  const std::string_view view(bytes.get(), size);
  return {std::move(bytes), view};
}

Mapping map_file(const std::filesystem::path &path, const std::string &where) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  File file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status;
  if (!file.is_open() || ::fstat(file.get(), &status) != 0)
    throw_system_error(where, "cannot be opened", errno);
  if (!S_ISREG(status.st_mode))
    throw FileError(where + ": not a regular file");
  auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0)
    throw FileError(where + ": the file is empty");
  if (size <= most_read_bytes)
    return read_file(file, size, where);
  void *memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED)
    throw_system_error(where, "cannot be mapped", errno);
  return {std::shared_ptr<const void>(memory, [size](void *memory) { ::munmap(memory, size); }),
          {static_cast<const char *>(memory), size}};
}

void throw_system_error(const std::string &where, const std::string &what, int error) {
  throw FileError(where + ": " + what + ": " + std::generic_category().message(error));
}

} // namespace tsum
