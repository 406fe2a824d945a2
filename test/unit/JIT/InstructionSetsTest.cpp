// SPDX-License-Identifier: Apache-2.0
//
// Code for different instruction set extensions gives the same bits.
#include "Cases.h"
#include "Runtime/Launches.h"
#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Canonical/Resolve.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/JIT/Loader.h"

using namespace tsum;
using namespace tsum::test;

namespace {

/// No fused multiply-add up to AVX2; fused; and all that there is.
std::vector<std::string> instruction_sets() {
  std::vector<std::string> sets = {"+sse4.2,+popcnt"};
  if (__builtin_cpu_supports("avx2"))
    sets.emplace_back("+avx2,+bmi,+bmi2,+popcnt");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.emplace_back("+avx2,+fma,+f16c,+bmi,+bmi2,+popcnt");
  sets.push_back(target_features());
  return sets;
}

/// The results of `bound`'s graph by code for `features`, one behind the other.
std::vector<std::byte> run_with(const Canonicalized &bound, const std::string &features) {
  auto compiled = compile_for(bound.graph, features);
  if (auto *failure = std::get_if<CompileFailure>(&compiled))
    throw std::runtime_error(failure->stage + ": " + failure->diagnostic);
  auto loaded = load(std::move(std::get<Compilation>(compiled).image));
  if (auto *failure = std::get_if<CompileFailure>(&loaded))
    throw std::runtime_error(failure->stage + ": " + failure->diagnostic);
  const Program &program = std::get<Program>(loaded);

  const LaunchResults results =
      run_launches(program, bound, [](const Program::Launch &launch, const void *const *buffers) {
        launch.kernel(buffers, 0, launch.tiles);
      });
  std::vector<std::byte> bytes;
  for (std::size_t n = 0; n < bound.results.size(); ++n) {
    const auto result = static_cast<std::size_t>(program.outputs[n] - program.arguments);
    const std::byte *data = results[result].get();
    bytes.insert(bytes.end(), data, data + bound.results[n].bytes);
  }
  return bytes;
}

/// An output, and what it is called in a failure.
struct Expression {
  const char *name;
  Tensor (*make)(const Tensor &x);
};
const Expression expressions[] = {
    {"sum of all", [](const Tensor &x) { return reduce_sum(x); }},
    {"sum of columns", [](const Tensor &x) { return reduce_sum(x, 0); }},
    {"sum of rows", [](const Tensor &x) { return reduce_sum(x, 1); }},
    {"sum of few", [](const Tensor &x) { return reduce_sum(slice(x, {{}, {0, 3}}), 1); }},
    {"exact sum of rows",
     [](const Tensor &x) { return reduce_sum(x, 1, {.accuracy = Accuracy::exact}); }},
    {"exact sum of columns",
     [](const Tensor &x) { return reduce_sum(x, 0, {.accuracy = Accuracy::exact}); }},
    {"exact mean of rows",
     [](const Tensor &x) { return reduce_mean(x, 1, {.accuracy = Accuracy::exact}); }},
    {"exact sum of few",
     [](const Tensor &x) {
       return reduce_sum(slice(x, {{}, {0, 3}}), 1, {.accuracy = Accuracy::exact});
     }},
    {"exact mean of few",
     [](const Tensor &x) {
       return reduce_mean(slice(x, {{}, {0, 13}}), 1, {.accuracy = Accuracy::exact});
     }},
    {"exact dot product",
     [](const Tensor &x) { return dot(x, x, 1, {.accuracy = Accuracy::exact}); }},
    {"product", [](const Tensor &x) { return reduce_prod(x / 1000, 1); }},
    {"place of the smallest", [](const Tensor &x) { return argmin(x, 1); }},
    {"variance", [](const Tensor &x) { return reduce_variance(x, 1); }},
    {"logsumexp", [](const Tensor &x) { return reduce_logsumexp(x, 0); }},
    {"softmax", [](const Tensor &x) { return softmax(x, 1); }},
    {"functions", [](const Tensor &x) { return sin(x) + log(abs(x)) * tanh(x); }},
};

class InstructionSets : public testing::TestWithParam<DType> {};

TEST_P(InstructionSets, GiveTheSameBits) {
  const std::vector<std::string> sets = instruction_sets();
  for (const Expression &expression : expressions) {
    const Node::Ptr output = expression.make(sample_tensor(GetParam(), {300, 1043})).node();
    Resolved resolved = resolve({&output, 1});
    ASSERT_TRUE(resolved.needed_first.empty());
    const Canonicalized bound = canonicalize(resolved.nodes);
    ASSERT_TRUE(bound.needed_first.empty());
    const std::vector<std::byte> expected = run_with(bound, sets.front());
    for (std::size_t n = 1; n < sets.size(); ++n)
      ASSERT_NO_FATAL_FAILURE(expect_same_values(output->dtype, expected, run_with(bound, sets[n])))
          << expression.name << " with " << sets[n];
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, InstructionSets,
                         testing::Values(DType::f16, DType::f32, DType::f64), name_of_dtype);

} // namespace
