// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tsum {

/// Says on stderr what the program is at, once that takes longer than a second: a line a second, or
/// one line that changes on a terminal.
class ProgressLine {
public:
  ProgressLine() : thread([this] { watch(); }) {}
  ~ProgressLine() {
    {
      std::lock_guard lock(mutex);
      isDone = true;
    }
    changed.notify_one();
    thread.join();
    if (isShown && llvm::errs().is_displayed())
      llvm::errs() << "\r\033[K";
  }

  void begin(llvm::StringRef what) {
    std::lock_guard lock(mutex);
    activity = what.str();
    start = Clock::now();
  }

private:
  using Clock = std::chrono::steady_clock;

  void watch() {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, std::chrono::seconds(1), [this] { return isDone; })) {
      const std::chrono::duration<double> elapsed = Clock::now() - start;
      if (activity.empty() || elapsed < std::chrono::seconds(1))
        continue;
      const bool isTerminal = llvm::errs().is_displayed();
      llvm::errs() << (isTerminal ? "\r\033[K" : "") << "tsum-run: " << activity
                   << llvm::format(", %.0f s", elapsed.count()) << (isTerminal ? "" : "\n");
      isShown = true;
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string activity;
  Clock::time_point start;
  bool isDone = false, isShown = false;
  std::thread thread; // last: it uses the others
};

} // namespace tsum
