// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <chrono>

namespace tsum {

/// Times the stages of one compilation, one after another, and says when they have taken too long.
class StageWatch {
public:
  /// Appends what each stage took to `stages`.
  StageWatch(std::vector<StageTime> &stages, const CanonicalGraph &graph, bool inSmallKernels);

  /// Why `stage` should not begin, if it should not.
  [[nodiscard]] std::optional<CompileFailure> obstacle(std::string_view stage) const;

  /// Notes that `stage`, a text that stays, is done.
  void stop(std::string_view stage);

private:
  using Clock = std::chrono::steady_clock;

  std::vector<StageTime> &stages;
  const std::chrono::milliseconds budget;
  const bool inSmallKernels;
  const Clock::time_point begin = Clock::now();
  Clock::time_point start = begin; ///< of the stage
};

/// What the tests want to see fail at `stage`, if anything.
[[nodiscard]] std::optional<CompileFailure> injectedFailure(std::string_view stage,
                                                            bool inSmallKernels);

} // namespace tsum
