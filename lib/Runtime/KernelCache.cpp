// SPDX-License-Identifier: Apache-2.0

#include "KernelCache.h"

namespace tsum {

KernelCache::ProgramPtr KernelCache::get(const CanonicalGraph &graph) {
  std::promise<ProgramPtr> promise;
  std::shared_future<ProgramPtr> program = promise.get_future().share();
  Entries dropped;
  {
    std::unique_lock lock(mutex);
    if (auto found = index.find(&graph); found != index.end()) {
      ++counters.hits;
      entries.splice(entries.begin(), entries, found->second);
      std::shared_future<ProgramPtr> other = found->second->program;
      lock.unlock();
      return other.get();
    }
    ++counters.misses;
    entries.push_front({graph, program, &promise});
    index.emplace(&entries.front().graph, entries.begin());
    evict(dropped);
  }

  try {
    auto start = std::chrono::steady_clock::now();
    promise.set_value(std::make_shared<const Program>(compile(graph)));
    std::lock_guard lock(mutex);
    counters.compile_time += std::chrono::steady_clock::now() - start;
  } catch (...) {
    {
      std::lock_guard lock(mutex);
      // Unless the entry is gone, or another's by now.
      if (auto found = index.find(&graph);
          found != index.end() && found->second->compilation == &promise) {
        dropped.splice(dropped.end(), entries, found->second);
        index.erase(found);
      }
    }
    promise.set_exception(std::current_exception());
  }
  return program.get();
}

void KernelCache::set_capacity(std::int64_t new_capacity) {
  if (new_capacity < 1)
    throw Error("set_cache_capacity: a capacity of " + std::to_string(new_capacity) +
                " entries (at least 1)");
  Entries dropped; // outlives the lock
  std::lock_guard lock(mutex);
  capacity = new_capacity;
  evict(dropped);
}

void KernelCache::clear() {
  Entries dropped; // outlives the lock
  std::lock_guard lock(mutex);
  index.clear();
  dropped.swap(entries);
}

CacheStats KernelCache::stats() const {
  std::lock_guard lock(mutex);
  CacheStats stats = counters;
  stats.entries = static_cast<std::int64_t>(entries.size());
  return stats;
}

void KernelCache::evict(Entries &dropped) {
  while (static_cast<std::int64_t>(entries.size()) > capacity) {
    index.erase(&entries.back().graph);
    dropped.splice(dropped.end(), entries, std::prev(entries.end()));
    ++counters.evictions;
  }
}

} // namespace tsum
