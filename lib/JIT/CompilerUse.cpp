// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/CompilerUse.h"

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace tsum {

namespace {

std::atomic<int> users = 0;
std::atomic<bool> is_exiting = false;
std::atomic<unsigned> ended_uses = 0;
thread_local int depth = 0;
thread_local int own_users = 0;

/// Before LLVM's static objects are destroyed: lets no use begin and waits for those of other
/// threads. Compilations have a budget; what takes much longer does not keep the process.
void end_uses() {
  constexpr auto longest = std::chrono::seconds(60);
  is_exiting = true;
  const auto begin = std::chrono::steady_clock::now();
  while (users > own_users && std::chrono::steady_clock::now() - begin < longest)
    std::this_thread::sleep_for(std::chrono::microseconds(100));
}

/// Static objects of the first uses are destroyed before what was registered earlier is called, so
/// that it is registered again after some more.
void be_told_of_exit() {
  if (std::has_single_bit(++ended_uses))
    std::atexit(end_uses);
}

} // namespace

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
  if (is_there && is_counted)
    be_told_of_exit();
  --own_users;
  if (is_counted)
    --users;
}

CompileFailure CompilerUse::failure() {
  return {"exit", "the process is exiting, and the compiler's parts with it"};
}

} // namespace tsum
