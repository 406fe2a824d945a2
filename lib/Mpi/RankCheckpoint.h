// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ShardedData.h"

#include "Stream/Checkpoint.h"

namespace tsum::mpi {

/// How far a rank has come in an evaluation, in a file of its own beside those of the other ranks.
/// All ranks go on from theirs, in the same pass, or none does.
class RankCheckpoint {
public:
  using Runs = std::vector<std::unique_ptr<divided::PassRun>>;

  /// Whether the StreamScope asks for one, in which all ranks must be alike.
  [[nodiscard]] static bool is_wanted() { return !StreamScope::current().checkpoint.empty(); }

  /// Holds nothing if none is wanted. Reads that of an earlier evaluation of `outputs` in `passes`,
  /// of the same parts on as many ranks. Collective.
  /// \throws Error, on all ranks, if one cannot be read, is damaged, or is of another evaluation;
  /// and if outputs stay sharded.
  RankCheckpoint(Communicator &comm, std::span<const Node::Ptr> outputs,
                 std::span<const divided::Pass> passes);

  /// Whether there is an earlier evaluation to go on with: so for all ranks, or none.
  [[nodiscard]] bool goes_on() const { return before.has_value(); }
  /// The pass that goes on; those before have their results after `restore`.
  [[nodiscard]] std::size_t first_pass() const { return before ? before->pass : 0; }
  /// Gives `run`, the pass of this number, what it had.
  void restore(std::size_t number, divided::PassRun &run) const;
  /// From where on a rank goes on in pass `number`, of which its places are those of `own`.
  [[nodiscard]] std::int64_t begin_of(std::size_t number, Range own) const;

  /// Writes that the last of `runs` has gone up to `begin`, of this rank's places, if it is time.
  void note(const Runs &runs, std::int64_t begin);
  /// Does `act`, a step of pass `number`. Where that ends early, what is done is written, up to
  /// `begin`, which may change meanwhile. `number` of all runs is what follows them.
  template <class Act>
  void or_write(const Act &act, const Runs &runs, std::size_t number, const std::int64_t &begin) {
    try {
      act();
    } catch (const FileError &) {
      throw; // of files that are not what they were, nothing is worth keeping
    } catch (...) {
      write(runs, number, begin);
      throw;
    }
  }
  /// Takes the file away, as the evaluation is done.
  void remove() const;

private:
  using Clock = std::chrono::steady_clock;

  void write(const Runs &runs, std::size_t number, std::int64_t begin);

  std::optional<stream::Checkpoint> file;
  std::optional<stream::Checkpoint::State> before;
  std::chrono::nanoseconds interval;
  Clock::time_point next;
};

} // namespace tsum::mpi
