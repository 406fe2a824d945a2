// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

#include <variant>

namespace tsum {

/// Why a compilation failed. Compiler code throws nothing: the runtime turns this into a
/// CompileError.
struct CompileFailure {
  std::string stage;
  std::string diagnostic;
};

/// Compiles `graph` for this machine and loads the code. Compilations in several threads take
/// turns. The first one in a process also sets the compiler up.
[[nodiscard]] std::variant<Program, CompileFailure> compile(const CanonicalGraph &graph);

} // namespace tsum
