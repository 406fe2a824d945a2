// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Batch.h"

#include "tsum/Divided/PassRun.h"
#include "tsum/stream.h"

namespace tsum::stream {

/// In which pieces a pass reads its files.
struct PiecePlan {
  std::int64_t count = 1; ///< places along the cut dimension, a power of two
  std::int64_t bytes = 0; ///< of a piece's buffer
  int buffers = 2;        ///< in memory at once
};

/// How graphs over files are evaluated within a limit of memory.
class StreamPlan {
public:
  StreamPlan(std::span<const Node::Ptr> outputs, const StreamOptions &options);

  [[nodiscard]] const std::vector<divided::Pass> &passes() const { return list; }
  /// \throws Error if the memory is too little for the smallest piece, or for the partial results
  /// of the pass.
  [[nodiscard]] PiecePlan pieces_of(const divided::Pass &pass, const divided::PassRun &run) const;
  /// What reading `count` places from `begin` on takes: regions in a buffer, and its bytes.
  [[nodiscard]] static Batch batch_of(const divided::PassRun &run, std::int64_t begin,
                                      std::int64_t count);
  /// Along which dimension a file is cut, or `divided::not_cut`.
  [[nodiscard]] std::int32_t cut_of(const InputNode &input) const;
  /// The most that is read of one input as a whole.
  [[nodiscard]] std::int64_t most_whole_bytes() const { return options.memory / 4; }

private:
  const StreamOptions &options;
  /// Keeps what is read, also where another thread evaluates some of it meanwhile.
  std::vector<OrderedNode> graph;
  std::vector<divided::Pass> list;
};

/// "1.5 GB".
[[nodiscard]] std::string bytes_to_string(std::int64_t bytes);

} // namespace tsum::stream
