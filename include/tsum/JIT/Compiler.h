// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

namespace tsum {

/// Why a compilation failed. Compiler code throws nothing: the runtime evaluates the graph in
/// another way, or turns this into a CompileError.
struct CompileFailure {
  std::string stage;
  std::string diagnostic;
  bool isUsersError = false; ///< of what the environment asks for, which no other way would mend
};

/// How long one stage took: a name of `pipelineStages()`, or "translate", "optimize", "object".
struct StageTime {
  std::string_view stage;
  std::chrono::nanoseconds time{0};
};

struct Compilation {
  Image image;
  std::vector<StageTime> stages;
};

/// Compiles `graph` for this machine; with `inSmallKernels` each operation into a kernel of its
/// own, which is slower to run. Compilations in several threads take turns. The first one in a
/// process also sets the compiler up; none loads anything.
///
/// Fails as well if it takes longer than its budget: 10 s, and 20 ms for each value of the graph,
/// looked at between the stages.
[[nodiscard]] std::variant<Compilation, CompileFailure> compile(const CanonicalGraph &graph,
                                                                bool inSmallKernels = false);

/// For tests: has compilations fail at a stage, which is one of those above, "set-up", or "load" of
/// what they made.
struct CompileFault {
  std::string stage;           ///< empty for none
  bool inSmallKernels = false; ///< also of small kernels
  bool isBudget = false;       ///< the time that they may take is over there
};
void setCompileFault(CompileFault fault);

/// The same for x86-64 with the extensions `features`, as LLVM spells them ("+avx2,+fma"), whatever
/// this machine has. Sets up a compiler each time.
[[nodiscard]] std::variant<Compilation, CompileFailure> compile_for(const CanonicalGraph &graph,
                                                                    const std::string &features);

/// What decides, beside the graph, which code `compile` makes: the version of tsum and LLVM and the
/// instruction set extensions of this machine, and the strategy if TSUM_STRATEGY overrides it, a
/// line each. Never the name of a CPU, and nothing that is merely a matter of tuning.
[[nodiscard]] const std::string &code_version();

} // namespace tsum
