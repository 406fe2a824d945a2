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

namespace {

/// A file for events, or null.
std::FILE *open_file() {
  // A privileged process writes no files that whoever started it names.
  const char *path = ::secure_getenv("TSUM_TRACE");
  if (!path || !*path)
    return nullptr;
  std::FILE *file = std::fopen(path, "we");
  if (!file)
    std::fprintf(stderr, "tsum: warning: TSUM_TRACE: '%s' cannot be written: %s\n", path,
                 std::strerror(errno));
  return file; // which the C library flushes when the process exits
}

ProcessWide<Timeline *> timeline;

} // namespace

// What is not written yet would be by the child, too.
AtFork Timeline::at_fork(&Timeline::flush, nullptr);

void Timeline::flush() {
  if (state == State::Open)
    std::fflush(the_timeline()->file);
}

Timeline *Timeline::the_timeline() { return *timeline.if_made(); }

Timeline *Timeline::open() {
  Timeline *made = timeline.get([] {
    std::FILE *file = open_file();
    return new Timeline *(file ? new Timeline(file) : nullptr);
  });
  state.store(made ? State::Open : State::None, std::memory_order_release);
  return made;
}

void Timeline::add(std::string_view category, std::string_view name, Clock::time_point begin,
                   Clock::time_point end, std::string_view reason) {
  using Microseconds = std::chrono::duration<double, std::micro>;
  // A child shares the file, and what the parent had not written yet.
  if (::getpid() != process)
    return;
  std::lock_guard lock(mutex);
  std::fprintf(file,
               "\n{\"ph\": \"X\", \"cat\": \"%.*s\", \"name\": \"%.*s\", \"ts\": %.3f, "
               "\"dur\": %.3f, \"pid\": %d, \"tid\": %d%s%.*s%s},",
               static_cast<int>(category.size()), category.data(), static_cast<int>(name.size()),
               name.data(), Microseconds(begin - start).count(), Microseconds(end - begin).count(),
               process, ::gettid(), reason.empty() ? "" : ", \"args\": {\"reason\": \"",
               static_cast<int>(reason.size()), reason.data(), reason.empty() ? "" : "\"}");
}

} // namespace tsum
