// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "llvm/IR/PassManager.h"

namespace tsum {

/// Has the addresses that grow with a loop's counter, `base + counter * stride`, carried from one
/// iteration to the next as pointers that advance, so that loads and stores need no index register,
/// which costs some processors an instruction more.
///
/// This stands for LLVM's loop strength reduction, which considers all formulae that an address may
/// have, and takes up to a fifth of the time in which a kernel is compiled.
struct AdvancePointersPass : llvm::PassInfoMixin<AdvancePointersPass> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
};

} // namespace tsum
