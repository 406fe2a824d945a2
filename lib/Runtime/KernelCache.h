// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/JIT/Program.h"
#include "tsum/eval.h"

#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <unordered_map>

namespace tsum {

/// Compiled programs by canonical graph: bounded, the least recently used is dropped first. Safe to
/// use from several threads.
class KernelCache {
public:
  using ProgramPtr = std::shared_ptr<const Program>;
  using Compile = std::function<Program(const CanonicalGraph &)>;

  explicit KernelCache(std::int64_t capacity, Compile compile)
      : capacity(capacity), compile(std::move(compile)) {}

  /// The program for `graph`, compiled if nobody has. Threads that ask for the same one at the same
  /// time wait for one compilation; if it throws, all of them get the exception and the next one to
  /// ask compiles again. The program stays loaded for as long as the caller holds on to it.
  [[nodiscard]] ProgramPtr get(const CanonicalGraph &graph);

  void set_capacity(std::int64_t entries);
  void clear();
  [[nodiscard]] CacheStats stats() const;

private:
  struct Entry {
    CanonicalGraph graph;
    std::shared_future<ProgramPtr> program;
    const void *compilation; ///< tells the compilations of one graph apart while they run
  };
  using Entries = std::list<Entry>;

  struct KeyHash {
    std::size_t operator()(const CanonicalGraph *graph) const { return graph->hash(); }
  };
  struct KeyEqual {
    bool operator()(const CanonicalGraph *a, const CanonicalGraph *b) const { return *a == *b; }
  };

  /// Moves the entries beyond the capacity to `dropped`, to be destroyed without the lock:
  /// unloading takes a while.
  void evict(Entries &dropped);

  mutable std::mutex mutex;
  std::int64_t capacity;
  Compile compile;
  Entries entries; // the most recently used first
  std::unordered_map<const CanonicalGraph *, Entries::iterator, KeyHash, KeyEqual> index;
  CacheStats counters;
};

} // namespace tsum
