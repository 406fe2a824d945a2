// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/DiskCache.h"

#include "StageDump.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace tsum {

namespace {

/// A descriptor that closes itself.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  explicit operator bool() const { return descriptor >= 0; }
  [[nodiscard]] int get() const { return descriptor; }

private:
  int descriptor;
};

/// The first words of a file; the key and the image follow.
struct Header {
  std::uint64_t magic = 0x314c4e52454b5354; // "TSKERNL1"
  std::uint64_t checksum[2] = {};           // of all behind it
  std::uint64_t keyWords = 0;
  std::uint64_t imageWords = 0;
};

llvm::ArrayRef<std::uint8_t> bytesOf(const void *data, std::size_t size) {
  return {static_cast<const std::uint8_t *>(data), size};
}

void checksum(llvm::ArrayRef<std::uint8_t> bytes, std::uint64_t (&result)[2]) {
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(bytes);
  result[0] = hash.low64;
  result[1] = hash.high64;
}

std::vector<std::int64_t> keyOf(const std::string &version, const CanonicalGraph &graph) {
  FieldWriter writer;
  writer.write(version);
  writer.write(graph);
  return std::move(writer.words);
}

constexpr llvm::StringRef filePrefix = "llvmcache-";

std::string nameOf(const std::vector<std::int64_t> &key) {
  std::uint64_t hash[2];
  checksum(bytesOf(key.data(), key.size() * sizeof(key[0])), hash);
  return filePrefix.str() + llvm::utohexstr(hash[1], /*LowerCase=*/true, /*Width=*/16) +
         llvm::utohexstr(hash[0], /*LowerCase=*/true, /*Width=*/16);
}

constexpr llvm::StringRef temporaryPrefix = "tmp-";

