// SPDX-License-Identifier: Apache-2.0
#include "OneAnswer.h"
#include "Search.h"

#include <fstream>
#include <optional>

namespace tsum::fuzz {

using namespace tsum::test;

/// So many seeds in a row ask the same question.
constexpr Seed settings_of_question = 16;

static Question make_question(Seed seed) {
  constexpr DType dtypes[] = {DType::f32,  DType::f64,       DType::f32,       DType::f16,
                              DType::bf16, DType::complex64, DType::complex128};
  const Seed number = seed / settings_of_question;
  return random_question(number, dtypes[number % std::size(dtypes)],
                         /*is_large=*/number % 40 == 39);
}

/// What overrides the compiler's choice in the process that tests `seed`. All its seeds have it in
/// common.
static std::string strategy_of(Seed seed) {
  constexpr const char *strategies[] = {"", "", "inner", "outer", "narrow"};
  return strategies[seed / seeds_of_process % std::size(strategies)];
}

static Outcome test_setting(Seed seed, const Question &question, const Setting &setting) {
  // The answers to the last question, and what was wrong with the first.
  static std::optional<Answered> answered;
  static std::string wrong;
  static Seed number;
  ::setenv("TSUM_STRATEGY", strategy_of(seed).c_str(), 1); // before the first compilation
  forget_compilations();
  if (!answered || number != seed / settings_of_question) {
    answered.emplace(question);
    wrong = answered->difference_from_reference();
    if (!wrong.empty())
      wrong = "in the usual setting, " + wrong;
    number = seed / settings_of_question;
  }
  return outcome_of(wrong.empty() ? answered->difference(setting) : wrong);
}

static std::string make_smaller(Seed seed, std::chrono::seconds patience,
                                const std::filesystem::path &folder) {
  const auto end = std::chrono::steady_clock::now() + patience;
  auto outcome = [&](const Question &question, const Setting &setting) {
    return run_alone(seed, [&](Seed) { return test_setting(seed, question, setting); },
                     {std::chrono::seconds(30), /*is_quiet=*/true});
  };
  Question question = make_question(seed);
  Setting setting = random_setting(seed);
  simplify(question, setting, 500, [&](const Question &simpler, const Setting &simpler_setting) {
    return std::chrono::steady_clock::now() < end &&
           !outcome(simpler, simpler_setting).wrong.empty();
  });
  const std::string graph = question_graph(question, setting);
  if (!folder.empty()) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "graph.mlir") << graph;
  }
  std::string strategy = strategy_of(seed);
  if (!strategy.empty())
    strategy = " TSUM_STRATEGY=" + strategy;
  return to_string(question, setting) + strategy + '\n' + graph + outcome(question, setting).wrong +
         '\n';
}

Search search_settings() {
  return {"setting",
          [](Seed seed) { return test_setting(seed, make_question(seed), random_setting(seed)); },
          make_smaller};
}

} // namespace tsum::fuzz
