// SPDX-License-Identifier: Apache-2.0

#include "BufferPool.h"

#include "MemoryBudget.h"

#include "tsum/Support/ForkSafe.h"
#include "tsum/error.h"
#include "tsum/eval.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include <sys/mman.h>

namespace tsum {

namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// The size of the buffers that serve for `bytes`: one of eight steps to the next power of two, so
/// that results of nearly one size share buffers and at most an eighth is wasted.
std::size_t class_size(std::size_t bytes) {
  const std::size_t step = std::bit_floor(bytes) / 8; // pages, since the smallest has 16
  return (bytes + step - 1) / step * step;
}

class BufferPool {
public:
  std::byte *take(std::size_t size) {
    {
      std::lock_guard lock(mutex);
      if (auto found = unused.find(size); found != unused.end() && !found->second.empty()) {
        std::byte *memory = found->second.back().memory;
        found->second.pop_back();
        unused_bytes -= size;
        return memory;
      }
    }
    if (std::byte *memory = map(size))
      return memory;
    // What lies unused may be what is missing.
    shrink(0);
    if (std::byte *memory = map(size))
      return memory;
    throw std::bad_alloc();
  }

  void give_back(std::byte *memory, std::size_t size) noexcept {
    if (keep(memory, size))
      shrink();
    else
      munmap(memory, size);
    while (auto dropped = forget_expired())
      munmap(dropped->first, dropped->second);
  }

  [[nodiscard]] std::int64_t kept_bytes() {
    std::lock_guard lock(mutex);
    return static_cast<std::int64_t>(unused_bytes);
  }

  void trim(std::size_t bytes) {
    const auto kept = static_cast<std::size_t>(kept_bytes());
    shrink(kept - std::min(kept, bytes));
  }

  void set_capacity(std::size_t bytes) {
    {
      std::lock_guard lock(mutex);
      capacity = bytes;
    }
    shrink();
  }

private:
  using Clock = std::chrono::steady_clock;
  struct Unused {
    std::byte *memory;
    Clock::time_point since;
  };

  /// What the host wants to have kept, and the budget has room for.
  [[nodiscard]] std::size_t most_bytes() const {
    return std::min(capacity, static_cast<std::size_t>(MemoryOwner::room_for_results()));
  }

  /// False if there is no place to remember it.
  bool keep(std::byte *memory, std::size_t size) noexcept {
    try {
      std::lock_guard lock(mutex);
      if (size > most_bytes())
        return false;
      unused[size].push_back({memory, Clock::now()});
      unused_bytes += size;
    } catch (const std::bad_alloc &) {
      return false;
    }
    return true;
  }

  /// Unmaps buffers beyond the capacity and beyond `most` bytes, the largest first. Allocates
  /// nothing, since memory may be what is missing.
  void shrink(std::size_t most = std::numeric_limits<std::size_t>::max()) noexcept {
    while (auto dropped = forget_largest(most))
      munmap(dropped->first, dropped->second);
  }

  std::optional<std::pair<std::byte *, std::size_t>> forget_largest(std::size_t most) {
    std::lock_guard lock(mutex);
    if (unused_bytes <= std::min(most, most_bytes()))
      return std::nullopt;
    for (auto &[size, buffers] : std::views::reverse(unused))
      if (!buffers.empty()) {
        std::byte *memory = buffers.back().memory;
        buffers.pop_back();
        unused_bytes -= size;
        return std::pair(memory, size);
      }
    return std::nullopt;
  }

  /// Looked for once a second. Those that came first lie in front.
  std::optional<std::pair<std::byte *, std::size_t>> forget_expired() {
    constexpr auto interval = std::chrono::seconds(1), age = std::chrono::seconds(10);
    std::lock_guard lock(mutex);
    const Clock::time_point now = Clock::now();
    if (now < next_look)
      return std::nullopt;
    for (auto &[size, buffers] : unused)
      if (!buffers.empty() && now - buffers.front().since > age) {
        std::byte *memory = buffers.front().memory;
        buffers.erase(buffers.begin());
        unused_bytes -= size;
        return std::pair(memory, size);
      }
    next_look = now + interval;
    return std::nullopt;
  }

  /// Null if there is no memory.
  static std::byte *map(std::size_t size) {
    // A huge page begins at a multiple of its size.
    const std::size_t slack = size >= huge_page_bytes ? huge_page_bytes : 0;
    void *mapped =
        mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      return nullptr;
    auto *memory = static_cast<std::byte *>(mapped);
    if (slack == 0)
      return memory;
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(memory) % huge_page_bytes;
    if (before != 0)
      munmap(memory, before);
    if (slack != before)
      munmap(memory + before + size, slack - before);
    madvise(memory + before, size, MADV_HUGEPAGE); // a wish, which the system may not grant
    return memory + before;
  }

  ForkSafeMutex mutex{LockRank::BufferPool};
  std::size_t capacity = std::size_t{256} << 20;
  std::size_t unused_bytes = 0;
  std::map<std::size_t, std::vector<Unused>> unused; ///< by size
  Clock::time_point next_look{};
};

ProcessWide<BufferPool> the_pool;

BufferPool &pool() { return the_pool.get(); }

MemoryOwner owner(
    MemoryOwner::results, [] { return pool().kept_bytes(); },
    [](std::int64_t bytes) { pool().trim(static_cast<std::size_t>(bytes)); });

} // namespace

std::shared_ptr<std::byte> take_pooled(std::int64_t bytes) {
  return {take_from_pool(bytes), [bytes](std::byte *memory) { give_to_pool(memory, bytes); }};
}

std::byte *take_from_pool(std::int64_t bytes) {
  return pool().take(class_size(static_cast<std::size_t>(bytes)));
}

void give_to_pool(std::byte *memory, std::int64_t bytes) noexcept {
  pool().give_back(memory, class_size(static_cast<std::size_t>(bytes)));
}

void set_pool_capacity(std::int64_t bytes) {
  if (bytes < 0)
    throw Error("set_pool_capacity: " + std::to_string(bytes) + " bytes (0 or more)");
  pool().set_capacity(static_cast<std::size_t>(bytes));
}

} // namespace tsum
