// SPDX-License-Identifier: Apache-2.0
#include "Loops.h"

namespace tsum::interpreter {

#include "tsum/Support/InstructionSets.inc"

} // namespace tsum::interpreter
