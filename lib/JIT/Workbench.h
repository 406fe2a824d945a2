// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "StageWatch.h"

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

  /// The kernels of `graph` as optimized LLVM IR, with `inSmallKernels` of one operation each;
  /// fills in the program and the kernels' names. Null for a graph without kernels, and where
  /// `failure` says why.
  std::unique_ptr<llvm::Module> lower(const CanonicalGraph &graph, bool inSmallKernels,
                                      llvm::TargetMachine &target, Image &image, StageWatch &watch,
                                      CompileFailure &failure);

  mlir::MLIRContext context;
  llvm::LLVMContext llvmContext;

private:
  using Stages = std::vector<std::unique_ptr<mlir::PassManager>>;

  Stages &stagesFor(bool smallKernels);

  PipelineOptions options;
  Stages stages, stagesOfSmallKernels;
};

} // namespace tsum
