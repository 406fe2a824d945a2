// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Plan.h"

#include "tsum/function.h"

#include <atomic>
#include <chrono>
#include <string>

namespace tsum {

/// The compiled code of the process: the caches in memory and on disk and the compiler behind them.
/// One for the process, never destroyed, so that destructors that run while it exits may evaluate.
class Kernels {
public:
  static Kernels &instance();

  /// What a program is for: one evaluation, of which nobody knows whether another of its shape will
  /// follow; one of many shapes; or as many as to be worth a compilation.
  enum class Use : std::uint8_t { Once, AnyShape, Often };

  /// The program for `graph`: from memory or disk, generic code, or from the compiler; if that
  /// fails, a slower one.
  [[nodiscard]] KernelCache::ProgramPtr get(const CanonicalGraph &graph, Use use);

  /// Calls `run`, which runs `program`: what runs long as generic code, all runs together, is
  /// compiled in the background.
  template <class Run> void run(const CachedProgram &program, const Run &run) {
    if (!program.is_generic())
      return run();
    ++generic_evaluations;
    const auto start = std::chrono::steady_clock::now();
    run();
    note_generic_run(program, std::chrono::steady_clock::now() - start);
  }

  /// Compiles `graph`, which runs as generic code, or reads it from disk, and puts it in the place
  /// of that. Returns null where that fails.
  KernelCache::ProgramPtr specialize(const CanonicalGraph &graph, std::string reason);

  /// Notes that `program`, generic code, has run for `time`.
  void note_generic_run(const CachedProgram &program, std::chrono::nanoseconds time);

  /// Which code an evaluation of a graph runs, and why.
  struct Choice {
    bool is_generic = false;
    std::string reason; ///< a clause
    // Of generic code.
    std::int64_t runs = 0;
    double milliseconds = 0;        ///< of them all
    bool is_being_compiled = false; ///< in the background, since it is hot
  };
  /// That of `graph`, as things are. Makes nothing.
  [[nodiscard]] Choice choice(const CanonicalGraph &graph) const;

  /// What generic code of a shape may take, all runs together, before the shape is compiled: a
  /// fraction of what compiling takes, so that whatever comes next, little is lost either way.
  static constexpr std::chrono::nanoseconds hot = std::chrono::milliseconds(2);

  KernelCache memory;
  PlanCache plans;
  /// Runs of generic code that a look-up was for: not those of functions, which look nothing up.
  std::atomic<std::int64_t> generic_evaluations = 0;

private:
  Kernels();
};

[[nodiscard]] inline Kernels::Use use_for(Shapes shapes) {
  return shapes == Shapes::compiled ? Kernels::Use::Often
         : shapes == Shapes::any    ? Kernels::Use::AnyShape
                                    : Kernels::Use::Once;
}

} // namespace tsum
