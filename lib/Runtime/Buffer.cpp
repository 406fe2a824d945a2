// SPDX-License-Identifier: Apache-2.0

#include "Buffer.h"

#include "BufferPool.h"

#include <algorithm>
#include <new>

namespace tsum {

namespace {

/// Allocates `bytes` more than what it is asked for, a shared pointer's count, behind that.
template <class T> struct AllocatorWithTail {
  using value_type = T;

  AllocatorWithTail(std::size_t bytes, std::byte **tail) : bytes(bytes), tail(tail) {}
  template <class Other>
  AllocatorWithTail(const AllocatorWithTail<Other> &other) : bytes(other.bytes), tail(other.tail) {}

  T *allocate(std::size_t count) {
    // Aligned by hand: quicker than an aligned allocation.
    const std::size_t own = count * sizeof(T);
    // At least one byte, so that nothing else lies at the buffer's address.
    void *memory = ::operator new(own + buffer_alignment + std::max<std::size_t>(bytes, 1));
    std::byte *end = static_cast<std::byte *>(memory) + own;
    *tail = end + (buffer_alignment - reinterpret_cast<std::uintptr_t>(end) % buffer_alignment) %
                      buffer_alignment;
    return static_cast<T *>(memory);
  }
  void deallocate(T *memory, std::size_t) { ::operator delete(memory); }

  bool operator==(const AllocatorWithTail &) const = default;

  std::size_t bytes;
  std::byte **tail; ///< valid while a shared pointer is made
};

struct Nothing {};

} // namespace

std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes) {
  if (bytes >= min_pooled_bytes)
    return take_pooled(bytes);
  std::byte *tail = nullptr;
  auto owner = std::allocate_shared<Nothing>(
      AllocatorWithTail<Nothing>(static_cast<std::size_t>(bytes), &tail));
  return {std::move(owner), tail};
}

} // namespace tsum
