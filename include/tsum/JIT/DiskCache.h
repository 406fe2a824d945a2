// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <atomic>
#include <optional>

namespace tsum {

/// How much a disk cache may hold.
struct DiskCacheLimits {
  std::int64_t bytes = std::int64_t{256} << 20;
  std::int64_t files = 10'000;
  std::int64_t staleSeconds = 3600; ///< after which a half-written file has no writer any more
};

/// Images in files, by canonical graph, `code_version()` among the keys. Many processes and threads
/// may share a directory: files appear by renaming, whole or not at all, and each carries a
/// checksum and its full key, both compared before it is used. Whatever is wrong with a file or
/// the directory means that nothing is found, and a counter; nothing here throws or fails.
///
/// The directory and its files must belong to the user and be writable by nobody else: they are
/// executed. If they are not, the cache turns itself off with one warning.
class DiskCache {
public:
  /// In the directory that the environment names: TSUM_CACHE_DIR (empty: none), or `tsum` in
  /// XDG_CACHE_HOME or in ~/.cache.
  DiskCache();
  /// In `path`, an absolute one, which is made when it is needed; empty turns the cache off.
  explicit DiskCache(std::string path, std::string version = code_version(),
                     DiskCacheLimits limits = {});

  /// One file read, about 0.1 ms.
  [[nodiscard]] std::optional<Image> find(const CanonicalGraph &graph);
  void insert(const CanonicalGraph &graph, const Image &image);
  /// Removes the files that were not used for longest, down to the limits and to three quarters of
  /// what the file system has room for, and those that were last used 60 days before the latest.
  /// `insert` does this every now and then.
  void prune();

  struct Counters {
    std::atomic<std::int64_t> hits = 0;
    std::atomic<std::int64_t> misses = 0;
    std::atomic<std::int64_t> broken = 0; ///< misses where there was a file that cannot be used
    std::atomic<std::int64_t> writes = 0;
    std::atomic<std::int64_t> failedWrites = 0;
    std::atomic<std::int64_t> errors = 0; ///< of the file system, beside these
  };
  Counters counters;

  [[nodiscard]] bool isEnabled() const { return enabled; }
  [[nodiscard]] const std::string &directory() const { return path; }

private:
  static constexpr int writesPerPruning = 200;

  int openDirectory();
  bool isTransient(int error);
  std::optional<Image> read(const std::vector<std::int64_t> &key, bool &isBroken);
  bool write(const std::vector<std::int64_t> &key, const Image &image);
  void turnOff(const std::string &reason);
  void warn(const std::string &message);

  const std::string path;
  const std::string version;
  const DiskCacheLimits limits;
  std::atomic<bool> enabled;
  std::atomic<bool> warned = false;
  std::atomic<int> writesSincePruning = writesPerPruning / 2;
};

} // namespace tsum
