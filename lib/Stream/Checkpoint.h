// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Divided/PassRun.h"
#include "tsum/stream.h"

namespace tsum::stream {

/// How far an evaluation has come, in a file: which passes are done, with what they gave, and what
/// the one that goes on has given so far.
class Checkpoint {
public:
  /// Of the evaluation that has this signature, which no other one should have.
  Checkpoint(std::filesystem::path path, std::uint64_t signature)
      : path(std::move(path)), signature(signature) {}

  /// That of evaluating `outputs`, of data in files, in `passes`: other graphs, data, files and
  /// cuts have another one.
  [[nodiscard]] static std::uint64_t signature_of(std::span<const Node::Ptr> outputs,
                                                  std::span<const divided::Pass> passes);
  /// The part of it that says which elements `outputs` are, of data in memory and in files.
  [[nodiscard]] static std::uint64_t signature_of_data(std::span<const Node::Ptr> outputs);

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
