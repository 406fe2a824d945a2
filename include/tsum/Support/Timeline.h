// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Support/ForkSafe.h"

#include <chrono>
#include <cstdio>
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
    const State known = state.load(std::memory_order_acquire);
    return known == State::None ? nullptr : known == State::Unknown ? open() : the_timeline();
  }

  /// Something of the calling thread, called `name`, from `begin` to `end`, and why it happened, if
  /// `reason` is not empty. Events that enclose others may be added after them. No text has
  /// characters that JSON escapes.
  void add(std::string_view category, std::string_view name, Clock::time_point begin,
           Clock::time_point end, std::string_view reason = {});

private:
  enum class State : std::uint8_t { Unknown, None, Open };

  explicit Timeline(std::FILE *file);
  static Timeline *open();
  static Timeline *the_timeline();
  static void flush();

  static inline std::atomic<State> state = State::Unknown;
  static AtFork at_fork;

  ForkSafeMutex mutex{LockRank::Timeline};
  std::FILE *const file;
  const int process;
  const Clock::time_point start = Clock::now();
};

/// An event that lasts as long as the scope it is in. Its texts must live as long.
class TimelineScope {
public:
  TimelineScope(std::string_view category, std::string_view name, std::string_view reason = {})
      : timeline(Timeline::get()), category(category), name(name), reason(reason) {
    if (timeline)
      begin = Timeline::Clock::now();
  }
  ~TimelineScope() {
    if (timeline)
      timeline->add(category, name, begin, Timeline::Clock::now(), reason);
  }
  TimelineScope(const TimelineScope &) = delete;
  TimelineScope &operator=(const TimelineScope &) = delete;

private:
  Timeline *timeline;
  std::string_view category, name, reason;
  Timeline::Clock::time_point begin;
};

} // namespace tsum
