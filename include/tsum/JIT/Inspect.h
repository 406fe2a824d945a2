// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <span>
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

/// The expression graph behind `outputs` as the user built it, as a module with one function of
/// tsum ops, whose arguments are the data: what tsum-opt and tsum-run read. Empty while the process
/// exits.
[[nodiscard]] std::string to_mlir(std::span<const Tensor> outputs);

/// What the one function in `text`, a module of tsum ops, returns for `arguments`, as an expression
/// graph: computes nothing.
[[nodiscard]] std::variant<std::vector<Tensor>, CompileFailure>
from_mlir(std::string_view text, std::span<const Tensor> arguments);

/// "22.1.3": the LLVM that tsum is linked with.
[[nodiscard]] std::string llvm_version();

/// The instruction set extensions that kernels are compiled for: "+avx2,+fma,...".
[[nodiscard]] std::string target_features();

} // namespace tsum
