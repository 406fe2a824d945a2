// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Content.h"

#include "tsum/Ops/Make.h"
#include "tsum/elementwise.h"
#include "tsum/eval.h"

namespace tsum {

namespace partial {
/// The start of every message.
inline const std::string prefix = "partial_reduction: ";
} // namespace partial

/// Only `merge` changes it, where nobody else holds it.
struct PartialReduction::State {
  partial::Whole whole;
  std::vector<Range> ranges;                   ///< ascending, not adjacent
  std::vector<partial::Content::Ptr> contents; ///< one, or those of both parts of complex numbers
};

} // namespace tsum
