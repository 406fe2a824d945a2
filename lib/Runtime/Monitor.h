// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

#include <atomic>
#include <cstdint>

namespace tsum {

/// Whoever looks at what the calling thread evaluates: `set_kernel_hook`'s, the scopes of
/// tsum/progress.h. They are asked between pieces of launches, which are of so many bytes.
class Monitor {
public:
  /// Small enough that what ends an evaluation does so in some milliseconds.
  static constexpr std::int64_t piece_bytes = std::int64_t{4} << 20;

  /// Whether anybody wants to know of the progress.
  [[nodiscard]] static bool wants_progress();
  /// To be called before launches that read and write so many bytes, if somebody does, and after
  /// them.
  static void begin(std::int64_t bytes);
  static void end();

  /// To be called before each launch and between its pieces, on the thread that evaluates, when it
  /// has come `bytes` further. Throws what ends the evaluation.
  static void look(std::int64_t bytes);
  /// Notes that only.
  static void note(std::int64_t bytes);
};

/// Calls `run`, which runs the launches in `launches`, and lets a Monitor know.
template <class Launches, class Run> void run_monitored(const Launches &launches, const Run &run) {
  if (!Monitor::wants_progress())
    return run();
  std::int64_t bytes = 0;
  for (const Program::Launch &launch : launches)
    bytes += launch.traffic;
  Monitor::begin(bytes);
  run();
  Monitor::end();
}

} // namespace tsum
