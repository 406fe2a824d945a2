// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tsum {

/// `__cxa_atexit` of the C++ ABI, by which a static object has its destructor called at the exit.
using RegisterAtExit = int (*)(void (*destroy)(void *), void *object, void *library);

/// Has LLVM's and MLIR's libraries, and the library or program that tsum is part of, call `instead`
/// where they would call `__cxa_atexit`. Does nothing where it does not find how they are linked.
void divert_exit_handlers(RegisterAtExit instead);

/// `__cxa_atexit` itself.
int register_at_exit(void (*destroy)(void *), void *object, void *library);

} // namespace tsum
