// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

namespace tsum {

/// Emits the loops of an elementwise `linalg.generic`: vectors along its innermost dimension.
void emitElementwise(LoopNest &nest);

} // namespace tsum
