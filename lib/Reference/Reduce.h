// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Elementwise.h"

namespace tsum::reference {

/// How sums and products of floats are computed that are not exact.
enum class Precision : std::uint8_t {
  Wide,   ///< by far more precisely than in their dtype, and rounded once
  InOrder ///< as tsum/Graph/SummationTree.h says, to the bit
};

/// The values of the reduction `node` of `values`, those of `operand`.
Buffer reduce(const Node &node, const Node &operand, const Buffer &values, Precision precision);

} // namespace tsum::reference
