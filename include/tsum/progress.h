// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/error.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#pragma GCC visibility push(default)

namespace tsum {

class [[gnu::visibility("hidden")]] PieceProgress; // private: tsum/Runtime/PieceProgress.h

// Evaluations run in pieces of some megabytes, between which they can be looked at and ended.

/// What an evaluation throws that a CancellationToken has ended.
class CancelledError : public Error {
public:
  using Error::Error;
};

/// Ends evaluations, from whichever thread. A handle: copies are the same token.
///
/// \code
///   tsum::CancellationToken token;          // token.cancel() in another thread
///   tsum::CancellationScope scope(token);
///   tsum::eval(y);                          // may throw CancelledError
/// \endcode
class CancellationToken {
public:
  CancellationToken() : state(std::make_shared<std::atomic<bool>>(false)) {}
  // Moving it copies it: a handle is never without a token.
  CancellationToken(const CancellationToken &) = default;
  CancellationToken &operator=(const CancellationToken &) = default;

  /// Has evaluations that look at this token end as soon as each thread is done with its piece, and
  /// those to come before they begin. May be called in a signal handler.
  void cancel() const noexcept { state->store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_cancelled() const noexcept {
    return state->load(std::memory_order_relaxed);
  }

private:
  std::shared_ptr<std::atomic<bool>> state;
};

/// While it lives, what this thread evaluates looks at a token, and throws CancelledError once that
/// is cancelled: the tensors are as they were then, without values, and may be evaluated again.
/// Compilations are not ended. Scopes nest: those outside count as well. They end on the thread
/// that they began on.
class CancellationScope {
public:
  explicit CancellationScope(CancellationToken token);
  ~CancellationScope();
  CancellationScope(const CancellationScope &) = delete;
  CancellationScope &operator=(const CancellationScope &) = delete;

private:
  friend class Monitor;
  const CancellationToken token;
  CancellationScope *outer;
};

/// How far evaluations have come.
struct Progress {
  double fraction;                  ///< of the bytes that are known of so far: 0 to 1
  std::int64_t bytes;               ///< that kernels have read and written
  std::chrono::nanoseconds elapsed; ///< since the scope began
};

/// While it lives, tells how far what this thread evaluates has come: on this thread, between
/// pieces, at most every `interval`, and at the end of each evaluation. What `tell` throws ends the
/// evaluation, as a cancellation does; to evaluate anything is an Error there. The innermost scope
/// counts.
///
/// An evaluation of several graphs finds out about one after the other, so that the fraction may
/// fall when it does.
class ProgressScope {
public:
  /// \throws Error if `tell` is empty.
  explicit ProgressScope(std::function<void(const Progress &)> tell,
                         std::chrono::nanoseconds interval = std::chrono::milliseconds(50));
  ~ProgressScope();
  ProgressScope(const ProgressScope &) = delete;
  ProgressScope &operator=(const ProgressScope &) = delete;

private:
  friend class Monitor;
  friend class PieceProgress;
  using Clock = std::chrono::steady_clock;
  void tell_now(Clock::time_point now);

  const std::function<void(const Progress &)> tell;
  const std::chrono::nanoseconds interval;
  const Clock::time_point begin = Clock::now();
  Clock::time_point next = begin + interval;
  std::int64_t known_bytes = 0, done_bytes = 0;
  ProgressScope *outer;
};

} // namespace tsum

#pragma GCC visibility pop
