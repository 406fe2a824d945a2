// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Codegen/Pipeline.h"
#include "tsum/JIT/Compiler.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace tsum {

/// Everything between a canonical graph and LLVM IR, kept from one compilation to the next. For one
/// thread at a time. It grows: types, attributes and constants stay in the contexts that they were
/// made in.
class Workbench {
public:
  /// Runs all stages, whatever `options` say of that.
  explicit Workbench(const PipelineOptions &options);

  /// The kernels of `graph` as optimized LLVM IR; fills in the program and the kernels' names, and
  /// appends what each stage took. Null for a graph without kernels, and where `failure` says why.
  std::unique_ptr<llvm::Module> lower(const CanonicalGraph &graph, llvm::TargetMachine &target,
                                      Image &image, std::vector<StageTime> &times,
                                      CompileFailure &failure);

  mlir::MLIRContext context;
  llvm::LLVMContext llvmContext;

private:
  std::vector<std::unique_ptr<mlir::PassManager>> stages;
};

} // namespace tsum
