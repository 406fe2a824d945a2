// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Buffer.h"

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

#include <algorithm>
#include <functional>

namespace tsum {

/// The memory of the results of a program's launches, in order; null once nothing reads it any
/// more.
using LaunchResults = std::vector<std::shared_ptr<std::byte>>;

/// Runs one launch on its inputs and results.
using RunLaunch = std::function<void(const Program::Launch &, const void *const *buffers)>;

/// Lets go of those `results` of launches that nothing reads after the `launch`th, which read or
/// left them, and that are no outputs, so that a program needs no more memory than is alive at
/// once.
template <class Buffers>
void release_after(const Program &program, std::size_t launch, Buffers &results) {
  auto reads = [](const Program::Launch &reader, std::int32_t value) {
    return std::ranges::find(reader.inputs, value) != reader.inputs.end();
  };
  const auto next = program.launches.begin() + static_cast<std::ptrdiff_t>(launch) + 1;
  auto release = [&](std::int32_t value) {
    if (value >= program.arguments &&
        std::ranges::find(program.outputs, value) == program.outputs.end() &&
        std::none_of(next, program.launches.end(),
                     [&](const Program::Launch &later) { return reads(later, value); }))
      results[static_cast<std::size_t>(value - program.arguments)].reset();
  };
  for (std::int32_t value : program.launches[launch].inputs)
    release(value);
  // A launch that runs again leaves more than what it is repeated for.
  auto made = program.arguments + static_cast<std::int32_t>(results.size());
  for (std::size_t n = program.launches[launch].results.size(); n-- > 0;)
    release(--made);
}

/// The most bytes that the launches of `program` have in memory at once, beside data and outputs.
[[nodiscard]] std::int64_t bytes_between(const Program &program);

/// Calls `run` for one launch of `program` after another. `values` holds where the data lies, and
/// gets where each result does; `results` gets the memory of these. Both are vectors, and what one
/// launch takes is allocated as `values` is.
template <class Values, class Results, class Run>
void run_launches(const Program &program, Values &values, Results &results, const Run &run) {
  Values buffers(values.get_allocator());
  for (std::size_t n = 0; n < program.launches.size(); ++n) {
    const Program::Launch &launch = program.launches[n];
    buffers.clear();
    for (std::int32_t input : launch.inputs)
      buffers.push_back(values[static_cast<std::size_t>(input)]);
    for (std::int64_t bytes : launch.results) {
      results.push_back(allocate_buffer(bytes));
      values.push_back(results.back().get());
      buffers.push_back(values.back());
    }
    run(launch, buffers.data());
    release_after(program, n, results);
  }
}

/// Does that on the data that `bound` names, and returns what is left in the end: the outputs.
[[nodiscard]] LaunchResults run_launches(const Program &program, const Canonicalized &bound,
                                         const RunLaunch &run);

/// Does that and gives the outputs to their nodes.
void run_program(const Program &program, const Canonicalized &bound, const RunLaunch &run);

} // namespace tsum
