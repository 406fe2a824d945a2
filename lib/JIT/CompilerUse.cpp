// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/CompilerUse.h"

#include "ExitHandlers.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace tsum {

namespace {

std::atomic<int> users = 0;
std::atomic<bool> is_exiting = false;
thread_local int depth = 0;
thread_local int own_users = 0;

/// Lets no use begin and waits for those of other threads. Compilations have a budget, and end at
/// the next stage in any case; what takes much longer does not keep the process.
void end_uses() {
  constexpr auto longest = std::chrono::seconds(60);
  is_exiting = true;
  const auto begin = std::chrono::steady_clock::now();
  while (users > own_users && std::chrono::steady_clock::now() - begin < longest)
    std::this_thread::sleep_for(std::chrono::microseconds(100));
}

void end_uses_at_exit() {
  register_at_exit([](void *) { end_uses(); }, nullptr, nullptr);
}

/// An exit destroys the latest static object first. LLVM and MLIR make some in any use, not only in
/// the first one: these would be gone before `end_uses` could wait for the use that needs them, so
/// that they stay. Whatever else is made, `end_uses` comes before its destructor.
int register_for_exit(void (*destroy)(void *), void *object, void *library) {
  if (depth > 0)
    return 0;
  const int result = register_at_exit(destroy, object, library);
  end_uses_at_exit();
  return result;
}

// When the library is loaded: before LLVM's own static objects are made, or after all of them.
[[maybe_unused]] const int prepared = [] {
  divert_exit_handlers(register_for_exit);
  end_uses_at_exit();
  return 0;
}();

} // namespace

bool CompilerUse::is_exit() { return is_exiting; }

CompilerUse::CompilerUse() {
  if (depth++ > 0)
    return;
  is_counted = true;
  ++users;
  ++own_users;
  is_there = !is_exiting;
}

CompilerUse::CompilerUse(Inherited) : no_fork(NoFork::Inherited()) {
  ++depth;
  ++own_users; // a fatal error of LLVM exits on this thread
}

CompilerUse::~CompilerUse() {
  if (--depth > 0)
    return;
  --own_users;
  if (is_counted)
    --users;
}

CompileFailure CompilerUse::failure() {
  return {"exit", "the process is exiting, and the compiler's parts with it"};
}

} // namespace tsum
