// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/CanonicalGraph.h"

namespace tsum {

// The steps of canonicalization that need nothing but the graph. The strides of data decide them
// all.

/// Numbers the dimensions `used`, in that order or, where data decides, by falling strides, and
/// drops the others. Returns the old number of each new dimension.
std::vector<std::int32_t> order_dims(CanonicalGraph &graph, std::vector<std::int32_t> used);

/// Turns dimensions along which all data runs backwards; returns for each dimension whether it was
/// turned.
std::vector<bool> flip_dims(CanonicalGraph &graph);

/// Makes one dimension of neighbours that every value spans both or neither and that data has back
/// to back.
void merge_dims(CanonicalGraph &graph);

} // namespace tsum
