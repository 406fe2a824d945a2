// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tsum {

// Linux looks for an idle processor for a thread that it wakes only among those that it knows to
// share a cache. Where it knows of none (virtual machines may hide them), a worker that last ran on
// the caller's processor waits there behind the caller, for milliseconds, while another one is
// idle: launches then take as long as on one thread. The workers are TBB's, and so the host's: they
// are moved only if `set_worker_moving` says so.

/// To be called by a worker, once or more.
void note_worker();

/// To be called after a launch with work for several threads. If no worker came to it, nor to one
/// shortly before, moves those that wait for the calling thread's processor to others: some system
/// calls, at most in a twentieth of the time, and seldom if that is no use.
void move_workers_if(bool none_came);

} // namespace tsum
