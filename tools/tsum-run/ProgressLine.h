// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/progress.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
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

  /// Says nothing from now on.
  void silence() {
    std::lock_guard lock(mutex);
    isSilent = true;
  }

  void begin(llvm::StringRef what) {
    std::lock_guard lock(mutex);
    activity = what.str();
    start = Clock::now();
    done.reset();
  }

  /// How far that has come.
  void show(const Progress &progress) {
    std::lock_guard lock(mutex);
    done = progress;
  }

private:
  using Clock = std::chrono::steady_clock;

  void watch() {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, std::chrono::seconds(1), [this] { return isDone; })) {
      const std::chrono::duration<double> elapsed = Clock::now() - start;
      if (isSilent || activity.empty() || elapsed < std::chrono::seconds(1))
        continue;
      const bool isTerminal = llvm::errs().is_displayed();
      llvm::errs() << (isTerminal ? "\r\033[K" : "") << "tsum-run: ";
      if (done)
        print(*done, isTerminal);
      else
        llvm::errs() << activity << llvm::format(", %.0f s", elapsed.count());
      llvm::errs() << (isTerminal ? "" : "\n");
      isShown = true;
    }
  }

  /// The fraction, as a bar on a terminal, the speed, and the time that is left.
  static void print(const Progress &progress, bool isTerminal) {
    constexpr int width = 30;
    const double seconds = std::chrono::duration<double>(progress.elapsed).count();
    if (isTerminal) {
      const int filled = static_cast<int>(progress.fraction * width);
      llvm::errs() << '[' << std::string(static_cast<std::size_t>(filled), '#')
                   << std::string(static_cast<std::size_t>(width - filled), '.') << "] ";
    }
    llvm::errs() << llvm::format("%.0f%%, %.3g GB/s", 100 * progress.fraction,
                                 static_cast<double>(progress.bytes) / seconds / 1e9);
    if (progress.fraction > 0)
      llvm::errs() << llvm::format(", %.0f s left",
                                   seconds * (1 - progress.fraction) / progress.fraction);
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string activity;
  Clock::time_point start;
  std::optional<Progress> done;
  bool isDone = false, isShown = false, isSilent = false;
  std::thread thread; // last: it uses the others
};

} // namespace tsum
