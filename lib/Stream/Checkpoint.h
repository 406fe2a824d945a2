// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Divided/PassRun.h"
#include "tsum/stream.h"

namespace tsum::stream {

/// How far an evaluation has come, in a file: which passes are done, with what they gave, and what
/// the one that goes on has given so far.
class Checkpoint {
public:
  /// Of the evaluation of `outputs` in `passes`.
  Checkpoint(std::filesystem::path path, std::span<const Node::Ptr> outputs,
             std::span<const divided::Pass> passes);

  struct State {
    std::size_t pass = 0;   ///< that goes on; those before are done
    std::int64_t begin = 0; ///< from where on it does
    /// Of each goal of the passes up to this one: a partial reduction, empty if no piece was taken;
    /// or the elements so far of an output that has the cut dimension.
    std::vector<std::vector<std::vector<std::byte>>> goals;
  };

  /// What the file says, or nothing if there is none.
  /// \throws FileError if it cannot be read, is damaged, or is of another evaluation.
  [[nodiscard]] std::optional<State> read() const;
  /// Writes it, beside the file first, so that there is always a whole one.
  /// \throws FileError if it cannot be written.
  void write(const State &state) const;
  void remove() const;

private:
  std::filesystem::path path;
  std::uint64_t signature;
};

} // namespace tsum::stream
