// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/progress.h"

#include <cstdint>

namespace tsum {

/// While it lives, the evaluations of this thread are pieces of one: the innermost ProgressScope is
/// told of what is done in bytes of the whole, and of none of the pieces alone.
class [[gnu::visibility("hidden")]] PieceProgress {
public:
  /// \p bytes are those of the whole.
  explicit PieceProgress(std::int64_t bytes);
  ~PieceProgress();
  PieceProgress(const PieceProgress &) = delete;
  PieceProgress &operator=(const PieceProgress &) = delete;

  /// Tells, if it is time to, that so many more are done. Throws what ends the evaluation.
  void done(std::int64_t bytes);
  /// Tells that all is.
  void end();

  /// To be called now and then while nothing is evaluated. Throws what ends the evaluation.
  static void look();

private:
  ProgressScope *const scope;
};

} // namespace tsum
