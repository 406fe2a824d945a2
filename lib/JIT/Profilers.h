// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/Error.h"

namespace tsum {

/// If the environment has TSUM_PERF=1: tells perf (by /tmp/perf-<pid>.map) and gdb (by its JIT
/// interface) the names of all kernels that `linker` loads from now on.
llvm::Error nameKernelsToProfilers(llvm::orc::ExecutionSession &session,
                                   llvm::orc::ObjectLinkingLayer &linker);

} // namespace tsum
