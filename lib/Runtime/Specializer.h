// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

namespace tsum {

/// Has `graph`, which runs as generic code, compiled on a thread of its own and of low priority,
/// one graph after the other. Forgets it if too many wait.
void specialize_later(std::shared_ptr<const CanonicalGraph> graph);

} // namespace tsum
