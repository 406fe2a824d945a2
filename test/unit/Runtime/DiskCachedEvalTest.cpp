// SPDX-License-Identifier: Apache-2.0
#include "Compiled.h"
#include "Process.h"

#include <filesystem>

using namespace tsum;
using namespace tsum::test;

namespace {

struct DiskCachedEval : testing::Test {
  DiskCachedEval() {
    clear_cache();
    set_cache_directory(directory.name());
  }
  ~DiskCachedEval() override { set_cache_directory(""); }

  TemporaryDirectory directory;
  Tensor x = sample_tensor(DType::f32, {12, 345});

  void evaluate() {
    expect_compiled_as_reference(
        [&] { return std::vector{sqrt(reduce_sum(square(x), 1)), reduce_sum(x - 1.0f, 0)}; });
  }
};

TEST_F(DiskCachedEval, ForgottenCodeComesFromDisk) {
  const CacheStats before = cache_stats();
  evaluate();
  clear_cache();
  evaluate();
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.compilations - before.compilations, 1);
  EXPECT_EQ(after.disk_hits - before.disk_hits, 1);
  EXPECT_EQ(after.disk_writes - before.disk_writes, 1);
}

TEST_F(DiskCachedEval, AnotherProcessCompilesNothing) {
  evaluate();
  EXPECT_EQ(in_process([&] {
              clear_cache();
              const CacheStats before = cache_stats();
              evaluate();
              const CacheStats after = cache_stats();
              return after.compilations == before.compilations && !HasFailure() ? 0 : 1;
            }),
            0);
}

TEST_F(DiskCachedEval, WhatIsBrokenIsCompiledAgain) {
  evaluate();
  for (const auto &file : std::filesystem::directory_iterator(directory.name()))
    std::filesystem::resize_file(file, 100);
  clear_cache();
  const CacheStats before = cache_stats();
  evaluate();
  const CacheStats after = cache_stats();
  EXPECT_EQ(after.compilations - before.compilations, 1);
  EXPECT_EQ(after.disk_broken - before.disk_broken, 1);
  clear_cache();
  evaluate();
  EXPECT_EQ(cache_stats().disk_hits - before.disk_hits, 1) << "and written again";
}

TEST_F(DiskCachedEval, FourProcessesStartTogether) {
  const std::int64_t broken = cache_stats().disk_broken;
  std::vector<pid_t> processes;
  for (int number = 0; number < 4; ++number)
    processes.push_back(start_process([&] {
      for (std::int64_t n = 1; n <= 12; ++n) {
        std::vector<double> values(static_cast<std::size_t>(n), 3.0);
        if (reduce_sum(constant<double>(values, {n})).item<double>() !=
            3.0 * static_cast<double>(n))
          return 1;
      }
      return cache_stats().disk_broken == broken ? 0 : 2;
    }));
  for (pid_t process : processes)
    EXPECT_EQ(wait_for(process), 0);
}

} // namespace
