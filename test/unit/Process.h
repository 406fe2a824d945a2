// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace tsum::test {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TSUM_KEEPS_FREED_MEMORY
#endif
#endif
/// How much of what was freed may be in memory: the address sanitizer keeps 256 MB.
#ifdef TSUM_KEEPS_FREED_MEMORY
inline constexpr std::int64_t bytes_kept_when_freed = 256 << 20;
#else
inline constexpr std::int64_t bytes_kept_when_freed = 0;
#endif

/// An empty directory that is removed again.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    if (!::mkdtemp(path.data()))
      std::abort();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  [[nodiscard]] const std::string &name() const { return path; }

private:
  std::string path = std::filesystem::temp_directory_path() / "tsum-test-XXXXXX";
};

/// Forks a process that calls `act`, which returns the exit code, and is killed if it hangs.
template <class Act> pid_t start_process(const Act &act) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(120);
    ::_exit(act());
  }
  return child;
}

/// The exit code of `process`, or 1000 and the number of the signal that ended it.
inline int wait_for(pid_t process) {
  int status = 0;
  if (::waitpid(process, &status, 0) != process)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

template <class Act> int in_process(const Act &act) { return wait_for(start_process(act)); }

} // namespace tsum::test
