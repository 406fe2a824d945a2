// SPDX-License-Identifier: Apache-2.0

#include "tsum/Runtime/KeptFunction.h"

#include "MemoryBudget.h"
#include "Prepared.h"
#include "UseClock.h"

#include "tsum/Support/ForkSafe.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <vector>

namespace tsum {

namespace {

using Prepared = std::shared_ptr<const Function::Prepared>;

class FunctionCache {
public:
  void insert(Prepared prepared, std::shared_ptr<UseClock::Time> last_used) {
    std::vector<Prepared> dropped; // outlives the lock
    std::lock_guard lock(mutex);
    clock.touch(*last_used);
    bytes += bytes_of(prepared);
    entries.push_back({std::move(prepared), std::move(last_used)});
    evict(dropped);
  }

  void touch(UseClock::Time &last_used) { clock.touch(last_used); }

  void set_capacity(std::int64_t most_entries, std::int64_t most_bytes) {
    std::vector<Prepared> dropped;
    std::lock_guard lock(mutex);
    capacity = most_entries;
    byte_capacity = most_bytes;
    evict(dropped);
  }

  [[nodiscard]] std::int64_t entry_capacity() {
    std::lock_guard lock(mutex);
    return capacity;
  }

  [[nodiscard]] std::int64_t kept_bytes() {
    std::lock_guard lock(mutex);
    return bytes;
  }

  void trim(std::int64_t freed) {
    std::vector<Prepared> dropped;
    std::lock_guard lock(mutex);
    const std::int64_t most = std::max<std::int64_t>(0, bytes - freed);
    while (bytes > most && !entries.empty())
      drop_oldest(dropped);
  }

private:
  struct Entry {
    Prepared prepared;
    std::shared_ptr<UseClock::Time> last_used;
  };

  /// About, with what describes it.
  static std::int64_t bytes_of(const Prepared &prepared) { return prepared->code_bytes + 4096; }

  void drop_oldest(std::vector<Prepared> &dropped) {
    auto oldest = std::ranges::min_element(
        entries, {}, [](const Entry &entry) { return entry.last_used->load(); });
    bytes -= bytes_of(oldest->prepared);
    dropped.push_back(std::move(oldest->prepared));
    if (oldest != entries.end() - 1)
      *oldest = std::move(entries.back());
    entries.pop_back();
  }

  void evict(std::vector<Prepared> &dropped) {
    while (static_cast<std::int64_t>(entries.size()) > capacity ||
           (bytes > byte_capacity && entries.size() > 1))
      drop_oldest(dropped);
  }

  ForkSafeMutex mutex{LockRank::Functions};
  UseClock clock;
  std::int64_t capacity = 1024, byte_capacity = std::int64_t{256} << 20;
  std::int64_t bytes = 0;
  std::vector<Entry> entries;
};

ProcessWide<FunctionCache> functions;

MemoryOwner owner(
    MemoryOwner::functions,
    [] {
      FunctionCache *made = functions.if_made();
      return made ? made->kept_bytes() : 0;
    },
    [](std::int64_t bytes) { functions.get().trim(bytes); });

} // namespace

KeptFunction::KeptFunction(const Function &function)
    : prepared(function.prepared), last_used(std::make_shared<UseClock::Time>(UseClock::never)) {
  functions.get().insert(function.prepared, last_used);
  MemoryOwner::note_growth();
}

std::optional<Function> KeptFunction::get() const {
  Prepared found = prepared.lock();
  if (!found || found->is_superseded())
    return std::nullopt;
  functions.get().touch(*last_used);
  return Function(std::move(found));
}

bool KeptFunction::is_gone() const {
  const Prepared found = prepared.lock();
  return !found || found->is_superseded();
}

std::int64_t kept_function_capacity() { return functions.get().entry_capacity(); }

void set_kept_function_capacity(std::int64_t entries, std::int64_t bytes) {
  functions.get().set_capacity(entries, bytes);
}

void forget_kept_functions() { functions.get().trim(std::numeric_limits<std::int64_t>::max()); }

} // namespace tsum
