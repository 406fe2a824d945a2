// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Math/ErrorFunction.h"
#include "tsum/Math/Exponential.h"
#include "tsum/Math/InverseHyperbolic.h"
#include "tsum/Math/InverseTrigonometric.h"
#include "tsum/Math/Logarithm.h"
#include "tsum/Math/Power.h"
#include "tsum/Math/Remainder.h" // IWYU pragma: export
#include "tsum/Math/Root.h"
#include "tsum/Math/Trigonometric.h"

/// The elementary functions, as tsum defines them to the bit: the reference evaluator calls them
/// with `float` and `double`, the compiler with values of the program it compiles
/// (tsum/Math/Lane.h). docs/numerics.md has their measured errors. None calls libm, but for fma
/// where the processor has none, and none reports errors through errno.
