// SPDX-License-Identifier: Apache-2.0
#include "Runtime/Buffer.h"

#include "tsum/tsum.h"

#include <gmock/gmock.h>

#include <cstring>
#include <thread>
#include <vector>

using namespace tsum;

namespace {

constexpr std::int64_t megabyte = 1 << 20;

class BufferPool : public testing::Test {
protected:
  void TearDown() override { set_pool_capacity(256 * megabyte); }

  static std::byte *use(std::int64_t bytes) {
    auto buffer = allocate_buffer(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.get()) % 64, 0);
    std::memset(buffer.get(), 1, static_cast<std::size_t>(bytes)); // all of it can be written
    return buffer.get();
  }
};

TEST_F(BufferPool, GivesWhatWasGivenBack) {
  std::byte *first = use(5 * megabyte);
  EXPECT_EQ(use(5 * megabyte), first);
  EXPECT_EQ(use(5 * megabyte - 1000), first);
}

TEST_F(BufferPool, ServesAnySize) {
  for (std::int64_t bytes : {0L, 1L, 63L, 64L, 65535L, 65536L, 65537L, 2 * megabyte - 1,
                             2 * megabyte + 1, 33 * megabyte})
    use(bytes);
}

TEST_F(BufferPool, BuffersInUseAreApart) {
  auto a = allocate_buffer(3 * megabyte);
  auto b = allocate_buffer(3 * megabyte);
  EXPECT_GE(std::abs(a.get() - b.get()), 3 * megabyte);
}

TEST_F(BufferPool, KeepsNoMoreThanItsCapacity) {
  set_pool_capacity(0);
  use(5 * megabyte);
  set_pool_capacity(8 * megabyte);
  std::byte *kept = use(4 * megabyte);
  use(16 * megabyte); // too large to be kept, and drops nothing
  EXPECT_EQ(use(4 * megabyte), kept);
  EXPECT_THROW(set_pool_capacity(-1), Error);
}

TEST_F(BufferPool, RefusesWhatThereIsNot) {
  EXPECT_THROW((void)allocate_buffer(std::int64_t{1} << 60), std::bad_alloc);
}

TEST_F(BufferPool, ServesThreadsTogether) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        auto buffer = allocate_buffer((1 + i % 5) * megabyte / 4);
        buffer.get()[1000] = static_cast<std::byte>(t);
        std::this_thread::yield();
        EXPECT_EQ(buffer.get()[1000], static_cast<std::byte>(t));
      }
    });
}

} // namespace
