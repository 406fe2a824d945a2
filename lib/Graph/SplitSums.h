// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"

namespace tsum {

/// Cuts long sums with few results into sums of equal parts and a sum of these, so that there is
/// work for several threads: what is cut and where depends on the extents alone, never on how many
/// threads there are, and so is part of the order of additions (docs/numerics.md).
///
/// A dimension d = count * part is read as two, by strides alone; what is left of it where no
/// suitable count divides it is summed by itself. The parts are not rounded: their sums have the
/// type of the accumulators.
///
///     %1 = reduce_sum %0 : f32[]                       %0: f32[d0=2^24]
///   becomes
///     %1 = reduce_sum %0 partial : f64[d0=8]                   %0: f32[d0=8, d1=2^21]
///     %2 = reduce_sum %1 of_parts : f64[]
///     %3 = cast %2 : f32[]
void split_long_sums(Canonicalized &bound);

} // namespace tsum
