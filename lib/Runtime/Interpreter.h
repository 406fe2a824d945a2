// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

namespace tsum {

/// A program of one launch, which evaluates `graph` by lib/Reference: to the same values as
/// compiled code, bit for bit, element by element on one thread.
[[nodiscard]] Program interpret(const CanonicalGraph &graph);

} // namespace tsum
