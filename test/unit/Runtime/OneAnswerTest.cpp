// SPDX-License-Identifier: Apache-2.0
//
// The bits of a reduction depend on its elements alone: docs/numerics.md. The same questions in
// many settings; `tools/dev fuzz settings` asks others. Some of these tests run once more with each
// strategy, whose answers are compared with the reference's as well.
#include "OneAnswer.h"

#include <cstdlib>

using namespace tsum;
using namespace tsum::test;

namespace {

const std::size_t exact_sum = static_cast<std::size_t>(
    std::ranges::find(question_ops, std::string_view("exact reduce_sum"), &QuestionOp::name) -
    question_ops);

constexpr DType dtypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::complex64};

/// How many of `settings` are tried: with a strategy that the environment names a third, as it has
/// the same questions, and all settings have been tried without.
unsigned tried(unsigned settings) {
  return std::getenv("TSUM_STRATEGY") ? (settings + 2) / 3 : settings;
}

/// Asks questions of every dtype, each in settings that `next` makes.
template <class Next>
void ask(unsigned questions, unsigned settings, const Next &next, bool is_exact = false) {
  for (DType dtype : dtypes)
    for (unsigned seed = 0; seed < questions; ++seed) {
      Question question = random_question(3 * seed, dtype); // all kinds of values
      if (is_exact)
        question.op = exact_sum;
      const Answered answered(std::move(question));
      EXPECT_EQ(answered.difference_from_reference(), "") << to_string(answered.question, {});
      for (unsigned n = 0; n < tried(settings); ++n) {
        const Setting setting = next(seed * settings + n);
        ASSERT_EQ(answered.difference(setting), "") << to_string(answered.question, setting);
      }
    }
}

class OneAnswer : public testing::TestWithParam<std::size_t> {};

TEST_P(OneAnswer, WhateverTheAspect) {
  ask(6, 2, [](unsigned seed) {
    Setting setting;
    setting.numbers[GetParam()] = static_cast<unsigned>(std::mt19937(seed)()) | 1;
    return setting;
  });
}

INSTANTIATE_TEST_SUITE_P(Aspects, OneAnswer, testing::Range(std::size_t{0}, aspect_count),
                         [](const auto &info) { return aspect_names[info.param]; });

TEST(OneAnswerInAll, MixedSettings) { ask(8, 6, random_setting); }

TEST(OneAnswerInAll, MixedSettingsOfExactSums) { ask(6, 4, random_setting, /*is_exact=*/true); }

TEST(OneAnswerInAll, OfLargeOperands) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    const Answered answered(
        random_question(seed, dtypes[seed % std::size(dtypes)], /*is_large=*/true));
    for (unsigned n = 0; n < tried(4); ++n) {
      const Setting setting = random_setting(seed * 4 + n);
      ASSERT_EQ(answered.difference(setting), "") << to_string(answered.question, setting);
    }
  }
}

} // namespace
