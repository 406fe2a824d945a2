// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string_view>

namespace tsum {

/// What happened when, on which thread: a file of trace events, which ui.perfetto.dev and
/// chrome://tracing show. TSUM_TRACE=file.json turns it on for the process.
class Timeline {
public:
  using Clock = std::chrono::steady_clock;

  /// The process's, or null where none is wanted: a load and a branch. Never destroyed; what a
  /// forked child adds is dropped.
  static Timeline *get() {
    static Timeline *const timeline = open();
    return timeline;
  }

  /// Something of the calling thread, called `name`, from `begin` to `end`. Events that enclose
  /// others may be added after them.
  void add(std::string_view category, std::string_view name, Clock::time_point begin,
           Clock::time_point end);

private:
  explicit Timeline(std::FILE *file);
  static Timeline *open();

  std::mutex mutex;
  std::FILE *const file;
  const int process;
  const Clock::time_point start = Clock::now();
};

/// An event that lasts as long as the scope it is in. \p name must live as long.
class TimelineScope {
public:
  TimelineScope(std::string_view category, std::string_view name)
      : timeline(Timeline::get()), category(category), name(name) {
    if (timeline)
      begin = Timeline::Clock::now();
  }
  ~TimelineScope() {
    if (timeline)
      timeline->add(category, name, begin, Timeline::Clock::now());
  }
  TimelineScope(const TimelineScope &) = delete;
  TimelineScope &operator=(const TimelineScope &) = delete;

private:
  Timeline *timeline;
  std::string_view category, name;
  Timeline::Clock::time_point begin;
};

} // namespace tsum
