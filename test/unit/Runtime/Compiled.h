// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/cache.h"
#include "tsum/eval.h"

namespace tsum::test {

/// While it lives, what the compiler fails on is a failure of the test: other code would give the
/// same values.
class CompilesAll {
public:
  CompilesAll() {
    set_cache_log([](const CacheEvent &event) {
      if (!event.failure.empty())
        ADD_FAILURE() << event.failure << " in\n" << event.graph;
    });
  }
  ~CompilesAll() { set_cache_log(nullptr); }
  CompilesAll(const CompilesAll &) = delete;
  CompilesAll &operator=(const CompilesAll &) = delete;
};

/// Compiled code gives the reference's bits. `build` makes the outputs anew each time it is called,
/// as a graph can be evaluated only once.
template <class Build> void expect_compiled_as_reference(const Build &build) {
  std::vector<Tensor> compiled = build();
  std::string graphs;
  for (const Tensor &output : compiled)
    graphs += graph_to_string(output) + '\n';
  SCOPED_TRACE(graphs);
  std::vector<std::vector<std::byte>> expected = reference::evaluate_tree(build());
  {
    const CompilesAll all;
    ASSERT_NO_THROW(eval(compiled));
  }
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    DType dtype = compiled[i].dtype();
    const auto *bytes = static_cast<const std::byte *>(compiled[i].bytes());
    expect_same_values(dtype, expected[i],
                       {bytes, static_cast<std::size_t>(compiled[i].size() * size_of(dtype))});
  }
}

} // namespace tsum::test
