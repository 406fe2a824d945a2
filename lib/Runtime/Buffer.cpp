// SPDX-License-Identifier: Apache-2.0

#include "Buffer.h"

#include <cstdlib>
#include <new>

namespace tsum {

namespace {

constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + buffer_alignment - 1) / buffer_alignment * buffer_alignment;
}

/// Allocates `bytes` more than what it is asked for, a shared pointer's count, behind that.
template <class T> struct AllocatorWithTail {
  using value_type = T;

  AllocatorWithTail(std::size_t bytes, std::byte **tail) : bytes(bytes), tail(tail) {}
  template <class Other>
  AllocatorWithTail(const AllocatorWithTail<Other> &other) : bytes(other.bytes), tail(other.tail) {}

  T *allocate(std::size_t count) {
    const std::size_t own = round_up(count * sizeof(T));
    // At least one byte, so that nothing else lies at the buffer's address.
    void *memory = std::aligned_alloc(buffer_alignment, own + round_up(bytes ? bytes : 1));
    if (!memory)
      throw std::bad_alloc();
    *tail = static_cast<std::byte *>(memory) + own;
    return static_cast<T *>(memory);
  }
  void deallocate(T *memory, std::size_t) { std::free(memory); }

  bool operator==(const AllocatorWithTail &) const = default;

  std::size_t bytes;
  std::byte **tail; ///< valid while a shared pointer is made
};

struct Nothing {};

} // namespace

std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes) {
  std::byte *tail = nullptr;
  auto owner = std::allocate_shared<Nothing>(
      AllocatorWithTail<Nothing>(static_cast<std::size_t>(bytes), &tail));
  return {std::move(owner), tail};
}

} // namespace tsum
