// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Fusion.h"

namespace tsum::interpreter {

/// Decides in which order `code` walks over the dimensions of its stage, which of them are rows and
/// columns of a block, and how many of these a block has.
void choose_blocks(Code &code, const StageValues &values, const Fusion &fusion);

} // namespace tsum::interpreter
