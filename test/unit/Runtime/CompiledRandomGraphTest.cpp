// SPDX-License-Identifier: Apache-2.0
//
// Compiled random graphs against the reference: the same ones in every run, on any day and machine.
// `TSUM_RANDOM_GRAPHS=N` tests N graphs of each kind, from the seed `TSUM_RANDOM_SEED` on.
#include "Compiled.h"
#include "RandomGraph.h"
#include "Recipe.h"
#include "tsum/JIT/Inspect.h"

#include <gtest/gtest-spi.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

using namespace tsum;
using namespace tsum::test;

namespace {

/// What is wrong with the compiled results of `recipe`; nothing if they are right.
std::string difference(const Recipe &recipe) {
  testing::TestPartResultArray failures;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    expect_compiled_as_reference([&] { return build(recipe); });
  }
  return failures.size() == 0 ? "" : failures.GetTestPartResult(0).message();
}

/// The graph as a file that tsum-opt and tsum-run read, and its data.
std::string to_text(const Recipe &recipe) {
  std::ostringstream text;
  text << to_mlir(build(recipe));
  std::vector<Tensor> tensors = build_all(recipe);
  for (std::size_t n = 0; n < tensors.size(); ++n)
    if (recipe.steps[n].is_data())
      text << "// " << tensors[n] << '\n';
  return text.str();
}

/// Tests the graph of one seed; whether it is right.
bool test_graph(unsigned seed, const std::vector<DType> &dtypes) {
  const Recipe recipe = recipe_of(RandomGraph(seed, dtypes).outputs());
  std::string wrong = difference(recipe);
  if (wrong.empty())
    return true;
  Recipe smallest =
      Shrinker(recipe, [](const Recipe &smaller) { return !difference(smaller).empty(); }).run(500);
  ADD_FAILURE() << "seed " << seed << ": " << wrong << "\nmade smaller:\n"
                << to_text(smallest) << difference(smallest);
  return false;
}

void test_random_graphs(const std::vector<DType> &dtypes) {
  auto number = [](const char *variable, unsigned otherwise) {
    const char *given = std::getenv(variable);
    return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : otherwise;
  };
  const unsigned first = number("TSUM_RANDOM_SEED", 0);
  const unsigned count = number("TSUM_RANDOM_GRAPHS", 1000);
  if (count == 1) // of one that crashes
    std::cout << to_text(recipe_of(RandomGraph(first, dtypes).outputs())) << std::flush;
  for (unsigned seed = first; seed - first < count; ++seed) {
    if ((seed - first) % 100 == 0) { // what was tested when it crashes
      std::printf("seeds from %u\n", seed);
      std::fflush(stdout);
    }
    if (!test_graph(seed, dtypes))
      return;
  }
}

TEST(CompiledRandomGraphs, OfIntegers) { test_random_graphs(dtypes_in(Domain::Bits)); }

TEST(CompiledRandomGraphs, OfFloats) { test_random_graphs(dtypes_in(Domain::Float)); }

TEST(CompiledRandomGraphs, OfComplexNumbers) {
  test_random_graphs({DType::complex64, DType::complex128, DType::f32, DType::boolean});
}

TEST(CompiledRandomGraphs, OfEveryDType) {
  test_random_graphs(dtypes_in(Domain::Any, /*with_complex=*/true));
}

} // namespace
