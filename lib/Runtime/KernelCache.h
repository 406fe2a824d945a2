// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "UseClock.h"

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Program.h"
#include "tsum/Support/ForkSafe.h"
#include "tsum/cache.h"

#include <atomic>
#include <functional>
#include <future>
#include <list>
#include <optional>
#include <unordered_map>

namespace tsum {

/// A loaded program in the cache.
struct CachedProgram : Program {
  CachedProgram(Program program, std::int64_t bytes, std::shared_ptr<UseClock::Time> last_used,
                std::shared_ptr<const CanonicalGraph> generic_graph = nullptr,
                std::string reason = {})
      : Program(std::move(program)), bytes(bytes), last_used(std::move(last_used)),
        generic_graph(std::move(generic_graph)), reason(std::move(reason)) {}

  [[nodiscard]] bool is_generic() const { return generic_graph != nullptr; }

  std::int64_t bytes;
  std::shared_ptr<UseClock::Time> last_used;
  /// Of generic code: what is to be compiled if it runs often. Null for compiled code.
  std::shared_ptr<const CanonicalGraph> generic_graph;
  std::string reason; ///< why it is generic code, or compiled; may be empty of the latter
  // Of generic code as well.
  mutable std::atomic<std::int64_t> runs = 0, run_nanoseconds = 0;
  mutable std::atomic<bool> is_hot = false;        ///< and waits for compiled code
  mutable std::atomic<bool> is_superseded = false; ///< by compiled code
};

/// Compiled programs by canonical graph: bounded, the least recently used is dropped first. Safe to
/// use from several threads.
class KernelCache {
public:
  using ProgramPtr = std::shared_ptr<const CachedProgram>;
  /// A program and how many bytes it takes.
  struct Made {
    Program program;
    std::int64_t bytes = 0;
    bool is_generic = false;
    std::string reason = {}; ///< why it is, or is not
  };
  using Make = std::function<Made(const CanonicalGraph &)>;

  explicit KernelCache(std::int64_t capacity, std::int64_t byte_capacity = std::int64_t{256} << 20)
      : capacity(capacity), byte_capacity(byte_capacity) {}

  /// The program for `graph`, by `make` if nobody has made it. Threads that ask for the same one at
  /// the same time wait for one; if making it throws, all of them get the exception and the next
  /// one to ask tries again. The program stays loaded for as long as the caller holds on to it.
  /// Sets `was_known` to whether it was there or being made.
  [[nodiscard]] ProgramPtr get(const CanonicalGraph &graph, const Make &make,
                               bool *was_known = nullptr);

  /// The program for `graph`, if there is one and nobody is making it; no use.
  [[nodiscard]] ProgramPtr peek(const CanonicalGraph &graph) const;

  /// Puts what was `made` in the place of the program of `graph`, whose users keep that until they
  /// look it up again. Returns the new one, which the cache has not got if it has forgotten `graph`
  /// meanwhile.
  ProgramPtr replace(const CanonicalGraph &graph, Made made);

  /// Notes a use of a program that somebody held on to.
  void touch(const CachedProgram &program) { clock.touch(*program.last_used); }

  void set_capacity(std::int64_t entries, std::int64_t bytes = std::int64_t{256} << 20);
  void clear();
  /// Drops the least recently used programs, until there are `bytes` less of them or none.
  void trim(std::int64_t bytes);
  /// The part of the statistics that is the memory cache's.
  [[nodiscard]] CacheStats stats() const;

  /// The graph in the cache that has the smallest `distance`, other than 0.
  [[nodiscard]] std::optional<CanonicalGraph>
  nearest(const std::function<std::int64_t(const CanonicalGraph &)> &distance) const;

  /// In a child of the process: what other threads were making, which are not there.
  void forget_unfinished();

private:
  struct Entry {
    std::shared_ptr<const CanonicalGraph> graph;
    std::shared_future<ProgramPtr> program;
    const void *making; ///< tells several attempts for one graph apart while they run; then null
    std::shared_ptr<UseClock::Time> last_used;
    std::int64_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  struct KeyHash {
    std::size_t operator()(const CanonicalGraph *graph) const { return graph->hash(); }
  };
  struct KeyEqual {
    bool operator()(const CanonicalGraph *a, const CanonicalGraph *b) const { return *a == *b; }
  };

  void drop(Entries::iterator entry, Entries &dropped);
  /// Drops some that were not used for longest, which are `entries` many or have `bytes`.
  void drop_oldest(std::int64_t entries, std::int64_t bytes, Entries &dropped);
  /// Moves the entries beyond the capacity to `dropped`, to be destroyed without the lock:
  /// unloading takes a while.
  void evict(Entries &dropped);

  mutable ForkSafeMutex mutex{LockRank::KernelCache};
  std::int64_t capacity;
  std::int64_t byte_capacity;
  UseClock clock;
  Entries entries;
  std::unordered_map<const CanonicalGraph *, Entries::iterator, KeyHash, KeyEqual> index;
  CacheStats counters;
};

} // namespace tsum
