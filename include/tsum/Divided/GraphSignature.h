// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Fields.h"

#include <functional>

namespace tsum::divided {

/// A number that other graphs behind `outputs` do not have, nor graphs over other data in memory.
/// `describe` writes what an input is. O(nodes + bytes of the data).
[[nodiscard]] std::uint64_t
graph_signature(std::span<const Node::Ptr> outputs,
                const std::function<void(const InputNode &, FieldWriter &)> &describe);

} // namespace tsum::divided
