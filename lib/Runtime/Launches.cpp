// SPDX-License-Identifier: Apache-2.0

#include "Launches.h"

#include "Buffer.h"

namespace tsum {

LaunchResults run_launches(const Program &program, const Canonicalized &bound,
                           const RunLaunch &run) {
  std::vector<const void *> values;
  for (const Canonicalized::Argument &argument : bound.arguments)
    values.push_back(argument.data);
  LaunchResults results;
  std::vector<const void *> buffers;
  for (const Program::Launch &launch : program.launches) {
    buffers.clear();
    for (std::int32_t input : launch.inputs)
      buffers.push_back(values[static_cast<std::size_t>(input)]);
    for (std::int64_t bytes : launch.results) {
      results.push_back(allocate_buffer(bytes));
      values.push_back(results.back().get());
      buffers.push_back(values.back());
    }
    run(launch, buffers.data());
    release_after(program, static_cast<std::size_t>(&launch - program.launches.data()), results);
  }
  return results;
}

void run_program(const Program &program, const Canonicalized &bound, const RunLaunch &run) {
  const LaunchResults results = run_launches(program, bound, run);
  for (std::size_t i = 0; i < bound.results.size(); ++i) {
    const Canonicalized::Result &result = bound.results[i];
    const auto &buffer = results[static_cast<std::size_t>(program.outputs[i] - program.arguments)];
    result.node->set_values(std::make_shared<const Storage>(
        Storage{buffer, buffer.get() + result.offset, result.strides}));
  }
}

} // namespace tsum
