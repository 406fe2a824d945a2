// SPDX-License-Identifier: Apache-2.0

#include "KernelCache.h"

#include <algorithm>

namespace tsum {

static KernelCache::ProgramPtr cached(std::shared_ptr<const CanonicalGraph> graph,
                                      KernelCache::Made made,
                                      std::shared_ptr<UseClock::Time> last_used) {
  for (Program::Launch &launch : made.program.launches)
    launch.reason = made.reason;
  return std::make_shared<const CachedProgram>(
      std::move(made.program), made.bytes, std::move(last_used),
      made.is_generic ? std::move(graph) : nullptr, std::move(made.reason));
}

KernelCache::ProgramPtr KernelCache::peek(const CanonicalGraph &graph) const {
  std::lock_guard lock(mutex);
  auto found = index.find(&graph);
  return found == index.end() || found->second->making ? nullptr : found->second->program.get();
}

KernelCache::ProgramPtr KernelCache::get(const CanonicalGraph &graph, const Make &make,
                                         bool *was_known) {
  std::promise<ProgramPtr> promise;
  std::shared_future<ProgramPtr> program;
  auto last_used = std::make_shared<UseClock::Time>(UseClock::never);
  std::shared_ptr<const CanonicalGraph> key;
  Entries dropped; // outlives the locks
  {
    std::unique_lock lock(mutex);
    auto found = index.find(&graph);
    if (was_known)
      *was_known = found != index.end();
    if (found != index.end()) {
      ++counters.hits;
      clock.touch(*found->second->last_used);
      program = found->second->program;
      lock.unlock();
      return program.get();
    }
    ++counters.misses;
    program = promise.get_future().share();
    clock.touch(*last_used);
    key = std::make_shared<const CanonicalGraph>(graph);
    entries.push_front({key, program, &promise, last_used});
    index.emplace(key.get(), entries.begin());
    evict(dropped);
  }

  const auto start = std::chrono::steady_clock::now();
  std::exception_ptr failure;
  std::int64_t bytes = 0;
  try {
    Made made = make(graph);
    bytes = made.bytes;
    promise.set_value(cached(std::move(key), std::move(made), std::move(last_used)));
  } catch (...) {
    failure = std::current_exception();
    promise.set_exception(failure);
  }
  std::lock_guard lock(mutex);
  counters.compile_time += std::chrono::steady_clock::now() - start;
  // Unless the entry is gone, or another's by now.
  if (auto found = index.find(&graph); found != index.end() && found->second->making == &promise) {
    found->second->making = nullptr;
    if (failure) {
      drop(found->second, dropped);
    } else {
      found->second->bytes = bytes;
      counters.bytes += bytes;
      evict(dropped);
    }
  }
  return program.get();
}

KernelCache::ProgramPtr KernelCache::replace(const CanonicalGraph &graph, Made made) {
  const std::int64_t bytes = made.bytes;
  std::promise<ProgramPtr> promise;
  Entries dropped; // outlive the lock
  std::shared_future<ProgramPtr> former;
  std::lock_guard lock(mutex);
  auto found = index.find(&graph);
  const bool is_there = found != index.end() && !found->second->making;
  ProgramPtr program = cached(nullptr, std::move(made),
                              is_there ? found->second->last_used
                                       : std::make_shared<UseClock::Time>(UseClock::never));
  if (is_there) {
    Entry &entry = *found->second;
    promise.set_value(program);
    former = std::exchange(entry.program, promise.get_future().share());
    former.get()->is_superseded = true;
    counters.bytes += bytes - entry.bytes;
    entry.bytes = bytes;
    evict(dropped);
  }
  return program;
}

void KernelCache::set_capacity(std::int64_t new_capacity, std::int64_t bytes) {
  if (new_capacity < 1)
    throw Error("set_cache_capacity: a capacity of " + std::to_string(new_capacity) +
                " entries (at least 1)");
  if (bytes < 0)
    throw Error("set_cache_capacity: a capacity of " + std::to_string(bytes) +
                " bytes (at least 0)");
  Entries dropped; // outlives the lock
  std::lock_guard lock(mutex);
  capacity = new_capacity;
  byte_capacity = bytes;
  evict(dropped);
}

void KernelCache::clear() {
  Entries dropped; // outlives the lock
  std::lock_guard lock(mutex);
  index.clear();
  counters.bytes = 0;
  dropped.swap(entries);
}

CacheStats KernelCache::stats() const {
  std::lock_guard lock(mutex);
  CacheStats stats = counters;
  stats.entries = static_cast<std::int64_t>(entries.size());
  return stats;
}

std::optional<CanonicalGraph>
KernelCache::nearest(const std::function<std::int64_t(const CanonicalGraph &)> &distance) const {
  std::lock_guard lock(mutex);
  const CanonicalGraph *nearest = nullptr;
  std::int64_t smallest = 0;
  for (const Entry &entry : entries)
    if (std::int64_t far = distance(*entry.graph); far != 0 && (!nearest || far < smallest)) {
      nearest = entry.graph.get();
      smallest = far;
    }
  return nearest ? std::optional(*nearest) : std::nullopt;
}

void KernelCache::forget_unfinished() {
  Entries dropped; // promises without a thread; outlives the lock
  std::lock_guard lock(mutex);
  for (auto entry = entries.begin(); entry != entries.end();)
    if (auto next = std::next(entry); entry->making) {
      drop(entry, dropped);
      entry = next;
    } else {
      entry = next;
    }
}

void KernelCache::drop(Entries::iterator entry, Entries &dropped) {
  counters.bytes -= entry->bytes;
  index.erase(entry->graph.get());
  dropped.splice(dropped.end(), entries, entry);
}

void KernelCache::drop_oldest(std::int64_t most_entries, std::int64_t bytes, Entries &dropped) {
  std::vector<Entries::iterator> oldest;
  for (auto entry = entries.begin(); entry != entries.end(); ++entry)
    oldest.push_back(entry);
  std::ranges::sort(oldest, {}, [](Entries::iterator entry) { return entry->last_used->load(); });
  for (Entries::iterator entry : oldest) {
    if (most_entries <= 0 && bytes <= 0)
      return;
    --most_entries;
    bytes -= entry->bytes;
    drop(entry, dropped);
    ++counters.evictions;
  }
}

void KernelCache::trim(std::int64_t bytes) {
  Entries dropped; // outlives the lock
  std::lock_guard lock(mutex);
  drop_oldest(0, std::min(bytes, counters.bytes), dropped);
}

void KernelCache::evict(Entries &dropped) {
  // Some more than must go, so that a stream of new graphs does not look for the oldest each time.
  const std::int64_t some = capacity / 16;
  const auto beyond = static_cast<std::int64_t>(entries.size()) - capacity;
  if (beyond > 0)
    drop_oldest(beyond + some, 0, dropped);
  while (counters.bytes > byte_capacity && entries.size() > 1)
    drop_oldest(1, 0, dropped);
}

} // namespace tsum
