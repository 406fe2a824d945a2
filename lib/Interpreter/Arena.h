// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <vector>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TSUM_ARENA_IS_WATCHED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define TSUM_ARENA_IS_WATCHED
#endif

namespace tsum::interpreter {

/// Memory that goes as one. A few KB lie within, so that short runs ask nobody else for it.
#ifndef TSUM_ARENA_IS_WATCHED
struct ArenaBegin {
  alignas(64) std::array<std::byte, 16384> begin;
};
class Arena : ArenaBegin, public std::pmr::monotonic_buffer_resource {
public:
  Arena()
      : monotonic_buffer_resource(begin.data(), begin.size(), std::pmr::new_delete_resource()) {}
};
#else
/// With the address sanitizer each block is one that it knows.
class Arena : public std::pmr::memory_resource {
public:
  Arena() = default;
  ~Arena() override {
    for (const Block &block : blocks)
      heap->deallocate(block.data, block.bytes, block.alignment);
  }

private:
  struct Block {
    void *data;
    std::size_t bytes, alignment;
  };

  void *do_allocate(std::size_t bytes, std::size_t alignment) override {
    blocks.push_back({nullptr, bytes, alignment});
    return blocks.back().data = heap->allocate(bytes, alignment);
  }
  void do_deallocate(void *, std::size_t, std::size_t) override {}
  bool do_is_equal(const memory_resource &other) const noexcept override { return this == &other; }

  std::pmr::memory_resource *heap = std::pmr::new_delete_resource();
  std::vector<Block> blocks;
};
#endif

} // namespace tsum::interpreter
