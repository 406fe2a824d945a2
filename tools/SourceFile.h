// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/error.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/SourceMgr.h"

namespace tsum {

/// A file of MLIR. While this lives, diagnostics are printed with its lines.
class SourceFile {
public:
  /// \throws Error if there is no such file.
  SourceFile(const std::string &path, mlir::MLIRContext &context) {
    context.printOpOnDiagnostic(false); // the line of the file is enough
    std::string message;
    auto buffer = mlir::openInputFile(path, &message);
    if (!buffer)
      throw Error(message);
    sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
    handler.emplace(sources, &context);
    parsed = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  }

  /// Null if it does not parse, which has been said then.
  [[nodiscard]] mlir::ModuleOp module() const { return *parsed; }

private:
  llvm::SourceMgr sources;
  std::optional<mlir::SourceMgrDiagnosticHandler> handler;
  mlir::OwningOpRef<mlir::ModuleOp> parsed;
};

} // namespace tsum
