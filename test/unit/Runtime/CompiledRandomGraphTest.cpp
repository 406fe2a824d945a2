// SPDX-License-Identifier: Apache-2.0
//
// Compiled random graphs against the reference: the same ones in every run, on any day and machine.
// `tools/dev fuzz` looks for others.
#include "Difference.h"
#include "RandomGraph.h"

#include <cstdio>

using namespace tsum;
using namespace tsum::test;

namespace {

/// Tests the graph of one seed; whether it is right.
bool test_graph(unsigned seed, const std::vector<DType> &dtypes, Scale scale) {
  auto wrong = [](const Recipe &recipe) { return difference(recipe, 0, /*apart=*/true); };
  const Recipe recipe = recipe_of(RandomGraph(seed, dtypes, scale).outputs());
  const std::string found = wrong(recipe);
  if (found.empty())
    return true;
  const Recipe smallest =
      Shrinker(recipe, [&](const Recipe &smaller) { return !wrong(smaller).empty(); }).run(500);
  ADD_FAILURE() << "seed " << seed << ": " << found << "\nmade smaller:\n"
                << to_text(smallest) << wrong(smallest);
  return false;
}

void test_random_graphs(const std::vector<DType> &dtypes, unsigned count = 1000,
                        Scale scale = Scale::Small) {
  for (unsigned seed = 0; seed < count; ++seed) {
    if (seed % 100 == 0) { // what was tested when it crashes
      std::printf("seeds from %u\n", seed);
      std::fflush(stdout);
    }
    if (!test_graph(seed, dtypes, scale))
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

// Which are cut into pieces, for threads.
TEST(CompiledRandomGraphs, OfMegabytes) {
  test_random_graphs(dtypes_in(Domain::Any, /*with_complex=*/true), 30, Scale::Large);
}

} // namespace
