// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Plan.h"

namespace tsum {

/// The compiled code of the process: the caches in memory and on disk and the compiler behind them.
/// One for the process, never destroyed, so that destructors that run while it exits may evaluate.
class Kernels {
public:
  static Kernels &instance();

  /// The program for `graph`, from memory, disk or the compiler; if that fails, a slower one.
  [[nodiscard]] KernelCache::ProgramPtr get(const CanonicalGraph &graph);

  KernelCache memory;
  PlanCache plans;

private:
  Kernels();
};

} // namespace tsum
