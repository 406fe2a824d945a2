// SPDX-License-Identifier: Apache-2.0
//
// mlir-lsp-server with tsum's dialect: diagnostics, hover, definitions and completion in editors.
#include "../HideLLVMOptions.h"

#include "tsum/Codegen/Pipeline.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  tsum::hideLLVMOptions();
  mlir::DialectRegistry registry;
  tsum::registerTsumDialects(registry);
  registry.insert<mlir::cf::ControlFlowDialect, mlir::ub::UBDialect>();
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
