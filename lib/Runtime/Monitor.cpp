// SPDX-License-Identifier: Apache-2.0

#include "Monitor.h"

#include "tsum/Runtime/PieceProgress.h"
#include "tsum/Support/ScopeChain.h"
#include "tsum/eval.h"
#include "tsum/progress.h"

#include <algorithm>

namespace tsum {

namespace {

std::atomic<void (*)()> kernel_hook = nullptr;
thread_local CancellationScope *current_cancellation = nullptr;
thread_local ProgressScope *current_progress = nullptr;
thread_local bool is_telling = false;

} // namespace

void set_kernel_hook(void (*hook)()) { kernel_hook = hook; }

CancellationScope::CancellationScope(CancellationToken token)
    : token(std::move(token)), outer(current_cancellation) {
  current_cancellation = this;
}

CancellationScope::~CancellationScope() {
  end_scope(current_cancellation, this, &CancellationScope::outer);
}

ProgressScope::ProgressScope(std::function<void(const Progress &)> tell,
                             std::chrono::nanoseconds interval)
    : tell(std::move(tell)), interval(interval), outer(current_progress) {
  if (!this->tell)
    throw Error("progress: there is no function to tell (it is empty)");
  current_progress = this;
}

ProgressScope::~ProgressScope() { end_scope(current_progress, this, &ProgressScope::outer); }

void ProgressScope::tell_now(Clock::time_point now) {
  next = now + interval;
  const double known = static_cast<double>(std::max<std::int64_t>(known_bytes, 1));
  // Kernels of this thread are under way, and their memory in use.
  struct Telling {
    Telling() { is_telling = true; }
    ~Telling() { is_telling = false; }
  } telling;
  tell({std::min(1.0, static_cast<double>(done_bytes) / known), done_bytes, now - begin});
}

bool Monitor::wants_progress() { return current_progress != nullptr; }

void Monitor::begin(std::int64_t bytes) { current_progress->known_bytes += bytes; }

void Monitor::end() { current_progress->tell_now(ProgressScope::Clock::now()); }

void Monitor::note(std::int64_t bytes) {
  if (current_progress)
    current_progress->done_bytes += bytes;
}

void Monitor::look(std::int64_t bytes) {
  if (is_telling)
    throw Error("eval: in a function that a ProgressScope tells (evaluate before or after)");
  if (auto hook = kernel_hook.load(std::memory_order_relaxed))
    hook();
  for (const CancellationScope *scope = current_cancellation; scope; scope = scope->outer)
    if (scope->token.is_cancelled())
      throw CancelledError("eval: cancelled");
  note(bytes);
  if (ProgressScope *progress = current_progress)
    if (const auto now = ProgressScope::Clock::now(); now >= progress->next)
      progress->tell_now(now);
}

PieceProgress::PieceProgress(std::int64_t bytes) : scope(current_progress) {
  current_progress = nullptr;
  if (scope)
    scope->known_bytes += bytes;
}

PieceProgress::~PieceProgress() { current_progress = scope; }

void PieceProgress::done(std::int64_t bytes) {
  if (scope) {
    scope->done_bytes += bytes;
    if (const auto now = ProgressScope::Clock::now(); now >= scope->next)
      scope->tell_now(now);
  }
}

void PieceProgress::end() {
  if (scope)
    scope->tell_now(ProgressScope::Clock::now());
}

void PieceProgress::look() { Monitor::look(0); }

} // namespace tsum
