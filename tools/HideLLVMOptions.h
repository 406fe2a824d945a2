// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "llvm/Support/CommandLine.h"

namespace tsum {

/// Hides LLVM's own options, for its back ends and passes, where MLIR's `main` parses the command
/// line: --help-hidden lists them.
inline void hideLLVMOptions() {
  for (auto &[name, option] : llvm::cl::getRegisteredOptions())
    if (option->getOptionHiddenFlag() == llvm::cl::NotHidden && name != "help" && name != "version")
      option->setHiddenFlag(llvm::cl::Hidden);
}

} // namespace tsum
