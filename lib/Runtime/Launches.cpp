// SPDX-License-Identifier: Apache-2.0

#include "Launches.h"

#include "Monitor.h"

namespace tsum {

std::int64_t bytes_between(const Program &program) {
  struct Result {
    std::int64_t bytes;
    std::size_t last_use;
  };
  std::vector<Result> results;
  std::vector<std::int64_t> change(program.launches.size() + 1, 0); // of bytes, before each launch
  for (std::size_t n = 0; n < program.launches.size(); ++n) {
    for (std::int32_t input : program.launches[n].inputs)
      if (input >= program.arguments)
        results[static_cast<std::size_t>(input - program.arguments)].last_use = n;
    for (std::int64_t bytes : program.launches[n].results) {
      const auto value = program.arguments + static_cast<std::int32_t>(results.size());
      const bool is_output = std::ranges::find(program.outputs, value) != program.outputs.end();
      results.push_back({is_output ? 0 : bytes, n});
      change[n] += results.back().bytes;
    }
  }
  for (const Result &result : results)
    change[result.last_use + 1] -= result.bytes;
  std::int64_t now = 0, most = 0;
  for (std::int64_t bytes : change)
    most = std::max(most, now += bytes);
  return most;
}

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
