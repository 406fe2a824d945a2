// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Program.h"

namespace tsum {

bool is_consistent(const Image &image) {
  const Program &program = image.program;
  if (program.arguments < 0 || image.kernels.size() != program.launches.size())
    return false;
  std::int64_t values = program.arguments;
  for (const Program::Launch &launch : program.launches) {
    for (std::int32_t input : launch.inputs)
      if (input < 0 || input >= values)
        return false;
    if (launch.tiles < 0 || launch.results.empty())
      return false;
    for (std::int64_t bytes : launch.results)
      if (bytes < 0)
        return false;
    values += static_cast<std::int64_t>(launch.results.size());
  }
  for (std::int32_t output : program.outputs)
    if (output < program.arguments || output >= values)
      return false;
  return true;
}

} // namespace tsum
