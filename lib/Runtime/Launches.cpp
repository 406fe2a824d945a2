// SPDX-License-Identifier: Apache-2.0

#include "Launches.h"

#include "Monitor.h"

namespace tsum {

LaunchResults run_launches(const Program &program, const Canonicalized &bound,
                           const RunLaunch &run) {
  std::vector<const void *> values;
  for (const Canonicalized::Argument &argument : bound.arguments)
    values.push_back(argument.data);
  LaunchResults results;
  run_monitored(program.launches, [&] { run_launches(program, values, results, run); });
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
