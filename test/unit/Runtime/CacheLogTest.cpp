// SPDX-License-Identifier: Apache-2.0
#include "Cases.h"
#include "Process.h"
#include "tsum/eval.h"

#include <gmock/gmock.h>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

struct CacheLog : testing::Test {
  CacheLog() {
    clear_cache();
    set_cache_log([this](const CacheEvent &event) { events.push_back(event); });
  }
  ~CacheLog() override { set_cache_log(nullptr); }

  std::vector<CacheEvent> events;
};

TEST_F(CacheLog, SaysWhatWasNewInTheKey) {
  eval(reduce_sum(sample_tensor(DType::f32, {3, 50}), 1));
  eval(reduce_sum(sample_tensor(DType::f64, {3, 50}), 1));
  eval(reduce_sum(sample_tensor(DType::f32, {3, 51}), 1));
  eval(sqrt(reduce_sum(sample_tensor(DType::f32, {3, 51}), 1)));
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].novelty, "all, as the first one");
  EXPECT_EQ(events[1].novelty, "dtypes f64 f64, were f32 f32");
  EXPECT_EQ(events[2].novelty, "extents [3,51], were [3,50]; strides [51,1], were [50,1]");
  EXPECT_THAT(events[3].novelty, HasSubstr("operations constant reduce_sum sqrt, were constant "
                                           "reduce_sum"));
  EXPECT_THAT(events[2].graph, HasSubstr("%1 = reduce_sum %0 : f32[d0=3]"));
}

TEST_F(CacheLog, SaysFromWhereAndHowLong) {
  TemporaryDirectory directory;
  set_cache_directory(directory.name());
  Tensor x = sample_tensor(DType::f32, {3, 52});
  eval(reduce_sum(x, 1));
  eval(reduce_sum(reshape(x, {3, 1, 52}), 2)); // another signature, the same kernel
  clear_cache();
  eval(reduce_sum(x, 1));
  set_cache_directory("");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].origin, CacheEvent::Origin::Compiler);
  EXPECT_EQ(events[1].origin, CacheEvent::Origin::Memory);
  EXPECT_EQ(events[1].novelty, "");
  EXPECT_EQ(events[2].origin, CacheEvent::Origin::Disk);
  std::vector<std::string> names;
  std::chrono::nanoseconds sum{0};
  for (const auto &[name, time] : events[0].stages) {
    names.push_back(name);
    sum += time;
  }
  EXPECT_THAT(names, testing::ElementsAre("disk", "import", "simplify", "kernels", "linalg", "fuse",
                                          "cut", "tile", "bufferize", "vector", "llvm", "llvm-ir",
                                          "object", "write", "load"));
  EXPECT_LE(sum, events[0].total);
}

TEST(CacheLogEnvironment, PrintsToStderr) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ::setenv("TSUM_LOG", "cache", 1);
  EXPECT_EXIT(
      {
        eval(reduce_sum(constant({1.0f, 2.0f})));
        ::_exit(0);
      },
      testing::ExitedWithCode(0),
      "tsum: cache: from compiler in .* ms; new: all, as the first one\n    import .* ms");
  ::unsetenv("TSUM_LOG");
}

TEST(ManySignatures, OfOneExpressionWarnOnce) {
  std::vector<float> values(200, 1.0f);
  testing::internal::CaptureStderr();
  for (std::int64_t n = 1; n <= 70; ++n)
    eval(negative(reduce_sum(borrow(values.data(), {n + 100}))));
  const std::string text = testing::internal::GetCapturedStderr();
  const std::string warning = "an expression was compiled for more than 64 kinds of data";
  ASSERT_NE(text.find(warning), std::string::npos);
  EXPECT_EQ(text.find(warning), text.rfind(warning));
  EXPECT_THAT(text, HasSubstr("pad the data to a few shapes"));
}

} // namespace
