// SPDX-License-Identifier: Apache-2.0
#include "Process.h"
#include "tsum/tsum.h"

#include <gtest/gtest.h>

#include <fstream>
#include <new>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace tsum;

namespace {

constexpr std::int64_t megabyte = 1 << 20;

/// Bytes of the process that are in memory, or (`size`) in its address space.
std::int64_t process_bytes(bool size = false) {
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return (size ? pages : resident) * sysconf(_SC_PAGESIZE);
}

/// The most that was in memory before any kernel.
std::int64_t most_bytes = 0;

/// More operations than one kernel takes, so that there are results between kernels.
Tensor long_chain(Tensor x, int kernels) {
  for (int n = 0; n < 256 * kernels; ++n)
    x = n % 2 ? x + 0.5 : x * 0.75;
  return x;
}

class Memory : public testing::Test {
protected:
  void SetUp() override { set_pool_capacity(0); }
  void TearDown() override {
    set_kernel_hook(nullptr);
    set_pool_capacity(256 * megabyte);
  }
};

TEST_F(Memory, OfResultsBetweenKernelsIsFreedAfterTheirLastReader) {
  constexpr std::int64_t bytes = 32 * megabyte;
  Tensor x = cast(broadcast_to(constant(1), {bytes / 4}), DType::f32);
  eval(x);
  // Once found by canonicalization and once by its plan.
  for (int round = 0; round < 2; ++round) {
    Tensor y = long_chain(x, 5);
    eval(long_chain(cast(constant({1, 2}), DType::f32), 5)); // the compiler's memory comes first
    const std::int64_t before = process_bytes();
    most_bytes = 0;
    set_kernel_hook([] { most_bytes = std::max(most_bytes, process_bytes()); });
    eval(y);
    set_kernel_hook(nullptr);
    // Compiling takes some, and before a kernel one result is there that it reads.
    EXPECT_LT(most_bytes - before, 2 * bytes + 16 * megabyte + test::bytes_kept_when_freed)
        << "round " << round;
  }
}

TEST_F(Memory, IsGivenBack) {
  std::vector<float> values(megabyte, 1.0F);
  Tensor x = constant<float>(values, {1024, 1024});
  auto work = [&] {
    eval(reduce_sum(x * 2, 0), softmax(x, 1), x + reduce_max(x, 0), reduce_variance(x, 1));
  };
  for (int n = 0; n < 20; ++n)
    work();
  const std::int64_t before = process_bytes();
  for (int n = 0; n < 300; ++n)
    work();
  EXPECT_LT(process_bytes() - before, 16 * megabyte + test::bytes_kept_when_freed);
}

TEST_F(Memory, ThatIsMissingLeavesTheProcessUsable) {
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  Tensor x = constant({1.0F, 2.0F});
  EXPECT_EQ(reduce_sum(x).item<float>(), 3);
  const std::vector<float> ones(1 << 15, 1.0F);
  Tensor row = constant<float>(ones, {1 << 15});
  Tensor huge = row + reshape(row, {1 << 15, 1}); // 4 GB
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(process_bytes(/*size=*/true) + 512 * megabyte);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  EXPECT_THROW(eval(huge), std::bad_alloc);
  EXPECT_EQ(reduce_sum(x * 2).item<float>(), 6);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &old), 0);
  EXPECT_EQ(reduce_sum(slice(huge, {{0, 3}, {0, 5}})).item<float>(), 30);
}

} // namespace
