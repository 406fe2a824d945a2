// SPDX-License-Identifier: Apache-2.0

#include "MemoryBudget.h"

#include "tsum/error.h"
#include "tsum/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace tsum {

namespace {

constexpr std::int64_t default_budget = std::int64_t{512} << 20;

/// "64M", "2G", "1000000".
std::int64_t budget_of_environment() {
  const char *given = std::getenv("TSUM_MEMORY_BUDGET");
  if (!given || !*given)
    return default_budget;
  char *end = nullptr;
  const std::int64_t number = std::strtoll(given, &end, 10);
  const std::string unit = end;
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  std::int64_t bytes = 0;
  if (end == given || number < 0 || shift < 0 ||
      __builtin_mul_overflow(number, std::int64_t{1} << shift, &bytes)) {
    std::fprintf(stderr,
                 "tsum: warning: TSUM_MEMORY_BUDGET: '%s' is no number of bytes (such as 64M)\n",
                 given);
    return default_budget;
  }
  return bytes;
}

std::atomic<std::int64_t> budget = budget_of_environment();
std::atomic<std::int64_t> room = budget.load();

} // namespace

MemoryOwner::MemoryOwner(int rank, Bytes bytes, Trim trim) : rank(rank), bytes(bytes), trim(trim) {
  MemoryOwner **place = &first;
  while (*place && (*place)->rank < rank)
    place = &(*place)->next;
  next = *place;
  *place = this;
}

void MemoryOwner::note_growth() {
  const std::int64_t most = budget.load(std::memory_order_relaxed);
  trim_to(most);
  room = std::max<std::int64_t>(0, most - bytes_of(functions) - bytes_of(code));
}

std::int64_t MemoryOwner::room_for_results() { return room.load(std::memory_order_relaxed); }

std::int64_t MemoryOwner::bytes_of(int rank) {
  std::int64_t total = 0;
  for (const MemoryOwner *owner = first; owner; owner = owner->next)
    if (owner->rank == rank)
      total += owner->bytes();
  return total;
}

void MemoryOwner::trim_to(std::int64_t most) {
  std::int64_t total = 0;
  for (const MemoryOwner *owner = first; owner; owner = owner->next)
    total += owner->bytes();
  for (const MemoryOwner *owner = first; owner && total > most; owner = owner->next)
    if (const std::int64_t before = owner->bytes(); before > 0) {
      owner->trim(total - most);
      total -= before - owner->bytes();
    }
}

void set_memory_budget(std::int64_t bytes) {
  if (bytes < 0)
    throw Error("set_memory_budget: " + std::to_string(bytes) + " bytes (0 or more)");
  budget = bytes;
  MemoryOwner::note_growth();
}

MemoryUse memory_use() {
  return {MemoryOwner::bytes_of(MemoryOwner::results),
          MemoryOwner::bytes_of(MemoryOwner::functions), MemoryOwner::bytes_of(MemoryOwner::code)};
}

void trim_memory() { MemoryOwner::trim_to(0); }

} // namespace tsum
