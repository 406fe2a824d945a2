// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"
#include "tsum/Support/ForkSafe.h"

namespace tsum {

/// A use of LLVM and MLIR, which all of them are within: the process does not fork meanwhile, and
/// when it exits, on whichever thread, it waits for the end before it destroys what LLVM and MLIR
/// consist of. From then on there is no compiler. Static objects that are made within one, by
/// whomever, are never destroyed. May be nested.
class CompilerUse {
public:
  CompilerUse();
  ~CompilerUse();
  CompilerUse(const CompilerUse &) = delete;
  CompilerUse &operator=(const CompilerUse &) = delete;

  /// For a thread that another one waits for inside a use.
  struct Inherited {};
  explicit CompilerUse(Inherited);

  /// Whether there is a compiler to use.
  explicit operator bool() const { return is_there; }

  /// Whether the process is exiting: what takes long had better end.
  [[nodiscard]] static bool is_exit();

  /// What to say where there is none.
  [[nodiscard]] static CompileFailure failure();

private:
  NoFork no_fork;
  bool is_counted = false;
  bool is_there = true;
};

} // namespace tsum