/// Whether what `status` describes belongs to the user and can be written by nobody else.
bool isPrivate(const struct stat &status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool readAll(int descriptor, char *to, std::size_t size) {
  while (size > 0) {
    ssize_t count = ::read(descriptor, to, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    to += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

bool writeAll(int descriptor, const char *from, std::size_t size) {
  while (size > 0) {
    ssize_t count = ::write(descriptor, from, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    from += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

/// Like `mkdir -p`, with access for the user alone.
void makeDirectories(const std::string &path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    ::mkdir(path.substr(0, slash).c_str(), 0700);
  ::mkdir(path.c_str(), 0700);
}

std::string defaultDirectory() {
  // The code is executed: a privileged process takes none from where whoever started it says.
  if (!dump_directory().empty())
    return ""; // what is found is not compiled, and leaves nothing to see
  if (const char *given = ::secure_getenv("TSUM_CACHE_DIR"))
    return given;
  if (const char *xdg = ::secure_getenv("XDG_CACHE_HOME"); xdg && xdg[0] == '/')
    return std::string(xdg) + "/tsum";
  if (const char *home = ::secure_getenv("HOME"); home && home[0] == '/')
    return std::string(home) + "/.cache/tsum";
  return "";
}

} // namespace

DiskCache::DiskCache() : DiskCache(defaultDirectory()) {}

DiskCache::DiskCache(std::string path, std::string version, DiskCacheLimits limits)
    : path(std::move(path)), version(std::move(version)), limits(limits),
      enabled(!this->path.empty()) {
  if (!this->path.empty() && this->path.front() != '/')
    turnOff("'" + this->path + "' is no absolute path");
}

void DiskCache::turnOff(const std::string &reason) {
  if (enabled.exchange(false))
    warn("the disk cache is off: " + reason);
}

void DiskCache::warn(const std::string &message) {
  if (!warned.exchange(true))
    std::fprintf(stderr, "tsum: warning: %s\n", message.c_str());
}

/// Counts an error, and says whether it may be a matter of the moment: too many open files, a
/// network that is away.
bool DiskCache::isTransient(int error) {
  ++counters.errors;
  return llvm::is_contained({EMFILE, ENFILE, EINTR, EIO, ESTALE, ENOMEM, ETIMEDOUT, EAGAIN}, error);
}

/// A descriptor of the directory, or -1. Opened for each look-up: one that is kept would be closed,
/// and its number given to something else, by programs that turn themselves into daemons.
int DiskCache::openDirectory() {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) {
    makeDirectories(path);
    descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (descriptor < 0) {
    if (!isTransient(errno))
      turnOff("'" + path + "': " + std::strerror(errno));
    return -1;
  }
  struct stat status;
  if (::fstat(descriptor, &status) != 0) {
    ++counters.errors;
    ::close(descriptor);
    return -1;
  }
  if (!isPrivate(status)) {
    ::close(descriptor);
    turnOff("'" + path + "' belongs to another user or can be written by others (try chmod 700)");
    return -1;
  }
  return descriptor;
}

std::optional<Image> DiskCache::find(const CanonicalGraph &graph) {
  if (!enabled)
    return std::nullopt;
  std::vector<std::int64_t> key = keyOf(version, graph);
  bool isBroken = false;
  std::optional<Image> image = read(key, isBroken);
  ++(image ? counters.hits : counters.misses);
  if (isBroken)
    ++counters.broken;
  return image;
}

std::optional<Image> DiskCache::read(const std::vector<std::int64_t> &key, bool &isBroken) {
  File directory(openDirectory());
  if (!directory)
    return std::nullopt;
  // A fifo must not block.
  File file(::openat(directory.get(), nameOf(key).c_str(),
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    isBroken = errno != ENOENT;
    return std::nullopt;
  }
  isBroken = true;
  struct stat status;
  Header header;
  const Header expected;
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !isPrivate(status) ||
      status.st_size < static_cast<off_t>(sizeof(header)) ||
      !readAll(file.get(), reinterpret_cast<char *>(&header), sizeof(header)) ||
      header.magic != expected.magic || header.keyWords != key.size())
    return std::nullopt;
  const std::uint64_t bytes = static_cast<std::uint64_t>(status.st_size) - sizeof(header);
  if (bytes % 8 != 0 || header.keyWords > bytes / 8 ||
      header.imageWords != bytes / 8 - header.keyWords)
    return std::nullopt;
  std::vector<std::int64_t> words(bytes / 8);
  std::uint64_t found[2];
  if (!readAll(file.get(), reinterpret_cast<char *>(words.data()), bytes))
    return std::nullopt;
  checksum(bytesOf(words.data(), bytes), found);
  if (found[0] != header.checksum[0] || found[1] != header.checksum[1] ||
      !std::equal(key.begin(), key.end(), words.begin()))
    return std::nullopt;
  Image image;
  FieldReader reader(std::span<const std::int64_t>(words).subspan(key.size()));
  reader.read(image);
  if (!reader.is_complete() || !is_consistent(image))
    return std::nullopt;
  isBroken = false;
  // For the pruning: many file systems do not take down when a file is read.
  struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  if (::futimens(file.get(), times) != 0)
    counters.errors += errno != EROFS && errno != EPERM;
  return image;
}

void DiskCache::insert(const CanonicalGraph &graph, const Image &image) {
  if (!enabled)
    return;
  ++(write(keyOf(version, graph), image) ? counters.writes : counters.failedWrites);
  if (++writesSincePruning >= writesPerPruning) {
    writesSincePruning = 0;
    prune();
  }
}

bool DiskCache::write(const std::vector<std::int64_t> &key, const Image &image) {
  FieldWriter writer;
  writer.words = key;
  writer.write(image);
  Header header;
  header.keyWords = key.size();
  header.imageWords = writer.words.size() - key.size();
  const std::size_t bytes = writer.words.size() * sizeof(writer.words[0]);
  checksum(bytesOf(writer.words.data(), bytes), header.checksum);

  File directory(openDirectory());
  if (!directory)
    return false;
  // Unique among processes and threads; nobody else can write here.
  static std::atomic<unsigned> count = 0;
  const std::string name = nameOf(key);
  const std::string temporary =
      temporaryPrefix.str() + std::to_string(::getpid()) + "-" + std::to_string(count++) + "-" +
      std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  {
    File file(::openat(directory.get(), temporary.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
      if (!isTransient(errno))
        warn("nothing can be written to the disk cache '" + path + "': " + std::strerror(errno));
      return false;
    }
    if (writeAll(file.get(), reinterpret_cast<const char *>(&header), sizeof(header)) &&
        writeAll(file.get(), reinterpret_cast<const char *>(writer.words.data()), bytes) &&
        ::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) == 0)
      return true;
    warn("nothing can be written to the disk cache '" + path + "': " + std::strerror(errno));
  }
  ::unlinkat(directory.get(), temporary.c_str(), 0);
  return false;
}

namespace {

/// A file of the cache.
struct Kept {
  std::string name;
  std::int64_t used; ///< when, in seconds
  std::int64_t bytes;
};

/// What the cache has in a directory.
struct Listing {
  std::vector<Kept> files, temporaries;
};

/// The files in `directory`. Counts what goes wrong, beside files that others remove meanwhile.
Listing listFiles(int directory, std::int64_t now, std::atomic<std::int64_t> &errors) {
  Listing listing;
  // A descriptor of its own, since the other's place in the directory is shared by copies.
  const int descriptor = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  if (!list) {
    ++errors;
    if (descriptor >= 0)
      ::close(descriptor);
    return listing;
  }
  for (;;) {
    errno = 0;
    const dirent *entry = ::readdir(list);
    if (!entry) {
      errors += errno != 0;
      break;
    }
    const llvm::StringRef name = entry->d_name;
    const bool isTemporary = name.starts_with(temporaryPrefix);
    if (!isTemporary && !name.starts_with(filePrefix))
      continue;
    struct stat status;
    if (::fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      errors += errno != ENOENT;
      continue;
    }
    std::int64_t used = std::max(status.st_atime, status.st_mtime);
    // The clock may have been wrong when it was written.
    if (used > now && !isTemporary) {
      const struct timespec times[2] = {{now, 0}, {now, 0}};
      if (::utimensat(directory, entry->d_name, times, AT_SYMLINK_NOFOLLOW) != 0)
        errors += errno != ENOENT;
      used = now;
    }
    (isTemporary ? listing.temporaries : listing.files)
        .push_back({name.str(), used, status.st_size});
  }
  ::closedir(list);
  return listing;
}

/// How many bytes of the cache the file system has room for.
std::int64_t roomFor(int directory, std::int64_t taken) {
  struct statvfs status;
  if (::fstatvfs(directory, &status) != 0)
    return std::numeric_limits<std::int64_t>::max();
  const double available =
      static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
  return static_cast<std::int64_t>(
      std::min(0.75 * (available + static_cast<double>(taken)), 0x1p62));
}

} // namespace

void DiskCache::prune() {
  constexpr std::int64_t expiration = std::int64_t{60} * 24 * 3600;
  if (!enabled)
    return;
  File directory(openDirectory());
  if (!directory)
    return;
  const std::int64_t now = std::time(nullptr);
  Listing listing = listFiles(directory.get(), now, counters.errors);
  auto remove = [&](const Kept &file) {
    if (::unlinkat(directory.get(), file.name.c_str(), 0) != 0)
      counters.errors += errno != ENOENT;
  };
  // Whose writer was killed. Of a writer that is at it, wherever the clock was meanwhile, the write
  // fails and is counted.
  for (const Kept &file : listing.temporaries)
    if (std::abs(now - file.used) > limits.staleSeconds)
      remove(file);

  std::vector<Kept> &files = listing.files;
  llvm::sort(files, [](const Kept &a, const Kept &b) { return a.used < b.used; });
  std::int64_t bytes = 0;
  for (const Kept &file : files)
    bytes += file.bytes;
  const std::int64_t most = std::min(limits.bytes, roomFor(directory.get(), bytes));
  auto left = static_cast<std::int64_t>(files.size());
  for (const Kept &file : files) {
    // Not by the clock, which may jump ahead.
    const bool isExpired = files.back().used - file.used > expiration;
    if (bytes <= most && left <= limits.files && !isExpired)
      break;
    remove(file);
    bytes -= file.bytes;
    --left;
  }
}

} // namespace tsum
