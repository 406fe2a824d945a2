// SPDX-License-Identifier: Apache-2.0
#include "tsum/explain.h"
#include "Cases.h"
#include "tsum/cache.h"
#include "tsum/composites.h"
#include "tsum/threads.h"

#include <gmock/gmock.h>

#include <filesystem>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

/// What is said of the kernel whose name begins with `name`.
std::string part_on(const std::string &name, const std::string &text) {
  const std::size_t begin = text.find("  kernel " + name);
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find("\n  kernel", begin) - begin);
}

TEST(Explain, SaysOfEachKernelWhatIsItsOwn) {
  // The kernel with both reductions is formed last and launched first.
  Tensor x = sample_tensor(DType::f32, {40, 30000}); // rows that caches do not keep
  Tensor sums = reduce_sum(x, 1, /*keepdims=*/true);
  const std::string text = explain(std::vector{sums, x / sums, reduce_max(x, 1)});
  EXPECT_THAT(part_on("divide_0", text), HasSubstr("strategy    320 tiles of [1,3776]"));
  EXPECT_THAT(part_on("divide_0", text), HasSubstr("ends here   output\n"));
  EXPECT_THAT(part_on("reduce_sum_reduce_max_1", text),
              HasSubstr("strategy    inner; 40 tiles of [1]"));
  EXPECT_THAT(part_on("reduce_sum_reduce_max_1", text), HasSubstr("%1 f32[40], %2 f32[40]\n"));
  EXPECT_LT(text.find("kernel reduce_sum_reduce_max_1"), text.find("kernel divide_0"));
}

TEST(Explain, SaysOfASumInPiecesWhatItsMergePromises) {
  const Tensor x = sample_tensor(DType::f32, {10000});
  const std::string text = explain(std::vector{reduce_sum(square(x)), x + x});
  const std::string pieces = part_on("square_reduce_pieces_add", text);
  EXPECT_THAT(pieces, HasSubstr("f32[10000], %2 f64[5]\n"));
  EXPECT_THAT(pieces, HasSubstr("strategy    inner; 5 tiles of [2048]"));
  EXPECT_THAT(pieces, testing::Not(HasSubstr("accuracy")));
  EXPECT_THAT(part_on("merge_nodes", text), HasSubstr("ends here   output\n"));
  EXPECT_THAT(part_on("merge_nodes", text), HasSubstr("accuracy    f32 sums within 20 u sum|x|"));
}

TEST(Explain, StatesTheBoundOfEachKindOfSum) {
  auto accuracy = [](const Tensor &tensor) {
    const std::string text = explain(tensor);
    const std::size_t begin = text.find("accuracy    ");
    return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
  };
  auto x = [](DType dtype) { return sample_tensor(dtype, {4, 30}); };
  EXPECT_EQ(accuracy(reduce_sum(x(DType::f32), 1)),
            "accuracy    f32 sums within 20 u sum|x|, u = 2^-24");
  EXPECT_EQ(accuracy(reduce_sum(x(DType::f64), 1)),
            "accuracy    f64 sums within 20 u sum|x|, u = 2^-53");
  EXPECT_EQ(accuracy(reduce_sum(x(DType::bf16), 1)),
            "accuracy    bf16 sums within 20 u sum|x|, u = 2^-24, and rounded once to bf16");
  EXPECT_EQ(accuracy(reduce_sum(x(DType::f64), 1, {.accuracy = Accuracy::exact})),
            "accuracy    f64 sums exact, rounded once");
  EXPECT_EQ(
      accuracy(reduce_mean(x(DType::f64), 1, {.dtype = DType::f32, .accuracy = Accuracy::exact})),
      "accuracy    f64 sums exact, over 30, rounded once to f32");
  EXPECT_EQ(accuracy(reduce_prod(x(DType::f32), 1)),
            "accuracy    f32 products within u for each factor, u = 2^-24");
  EXPECT_EQ(accuracy(reduce_sum(x(DType::i32), 1)), "");
  EXPECT_EQ(accuracy(reduce_max(x(DType::f32), 1)), "");
}

/// Says that there are three threads, and has one of them do all.
struct ThreeThreads : Executor {
  std::int64_t concurrency() override { return 3; }
  void run(std::int64_t count, const std::function<void(std::int64_t)> &job) override {
    for (std::int64_t n = 0; n < count; ++n)
      job(n);
  }
};

TEST(Explain, CountsThreads) {
  ThreeThreads executor;
  Tensor large = sample_tensor(DType::f32, {1000, 1000}), small = sample_tensor(DType::f32, {4, 4});
  {
    ThreadScope scope(executor);
    EXPECT_THAT(explain(reduce_sum(large, 1)), HasSubstr(" us on 3 threads, "));
    EXPECT_THAT(explain(reduce_sum(small, 1)), HasSubstr(" us on 1 thread, "));
  }
  ThreadScope alone(1);
  EXPECT_THAT(explain(reduce_sum(large, 1)), HasSubstr(" us on 1 thread, "));
}

TEST(Explain, MeasuresKernelsInPiecesAsOne) {
  // Each reduction is cut, so that there are five launches for three kernels. Merging the pieces is
  // little, for one thread.
  ThreeThreads executor;
  const ThreadScope scope(executor);
  const std::string text = explain(softmax(sample_tensor(DType::f32, {1, 4 << 20}), 1));
  for (const char *kernel :
       {"reduce_max_0", "subtract_exp_reduce_sum_1", "subtract_exp_reciprocal_multiply_2"})
    EXPECT_THAT(part_on(kernel, text), HasSubstr(" us on 3 threads, ")) << kernel;
}

TEST(Explain, SaysWhereTheCodeIsFrom) {
  const std::string outer = cache_directory();
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "tsum-explain-cache";
  std::filesystem::remove_all(folder);
  auto explain_again = [] { return explain(reduce_sum(sample_tensor(DType::f32, {7, 1111}), 1)); };
  clear_cache();
  set_cache_directory("");
  EXPECT_THAT(explain_again(), HasSubstr("from compiler in "));
  EXPECT_THAT(explain_again(), HasSubstr(" ms, kept in memory only\n"));
  clear_cache();
  set_cache_directory(folder.string());
  EXPECT_THAT(explain_again(), HasSubstr(" ms, kept in memory and in " + folder.string() + "\n"));
  EXPECT_THAT(explain_again(), HasSubstr("from memory in "));
  clear_cache();
  EXPECT_THAT(explain_again(), HasSubstr("from disk in "));
  set_cache_directory(outer);
  std::filesystem::remove_all(folder);
}

} // namespace
