// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tsum {

/// While one lives, on whichever thread, the process does not fork: `fork` waits. For what takes
/// locks that the child could not release, or makes static objects: all use of LLVM does both. May
/// be nested.
class NoFork {
public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork &) = delete;
  NoFork &operator=(const NoFork &) = delete;
};

/// Before a fork: waits until no other thread has a NoFork, and keeps new ones waiting.
void close_for_fork();
/// After it, in both processes.
void open_after_fork();

} // namespace tsum
