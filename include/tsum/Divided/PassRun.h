// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Divided/Passes.h"
#include "tsum/Divided/Piece.h"
#include "tsum/partial.h"

namespace tsum::divided {

/// One pass while it runs: pieces come in order, and what they give is merged or handed on.
class PassRun {
public:
  /// Takes a piece of an output that has the cut dimension, which begins at `begin` along it.
  using Keep = std::function<void(const Goal &, const Tensor &piece, std::int64_t begin)>;

  /// \p known has what earlier passes gave; it gets what all pieces of this one share.
  PassRun(const Pass &pass, Known &known) : pass(pass), known(known), merged(pass.goals.size()) {}

  /// What evaluating `count` places from `begin` on reads of the inputs: sections, and inputs as a
  /// whole.
  struct Request {
    const InputNode *input;
    std::optional<Section> section;
  };
  [[nodiscard]] std::vector<Request> requests(std::int64_t begin, std::int64_t count) const;

  /// Evaluates, once, what all pieces share. To be called before the first one.
  void prepare(const DataOf &data_of);

  /// What one piece gives.
  class Part {
    friend class PassRun;
    std::int64_t begin = 0;
    // By the place of their goals: one of the two.
    std::vector<std::optional<PartialReduction>> merging;
    std::vector<std::optional<Tensor>> kept;
  };

  /// Evaluates all goals of so many places together. Safe to call from several threads, if
  /// `data_of` is.
  [[nodiscard]] Part evaluate(const DataOf &data_of, std::int64_t begin, std::int64_t count) const;
  /// Merges what a piece gave, or hands it on: one piece at a time, in order.
  void take(Part part, const Keep &keep);

  /// What goals that are reductions have so far, by their place in the pass; nothing for others.
  [[nodiscard]] std::span<std::optional<PartialReduction>> partials() { return merged; }
  /// Notes the results of these, which must be complete, as known.
  void finish();

private:
  const Pass &pass;
  Known &known;
  std::vector<std::optional<PartialReduction>> merged;
};

/// Evaluates `outputs`, of which all that needs passes is known, and gives them their values.
void finish_outputs(std::span<const Tensor> outputs, const DataOf &data_of, const Known &known);

} // namespace tsum::divided
