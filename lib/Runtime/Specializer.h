// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"

#include <string>

namespace tsum {

/// Has `graph`, which runs as generic code, compiled on a thread of its own and of low priority,
/// one graph after the other. Returns whether it does, and not if too many wait.
bool specialize_later(std::shared_ptr<const CanonicalGraph> graph, std::string reason);

} // namespace tsum
