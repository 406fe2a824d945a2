// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Code.h"

namespace tsum::interpreter {

/// Gives each slot of `code` that is computed a place in scratch memory. Those that are not needed
/// at the same time share one, so that what a block takes stays in cache.
void allocate_scratch(Code &code);

} // namespace tsum::interpreter
