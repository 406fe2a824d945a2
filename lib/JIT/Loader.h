// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Program.h"

#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/MemoryBuffer.h"

namespace tsum {

/// Loads object files into the process and unloads them, each by itself. Safe to use from several
/// threads.
class Loader {
public:
  static llvm::Expected<std::unique_ptr<Loader>> create();

  /// Code in the process and its kernels, in the order of their names.
  struct Loaded {
    std::vector<Kernel> kernels;
    std::shared_ptr<const void> code; ///< unloads when the last one lets go
  };
  llvm::Expected<Loaded> load(std::unique_ptr<llvm::MemoryBuffer> object,
                              llvm::ArrayRef<std::string> names);

private:
  explicit Loader(std::unique_ptr<llvm::orc::ExecutorProcessControl> process);

  llvm::orc::ExecutionSession session;
  llvm::orc::ObjectLinkingLayer linker;
  /// What LLVM may call on its own account: memset and memcpy.
  llvm::orc::JITDylib *processSymbols = nullptr;
  std::atomic<std::int64_t> count = 0;
};

} // namespace tsum
