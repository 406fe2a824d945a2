// SPDX-License-Identifier: Apache-2.0
//
// What a process that forks or exits must know of the library. Whoever owns one of these takes part
// by using the type for it, and has nothing else to register:
//
//   a lock                       ForkSafeMutex
//   an object of the process     ProcessWide
//   what must stay whole         NoFork
//   a stream, a thread           AtFork
//
// A child of the process finds every lock free and every object whole: `fork` waits until no other
// thread is in a NoFork, and locks and the making of objects are in one. Threads that want to enter
// meanwhile wait for the fork.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace tsum {

/// Whether one thread is in a NoFork. Never freed: another thread takes it over from one that ends.
struct alignas(64) ForkSection {
  std::atomic<bool> is_inside = false;
  std::atomic<bool> is_taken = true;
  int depth = 0; ///< its thread's alone
  ForkSection *next = nullptr;

  /// Enters that of the calling thread.
  static ForkSection &enter();
  void leave() {
    if (--depth == 0)
      is_inside.store(false, std::memory_order_release);
  }
};

/// While one lives, on whichever thread, the process does not fork: `fork` waits. For what takes
/// locks of others that the child could not release, or makes static objects: all use of LLVM does
/// both. May be nested, and costs some nanoseconds. Inside, a thread must not wait for another one
/// that may still have to enter, nor for Python's lock, which a thread that forks has.
class NoFork {
public:
  NoFork() : section(ForkSection::enter()) {}
  ~NoFork() { section.leave(); }
  NoFork(const NoFork &) = delete;
  NoFork &operator=(const NoFork &) = delete;

  struct Inherited {};
  /// For a thread that another one waits for inside a NoFork: takes part in that one's.
  explicit NoFork(Inherited);

private:
  ForkSection &section;
};

/// The order in which a thread may take locks: from lower to higher ranks, none twice.
enum class LockRank : std::uint8_t {
  Specializer,
  Traces,
  DiskCache,
  KernelCache,
  Plans,
  CacheLog,
  Functions,
  Node,
  Compiler,
  Loader,
  Team,
  Placement,
  MemoryBudget,
  BufferPool,
  CompileFault,
  Timeline,
};

/// A mutex that nobody holds in a child of the process. Debug builds end the process, with a
/// message, if locks are taken in another order than that of their ranks.
class ForkSafeMutex {
public:
  explicit ForkSafeMutex(LockRank rank) : rank(rank) {}

  void lock() {
    ForkSection &section = ForkSection::enter();
    check_rank();
    if (int free = 0; !state.compare_exchange_strong(free, locked, std::memory_order_acquire))
      wait();
    note_locked(section);
  }
  bool try_lock() {
    ForkSection &section = ForkSection::enter();
    if (int free = 0; !state.compare_exchange_strong(free, locked, std::memory_order_acquire)) {
      section.leave();
      return false;
    }
    note_locked(section);
    return true;
  }
  void unlock() {
    ForkSection &section = *holder;
    forget_rank();
    if (state.exchange(0, std::memory_order_release) == awaited)
      state.notify_one();
    section.leave();
  }

private:
  // Not std::mutex, of which a hot path would feel the calls.
  static constexpr int locked = 1, awaited = 2;

  void wait() {
    while (state.exchange(awaited, std::memory_order_acquire) != 0)
      state.wait(awaited, std::memory_order_relaxed);
  }
  void note_locked(ForkSection &section) {
    holder = &section;
    note_rank();
  }

#ifdef NDEBUG
  void check_rank() const {}
  void note_rank() const {}
  void forget_rank() const {}
#else
  void check_rank() const;
  void note_rank() const;
  void forget_rank() const;
#endif

  std::atomic<int> state = 0;
  [[maybe_unused]] const LockRank rank;
  ForkSection *holder = nullptr; ///< of the thread that has it
};

/// An object that the process has one of. It is made when it is first asked for, with no fork
/// meanwhile, and never destroyed: destructors that run while the process exits may use it. Needs
/// a default constructor, or what `get` is given to make it. To be declared at namespace scope.
template <class T> class ProcessWide {
public:
  T &get() {
    return get([] { return new T; });
  }
  /// `make` gives a new object.
  template <class Make> T &get(const Make &make) {
    if (T *known = object.load(std::memory_order_acquire))
      return *known;
    NoFork no_fork;
    std::lock_guard lock(creation);
    if (!object.load(std::memory_order_relaxed))
      object.store(make(), std::memory_order_release);
    return *object.load(std::memory_order_relaxed);
  }
  /// Null before it is made.
  [[nodiscard]] T *if_made() const { return object.load(std::memory_order_acquire); }

private:
  std::atomic<T *> object = nullptr;
  std::mutex creation; // forks wait for who has it
};

/// What to do around forks, in the order in which these were made: `before` one on the thread that
/// forks, while no other is in a NoFork, and `in_child` after it, where that thread is the only
/// one. Either may be null. To be declared at namespace scope.
class AtFork {
public:
  using Act = void (*)();
  AtFork(Act before, Act in_child);
  AtFork(const AtFork &) = delete;
  AtFork &operator=(const AtFork &) = delete;

private:
  friend struct ForkHandlers;
  const Act before, in_child;
  AtFork *next = nullptr;
};

} // namespace tsum
