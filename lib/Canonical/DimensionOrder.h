// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

namespace tsum {

// The steps of canonicalization that need nothing but the graph. The strides of data decide them
// all, and ordered reductions which of them they allow.

/// Numbers the dimensions `used`, in that order or, where data decides, by falling strides, and
/// drops the others. Returns the old number of each new dimension.
std::vector<std::int32_t> order_dims(CanonicalGraph &graph, std::vector<std::int32_t> used);

/// Turns dimensions along which all data runs backwards and that no ordered reduction reduces;
/// returns for each dimension whether it was turned.
std::vector<bool> flip_dims(CanonicalGraph &graph);

/// Makes one dimension of neighbours that every value spans both or neither and that data has back
/// to back, where that keeps the order of all ordered reductions.
void merge_dims(CanonicalGraph &graph);

} // namespace tsum
