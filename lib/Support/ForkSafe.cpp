// SPDX-License-Identifier: Apache-2.0

#include "tsum/Support/ForkSafe.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace tsum {

namespace {

using Section = ForkSection;

std::atomic<Section *> sections = nullptr;
std::atomic<bool> is_closed = false; // while a thread forks

/// A thread notes that it is inside and then looks whether a fork is on; a fork is noted and then
/// all threads are looked at. The two pairs need a barrier between each. It costs the rare fork a
/// system call, which has all threads pass one, and the threads nothing; where the system has no
/// such call, each of them passes one itself.
int membarrier(int command) { return static_cast<int>(::syscall(SYS_membarrier, command, 0, 0)); }

const bool threads_pass_barriers = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0;

void have_threads_pass_barrier() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (threads_pass_barriers || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0)
    return;
  // A child may have to register anew.
  membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

thread_local Section *own_section = nullptr;

/// Gives the thread's section back when it ends. What its later destructors lock takes another.
struct SectionOfThread {
  ~SectionOfThread() {
    if (own_section && own_section->depth == 0)
      std::exchange(own_section, nullptr)->is_taken.store(false, std::memory_order_release);
  }
};

Section *take_section() {
  for (Section *section = sections; section; section = section->next)
    if (!section->is_taken.exchange(true, std::memory_order_acquire))
      return section;
  auto *section = new Section;
  section->next = sections;
  while (!sections.compare_exchange_weak(section->next, section)) {
  }
  return section;
}

Section &section_of_thread() {
  if (!own_section) {
    own_section = take_section();
    static thread_local const SectionOfThread release;
  }
  return *own_section;
}

void sleep_shortly() {
  const std::timespec time{0, 20'000};
  ::nanosleep(&time, nullptr);
}

} // namespace

ForkSection &ForkSection::enter() {
  Section &section = section_of_thread();
  if (section.depth++ > 0)
    return section;
  for (;;) {
    section.is_inside.store(true, std::memory_order_relaxed);
    if (threads_pass_barriers)
      std::atomic_thread_fence(std::memory_order_seq_cst);
    else
      std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!is_closed.load(std::memory_order_acquire))
      return section;
    section.is_inside.store(false, std::memory_order_release);
    is_closed.wait(true);
  }
}

NoFork::NoFork(Inherited) : section(section_of_thread()) {
  ++section.depth;
  section.is_inside.store(true, std::memory_order_relaxed);
}

//===-- Ranks ---------------------------------------------------------------------------------===//

#ifndef NDEBUG

/// The ranks of the locks that the thread has, as bits.
static thread_local std::uint64_t held_ranks = 0;

static std::uint64_t bit_of(LockRank rank) { return std::uint64_t{1} << static_cast<int>(rank); }

void ForkSafeMutex::check_rank() const {
  if (held_ranks < bit_of(rank))
    return;
  std::fprintf(stderr, "tsum: a lock of rank %d is taken after others (as bits: %#llx)\n",
               static_cast<int>(rank), static_cast<unsigned long long>(held_ranks));
  std::abort();
}

void ForkSafeMutex::note_rank() const { held_ranks |= bit_of(rank); }
void ForkSafeMutex::forget_rank() const { held_ranks &= ~bit_of(rank); }

#endif

//===-- Forks ---------------------------------------------------------------------------------===//

struct ForkHandlers {
  static inline AtFork *first = nullptr;
  static inline AtFork **last = &first;

  static void call(const AtFork::Act AtFork::*act) {
    for (AtFork *handler = first; handler; handler = handler->next)
      if (handler->*act)
        (handler->*act)();
  }
  static void before() { call(&AtFork::before); }
  static void in_child() { call(&AtFork::in_child); }
};

AtFork::AtFork(Act before, Act in_child) : before(before), in_child(in_child) {
  *ForkHandlers::last = this;
  ForkHandlers::last = &next;
}

namespace {

std::mutex turn; // of threads that fork at once

void close_for_fork() {
  Section &own = section_of_thread();
  // Who forks inside a NoFork does not keep another thread from doing it.
  const bool was_inside = own.is_inside.exchange(false);
  turn.lock();
  is_closed = true;
  have_threads_pass_barrier();
  for (Section *section = sections; section; section = section->next)
    while (section->is_inside.load(std::memory_order_acquire))
      sleep_shortly();
  own.is_inside = was_inside;
  // The handlers may lock.
  ++own.depth;
  ForkHandlers::before();
  --own.depth;
}

void open_after_fork() {
  is_closed = false;
  is_closed.notify_all();
  turn.unlock();
}

void open_in_child() {
  Section &own = section_of_thread();
  for (Section *section = sections; section; section = section->next)
    if (section != &own)
      section->is_taken = false; // its thread is not here
  ++own.depth;
  ForkHandlers::in_child();
  --own.depth;
  open_after_fork();
}

// Not at the first use: a fork meanwhile would have to wait for that, and it for the fork.
[[maybe_unused]] const int registered =
    ::pthread_atfork(close_for_fork, open_after_fork, open_in_child);

} // namespace

} // namespace tsum
