// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <string_view>

namespace tsum {

/// One kernel of a graph, as the compiler decided on it.
struct KernelExplanation {
  std::string name;
  std::string cut;                     ///< why it ends where it does, as `tsum.cut` says
  std::string recomputed;              ///< why it runs again, as `tsum.recomputed` says, or empty
  std::vector<std::string> operations; ///< "reduce_sum [16,200] -> f32[16]", in order
  /// How each of its loops over the data runs: "inner, 64 lanes".
  std::vector<std::string> strategies;
  std::int64_t tiles = 0;
  std::vector<std::int64_t> tile; ///< the shape of a tile: of each result as much as it computes
  std::int64_t bytesRead = 0, bytesWritten = 0; ///< each input and result counted once
  std::int64_t flops = 0; ///< elementary steps: a result's elements, a reduction's operand's
  std::vector<std::int32_t> inputs; ///< values: the graph's data, then the launches' results
  std::vector<std::string> types;   ///< of its results, "f32[16]"
  std::vector<std::int64_t> shape;  ///< of each of its results
  /// How exact its sums and products of floats are: "f32 sums within 20 u sum|x|, u = 2^-24".
  std::vector<std::string> accuracy;
};

struct GraphExplanation {
  std::vector<std::string> data; ///< the types of what it reads
  std::vector<KernelExplanation> kernels;
};

/// What the compiler makes of `graph` for this machine, as `compile` does. Runs its stages in a
/// context of their own.
[[nodiscard]] std::variant<GraphExplanation, CompileFailure>
explain_graph(const CanonicalGraph &graph, bool inSmallKernels = false);

/// Whether tsum-cut-reductions has named a kernel `part` that it has cut off from `kernel`.
[[nodiscard]] bool is_cut_from(std::string_view part, std::string_view kernel);

} // namespace tsum
