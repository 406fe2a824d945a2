// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace tsum {

/// The instruction set extensions that this machine really has, as "+avx2,+fma,...". Not derived
/// from the CPU's name: a hypervisor may mask what the name implies.
std::string hostFeatures();

/// A target machine for this machine's kind of code and the given extensions.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(llvm::StringRef features);

/// `kernels`, a module in the LLVM dialect, as optimized LLVM IR.
llvm::Expected<std::unique_ptr<llvm::Module>>
toLLVMIR(mlir::ModuleOp kernels, llvm::LLVMContext &context, llvm::TargetMachine &target);

/// Machine code for `module`, as an object file or, for reading, as assembly.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
emitCode(llvm::Module &module, llvm::TargetMachine &target,
         llvm::CodeGenFileType type = llvm::CodeGenFileType::ObjectFile);

} // namespace tsum
