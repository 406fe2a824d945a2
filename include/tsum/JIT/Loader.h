// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

namespace tsum {

/// Loads the code of `image` into the process and returns its program, which unloads it when the
/// last copy dies. Needs no part of the compiler. Safe to use from several threads; loading takes
/// turns.
[[nodiscard]] std::variant<Program, CompileFailure> load(Image image);

} // namespace tsum
