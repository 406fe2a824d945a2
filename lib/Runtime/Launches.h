// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

#include <algorithm>
#include <functional>

namespace tsum {

/// The memory of the results of a program's launches, in order; null once nothing reads it any
/// more.
using LaunchResults = std::vector<std::shared_ptr<std::byte>>;

/// Runs one launch on its inputs and results.
using RunLaunch = std::function<void(const Program::Launch &, const void *const *buffers)>;

/// Calls `run` for one launch of `program` after another, on the data that `bound` names and memory
/// for the results, and returns what is left in the end: the outputs.
[[nodiscard]] LaunchResults run_launches(const Program &program, const Canonicalized &bound,
                                         const RunLaunch &run);

/// Does that and gives the outputs to their nodes.
void run_program(const Program &program, const Canonicalized &bound, const RunLaunch &run);

/// Lets go of those `results` of launches that the `launch`th was the last to read and that are no
/// outputs, so that a program needs no more memory than is alive at once.
template <class Buffers>
void release_after(const Program &program, std::size_t launch, Buffers &results) {
  auto reads = [](const Program::Launch &reader, std::int32_t value) {
    return std::ranges::find(reader.inputs, value) != reader.inputs.end();
  };
  const auto next = program.launches.begin() + static_cast<std::ptrdiff_t>(launch) + 1;
  for (std::int32_t value : program.launches[launch].inputs)
    if (value >= program.arguments &&
        std::ranges::find(program.outputs, value) == program.outputs.end() &&
        std::none_of(next, program.launches.end(),
                     [&](const Program::Launch &later) { return reads(later, value); }))
      results[static_cast<std::size_t>(value - program.arguments)].reset();
}

} // namespace tsum
