// SPDX-License-Identifier: Apache-2.0
#include "RandomGraph.h"
#include "tsum/Reference/Evaluate.h"

using namespace tsum;
using namespace tsum::test;

namespace {

TEST(RandomGraphs, CanonicalFormsGiveTheSameValues) {
  // Sums of integers are the same in any order.
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Tensor tensor = RandomGraph(seed, {DType::i32, DType::u8}).nodes().back();
    std::string graph = graph_to_string(tensor);
    std::vector<std::byte> direct = reference::evaluate(tensor);
    ASSERT_EQ(direct, reference::evaluate_tree(tensor)) << "seed " << seed << '\n' << graph;
  }
}

} // namespace
