// SPDX-License-Identifier: Apache-2.0
//
// Graphs over files give the bits of those over data in memory, whatever the memory.
#include "Difference.h"
#include "Divided/Inputs.h"
#include "Files.h"
#include "RandomGraph.h"

#include "tsum/composites.h"
#include "tsum/progress.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;

namespace {

/// What `function` says when it fails.
template <class Function> std::string error_of(const Function &function) {
  try {
    function();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

/// Evaluates `outputs` in memory and with their data in files.
void expect_same_in_files(const std::vector<Tensor> &outputs, std::int64_t memory, unsigned seed) {
  Files files;
  std::mt19937_64 random(seed);
  const std::vector<Tensor> streamed =
      with_inputs(outputs, [&](const Tensor &data) -> std::optional<Tensor> {
        if (random() % 5 == 0)
          return std::nullopt;
        return files.open(data, random);
      });
  eval(outputs);
  eval(streamed, {.memory = memory});
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", output " + std::to_string(n));
    ASSERT_TRUE(std::ranges::equal(streamed[n].shape(), outputs[n].shape()));
    expect_same_values(outputs[n].dtype(), bytes_of(outputs[n]), bytes_of(streamed[n]));
  }
}

TEST(StreamedRandomGraphs, OfFloats) {
  for (unsigned seed = 0; seed < 60 && !testing::Test::HasFailure(); ++seed)
    expect_same_in_files(RandomGraph(seed, dtypes_in(Domain::Float)).outputs(), 4 << 20, seed);
}

TEST(StreamedRandomGraphs, OfEveryDType) {
  for (unsigned seed = 0; seed < 60 && !testing::Test::HasFailure(); ++seed)
    expect_same_in_files(
        RandomGraph(seed + 500, dtypes_in(Domain::Any, /*with_complex=*/true)).outputs(), 4 << 20,
        seed);
}

/// Reductions and composites of data that takes many pieces.
TEST(Stream, OfManyPiecesGivesTheBitsOfMemory) {
  unsigned seed = 0;
  for (DType dtype : {DType::f32, DType::f64, DType::f16, DType::i16})
    for (const Shape &shape :
         {Shape{100'003}, Shape{3001, 37}, Shape{5, 20'011}, Shape{7, 300, 50}})
      for (std::int64_t memory : {std::int64_t{64} << 10, std::int64_t{700} << 10}) {
        const Tensor x = sample_tensor(dtype, shape);
        std::vector<Tensor> outputs;
        for (const Axes &axes : axes_subsets(shape.size())) {
          const auto add = [&](const ReductionOp &op) {
            if (contains(op.domain, dtype) && ++seed % 5 == 0)
              outputs.push_back(op.apply(x, axes, seed % 2 == 0));
          };
          std::ranges::for_each(reduction_ops, add);
          std::ranges::for_each(composite_ops, add);
        }
        SCOPED_TRACE(std::string(name_of(dtype)) + to_string(shape) + " in " +
                     std::to_string(memory));
        ASSERT_FALSE(outputs.empty());
        try {
          expect_same_in_files(outputs, memory, seed);
        } catch (const Error &error) { // tells what it would need, which is enough then
          const std::string text = error.what();
          ASSERT_THAT(text, testing::AnyOf(HasSubstr("is too little"), HasSubstr("would take")));
          EXPECT_LT(memory, 1 << 20);
          expect_same_in_files(outputs, 64 << 20, seed);
        }
        if (testing::Test::HasFailure())
          return;
      }
}

} // namespace
