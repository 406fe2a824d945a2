// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace tsum {

/// The directory that TSUM_DUMP names, where compilations leave what each stage makes; empty for
/// none.
[[nodiscard]] const std::string &dump_directory();

/// The files of one compilation: `<operations>.<hash of the graph>/01-simplify.mlir` and so on, the
/// same names in each process. Whatever is wrong with the directory means a warning and no files.
class StageDump {
public:
  /// `name` is what the graph is called.
  StageDump(llvm::StringRef name, const CanonicalGraph &graph);

  /// Writes what `print` prints as the next stage's file, with the ending `ending`.
  void write(llvm::StringRef stage, llvm::StringRef ending,
             llvm::function_ref<void(llvm::raw_ostream &)> print);

private:
  std::string folder; ///< empty for no files
  int count = 0;
};

} // namespace tsum
