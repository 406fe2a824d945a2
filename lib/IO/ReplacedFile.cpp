// SPDX-License-Identifier: Apache-2.0
#include "ReplacedFile.h"

#include "tsum/error.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tsum {

namespace {

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

ReplacedFile::ReplacedFile(const std::filesystem::path &path, std::string where)
    : where(std::move(where)), target(follow_links(path, this->where)), file(-1) {
  const std::optional<Permissions> before = permissions_of(target, this->where);
  // Until it has the mode of the file before, the new one is nobody else's.
  int descriptor;
  std::tie(temporary, descriptor) = create_beside(target, before ? S_IRUSR | S_IWUSR : 0666);
  if (descriptor < 0)
    throw_system_error(this->where, "cannot be created", errno);
  file.open(descriptor);
}

ReplacedFile::~ReplacedFile() {
  if (!is_committed)
    ::unlink(temporary.c_str());
}

void ReplacedFile::fail() { throw_system_error(where, "cannot be written", errno); }

void ReplacedFile::write(std::string_view bytes) {
  if (!file.write(bytes))
    fail();
}

void ReplacedFile::write_at(std::int64_t place, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), place);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      fail();
    bytes.remove_prefix(static_cast<std::size_t>(written));
    place += written;
  }
}

void ReplacedFile::commit() {
  // As the file is now: it may have changed since.
  const std::optional<Permissions> before = permissions_of(target, where);
  if ((before && !set_permissions(file, *before)) || ::fsync(file.get()) != 0 || !file.close() ||
      ::rename(temporary.c_str(), target.c_str()) != 0)
    fail();
  is_committed = true;
  sync_folder_of(target);
}

} // namespace tsum
