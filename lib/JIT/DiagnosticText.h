// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace tsum {

/// Collects what is wrong, in place of its being printed: the errors of a context. Remarks and
/// warnings are dropped.
class DiagnosticText {
public:
  explicit DiagnosticText(mlir::MLIRContext &context)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
            text += (text.empty() ? "" : "; ") + diagnostic.str();
          return mlir::success();
        }) {}

  std::string text;

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tsum
