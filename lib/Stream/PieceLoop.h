// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Plan.h"
#include "ReadAhead.h"

#include <list>
#include <map>

namespace tsum {
class PieceProgress;
}

namespace tsum::stream {

/// The loop over the pieces of a pass. Threads take the next piece each, read it if that takes no
/// wait, evaluate it, and take the next one; readers wait for disks meanwhile. So what comes from
/// the page cache is summed where it is: in the caches of the core that copied it. What the pieces
/// give is taken in their order, one at a time.
class PieceLoop {
public:
  /// Called in the order of the pieces, one at a time, with what they gave and where they end.
  using Take = std::function<void(divided::PassRun::Part, std::int64_t end)>;

  /// \p whole_data is called by one thread at a time.
  PieceLoop(const divided::Pass &pass, const divided::PassRun &run, const PiecePlan &pieces,
            divided::DataOf whole_data, Take take);

  /// Evaluates the pieces from `begin` on. \throws what reading, evaluating and taking them threw,
  /// and what ends the evaluation; all pieces before the one that it was are taken then, or none
  /// after.
  void evaluate(std::int64_t begin, PieceProgress &progress);

private:
  struct Piece {
    std::int64_t begin, end;
    Batch batch;
    bool is_read = false;
    std::exception_ptr error; ///< of reading it
  };
  using Pieces = std::list<Piece>;

  void work(PieceProgress *progress);
  Pieces next(PieceProgress *progress);
  void give_buffer(Piece &piece);
  void evaluate_one(Pieces piece);
  void take_in_order(const Piece &piece, divided::PassRun::Part part);
  void end_with(std::exception_ptr why);
  void tell(PieceProgress &progress);

  const divided::Pass &pass;
  const divided::PassRun &run;
  const PiecePlan &plan;
  const divided::DataOf whole_data;
  const Take take;
  std::mutex whole_mutex; ///< while whole_data is called

  std::mutex mutex; ///< of all that follows
  std::condition_variable changed;
  std::int64_t next_begin = 0;                  ///< of the piece that nobody has begun
  int begun = 0;                                ///< pieces that are not taken
  Pieces asked;                                 ///< of the readers
  std::vector<std::shared_ptr<std::byte>> idle; ///< buffers
  std::exception_ptr reason;                    ///< why it ends early
  std::int64_t bytes_taken = 0, bytes_told = 0;

  std::mutex taking; ///< of what follows; taken before `mutex`
  struct Done {
    std::int64_t end, bytes;
    divided::PassRun::Part part;
  };
  std::map<std::int64_t, Done> done; ///< by where they begin; of pieces that earlier ones precede
  std::int64_t taken_to = 0;

  OpenFiles files;
  ReadAhead readers; ///< the first to go: its threads use all else
};

} // namespace tsum::stream
