// SPDX-License-Identifier: Apache-2.0
#include "tsum/Support/Timeline.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace tsum {

Timeline::Timeline(std::FILE *file) : file(file), process(::getpid()) {
  // An array whose end may be missing: what a process that is killed leaves is read, too.
  std::fputs("[", file);
}

Timeline *Timeline::open() {
  const char *path = std::getenv("TSUM_TRACE");
  if (!path || !*path)
    return nullptr;
  std::FILE *file = std::fopen(path, "we");
  if (!file) {
    std::fprintf(stderr, "tsum: warning: TSUM_TRACE: '%s' cannot be written: %s\n", path,
                 std::strerror(errno));
    return nullptr;
  }
  return new Timeline(file); // whose file the C library flushes when the process exits
}

void Timeline::add(std::string_view category, std::string_view name, Clock::time_point begin,
                   Clock::time_point end) {
  using Microseconds = std::chrono::duration<double, std::micro>;
  // A child shares the file, and what the parent had not written yet.
  if (::getpid() != process)
    return;
  std::lock_guard lock(mutex);
  std::fprintf(file,
               "\n{\"ph\": \"X\", \"cat\": \"%.*s\", \"name\": \"%.*s\", \"ts\": %.3f, "
               "\"dur\": %.3f, \"pid\": %d, \"tid\": %d},",
               static_cast<int>(category.size()), category.data(), static_cast<int>(name.size()),
               name.data(), Microseconds(begin - start).count(), Microseconds(end - begin).count(),
               process, ::gettid());
}

} // namespace tsum
