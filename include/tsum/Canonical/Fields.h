// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Graph/Fields.h"

namespace tsum {

template <MaybeConst<CanonicalGraph::Value> Value, class Visit>
void visit_fields(Value &value, Visit &&visit) {
  auto &[op, dtype, dims, operands, axes, strides, offset, is_exact, divisor, node_part] = value;
  visit(op, dtype, dims, operands, axes, strides, offset, is_exact, divisor, node_part);
}

template <MaybeConst<CanonicalGraph> Graph, class Visit>
void visit_fields(Graph &graph, Visit &&visit) {
  auto &[extents, values, outputs, memory] = graph;
  visit(extents, values, outputs, memory);
}

} // namespace tsum
