// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <string>
#include <string_view>
#include <vector>

namespace tsum {

/// What `print_stage` takes, in the order of compilation: the stages of the pipeline, which give
/// MLIR, then "llvm-ir" and "asm".
[[nodiscard]] std::vector<std::string> stage_names();

/// What the compiler makes of `graph` for this machine up to and with `stage`, as text. Runs the
/// stages again in a context of its own: nothing is loaded or cached.
[[nodiscard]] std::variant<std::string, CompileFailure> print_stage(const CanonicalGraph &graph,
                                                                    std::string_view stage);

/// "22.1.3": the LLVM that tsum is linked with.
[[nodiscard]] std::string llvm_version();

/// The instruction set extensions that kernels are compiled for: "+avx2,+fma,...".
[[nodiscard]] std::string target_features();

} // namespace tsum
