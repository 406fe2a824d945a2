// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"
#include "tsum/partial.h"

namespace tsum {

/// What is to be evaluated for a partial reduction, by whoever has more to evaluate from the same
/// data: all of it together reads that once.
class [[gnu::visibility("hidden")]] PartialWork {
public:
  /// \p reduction describes that of the whole tensor of which `part` is a part: a node of
  /// tsum/Reductions.def, so that an exact sum may have its divisor, and its result another dtype.
  /// \throws AxisError and ShapeError, as PartialReduction.
  PartialWork(const Description &reduction, const Tensor &part, const PartOf &place);

  [[nodiscard]] std::span<const Tensor> tensors() const { return to_evaluate; }
  /// The partial reduction, once these have values. To be called once.
  [[nodiscard]] PartialReduction made() const;

private:
  friend class PartialReduction;
  PartialWork();
  void add(const Description &reduction, const Tensor &part, const PartOf &place, bool is_complex);

  struct Parts;
  std::shared_ptr<Parts> parts;
  std::vector<Tensor> to_evaluate;
};

} // namespace tsum
