// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Plan.h"

namespace tsum {

/// The compiled code of the process: the caches in memory and on disk and the compiler behind them.
/// One for the process, never destroyed, so that destructors that run while it exits may evaluate.
class Kernels {
public:
  static Kernels &instance();

  /// What a program is for: one evaluation, of which nobody knows whether another of its shape will
  /// follow, or as many as to be worth a compilation.
  enum class Use : std::uint8_t { Once, Often };

  /// The program for `graph`: from memory or disk, generic code, or from the compiler; if that
  /// fails, a slower one.
  [[nodiscard]] KernelCache::ProgramPtr get(const CanonicalGraph &graph, Use use);

  /// To be called whenever `program` runs: what runs often as generic code is compiled.
  void note_run(const CachedProgram &program) {
    if (program.is_generic())
      note_generic_run(program);
  }

  /// Compiles `graph`, which runs as generic code, or reads it from disk, and puts it in the place
  /// of that. Returns null where that fails.
  KernelCache::ProgramPtr specialize(const CanonicalGraph &graph);

  KernelCache memory;
  PlanCache plans;

private:
  Kernels();
  void note_generic_run(const CachedProgram &program);
};

} // namespace tsum
