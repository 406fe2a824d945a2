// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Pass/Pass.h"

namespace tsum {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "tsum/Translate/Passes.h.inc"

} // namespace tsum
