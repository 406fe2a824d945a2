// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace tsum {

/// The instruction set extensions that this machine really has, as "+avx2,+fma,...". Not derived
/// from the CPU's name: a hypervisor may mask what the name implies.
std::string hostFeatures();

/// The first of `features` that is none of this machine's kind of code, or nothing. LLVM itself
/// only prints that it ignores it.
std::string unknownFeature(llvm::StringRef features);

/// A target machine for this machine's kind of code and the given extensions.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(llvm::StringRef features);

/// `kernels`, a module in the LLVM dialect, as optimized LLVM IR.
llvm::Expected<std::unique_ptr<llvm::Module>>
toLLVMIR(mlir::ModuleOp kernels, llvm::LLVMContext &context, llvm::TargetMachine &target);

/// Makes machine code of LLVM IR, as object files or, for reading, as assembly. Kept from one
/// module to the next, since preparing LLVM's passes takes as long as a small kernel.
class CodeEmitter {
public:
  explicit CodeEmitter(llvm::TargetMachine &target,
                       llvm::CodeGenFileType type = llvm::CodeGenFileType::ObjectFile);
  llvm::Expected<std::string> emit(llvm::Module &module);

private:
  /// LLVM's, but for some.
  class Passes final : public llvm::legacy::PassManager {
    void add(llvm::Pass *pass) override;
  };

  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream{code};
  Passes passes;
  bool isSupported;
};

} // namespace tsum
