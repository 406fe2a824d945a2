// SPDX-License-Identifier: Apache-2.0
//
/// Every function that builds a node. None computes anything.
#pragma once

#include "tsum/composites.h"  // IWYU pragma: export
#include "tsum/elementwise.h" // IWYU pragma: export
#include "tsum/reductions.h"  // IWYU pragma: export
#include "tsum/shapes.h"      // IWYU pragma: export
#include "tsum/statistics.h"  // IWYU pragma: export
