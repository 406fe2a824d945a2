// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

namespace tsum {

/// Loads the code of `image` into the process and returns its program, which unloads it when the
/// last copy dies. Needs no part of the compiler. Safe to use from several threads; loading takes
/// turns.
[[nodiscard]] std::variant<Program, CompileFailure> load(Image image);

/// Hold these while the process forks, so that the child finds the loader at rest.
void lock_loader();
void unlock_loader();

} // namespace tsum
