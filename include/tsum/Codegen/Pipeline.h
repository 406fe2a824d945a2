// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <string>

namespace tsum {

struct PipelineOptions {
  /// The last stage to run, by name; empty for all.
  std::string stopAfter;
  /// The instruction set extensions to compile for, as LLVM spells them: "+avx2,+fma".
  std::string targetFeatures;
  /// The strategy of all reductions that can run by it; empty leaves it to the cost model. See the
  /// pass tsum-tile.
  std::string strategy;
  /// A kernel for each operation: slower, but of what goes wrong with larger ones little is left.
  bool smallKernels = false;
};

/// What this process compiles for: this machine's extensions, and the strategy that TSUM_STRATEGY
/// in the environment names, which is looked at once.
PipelineOptions hostOptions();

/// One step of the way from tsum ops to the LLVM dialect: a name to stop after and the passes
/// behind it.
struct Stage {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Adds the stage's passes to a pass manager of the outer module.
  void (*addPasses)(mlir::OpPassManager &pm, const PipelineOptions &options);
};

/// The stages in their order: the table of contents of the compiler.
llvm::ArrayRef<Stage> pipelineStages();

/// Adds the passes of all stages up to `options.stopAfter`. Fails, and says which names there are,
/// if it is none of them.
mlir::LogicalResult buildPipeline(mlir::OpPassManager &pm, const PipelineOptions &options,
                                  llvm::function_ref<void(const llvm::Twine &)> error);

/// Registers tsum's passes, and the pipeline as `--tsum-compile='stop-after=...
/// target-features=... strategy=... small-kernels'`.
void registerTsumPasses();

/// Adds the dialects and the external models that the pipeline needs.
void registerTsumDialects(mlir::DialectRegistry &registry);

} // namespace tsum
