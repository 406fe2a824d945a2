// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "LoopNest.h"

namespace tsum {

/// Emits the loops of an elementwise op whose rows, of the innermost dimension, are shorter than a
/// register: vectors run on from one row into the next. Returns whether it did: not if a row fills
/// registers, or if some operand lies in another way.
bool emitShortRows(LoopNest &nest, bool isInPlace);

} // namespace tsum
