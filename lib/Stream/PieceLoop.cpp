// SPDX-License-Identifier: Apache-2.0
#include "PieceLoop.h"

#include "tsum/Runtime/Jobs.h"
#include "tsum/Runtime/PieceProgress.h"
#include "tsum/threads.h"

#include <algorithm>
#include <chrono>

namespace tsum::stream {

using namespace divided;

/// What several tries to read at once are worth: a disk has something to do while one is copied.
static constexpr int reader_threads = 2;

/// Of larger pieces there may be too few for all threads, which then share one at a time.
static constexpr std::int64_t most_bytes_for_one_thread = std::int64_t{4} << 20;

PieceLoop::PieceLoop(const Pass &pass, const PassRun &run, const PiecePlan &pieces,
                     DataOf whole_data, Take take)
    : pass(pass), run(run), plan(pieces), whole_data(std::move(whole_data)), take(std::move(take)),
      readers(files, reader_threads, [this](const Batch &batch, std::exception_ptr error) {
        const std::lock_guard lock(mutex);
        Piece &piece = *std::ranges::find(asked, &batch, [](const Piece &p) { return &p.batch; });
        piece.error = std::move(error);
        piece.is_read = true;
        changed.notify_all();
      }) {}

void PieceLoop::evaluate(std::int64_t begin, PieceProgress &progress) {
  next_begin = taken_to = begin;
  const std::int64_t count = (pass.extent - begin + plan.count - 1) / plan.count;
  const std::int64_t jobs =
      plan.bytes > most_bytes_for_one_thread
          ? 1
          : std::clamp<std::int64_t>(count, 1,
                                     std::min<std::int64_t>(plan.buffers, usable_threads()));
  const std::thread::id caller = std::this_thread::get_id();
  run_jobs(jobs, [&](std::int64_t) {
    std::optional<ThreadScope> alone;
    if (jobs > 1)
      alone.emplace(1);
    work(std::this_thread::get_id() == caller ? &progress : nullptr);
  });
  if (reason)
    std::rethrow_exception(reason);
  files.check();
}

/// Evaluates pieces until there are no more. `progress` is that of the thread that evaluates the
/// pass, which alone is told of it, looks whether to go on, and stays to the end.
void PieceLoop::work(PieceProgress *progress) {
  try {
    for (;;) {
      Pieces piece = next(progress);
      if (piece.empty())
        return;
      evaluate_one(std::move(piece));
      if (progress)
        tell(*progress);
    }
  } catch (...) {
    end_with(std::current_exception());
  }
}

/// A piece that has been read; none if there is nothing left to do.
PieceLoop::Pieces PieceLoop::next(PieceProgress *progress) {
  constexpr auto between_looks = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex);
  for (;;) {
    if (reason)
      return {};
    Pieces piece;
    if (auto read = std::ranges::find_if(asked, &Piece::is_read); read != asked.end()) {
      piece.splice(piece.end(), asked, read);
      return piece;
    }
    if (next_begin < pass.extent && begun < plan.buffers) {
      // Wherever a piece begins, it ends where all do.
      const std::int64_t end = std::min(pass.extent, (next_begin / plan.count + 1) * plan.count);
      piece.push_back({.begin = std::exchange(next_begin, end), .end = end});
      ++begun;
      // What follows what a disk has not given yet is on the disk as well.
      const bool may_be_cached = asked.empty();
      lock.unlock();
      give_buffer(piece.front());
      if (may_be_cached && piece.front().batch.read(files, OpenFiles::Wait::no))
        return piece;
      lock.lock();
      asked.splice(asked.end(), piece);
      readers.ask_for(asked.back().batch);
      continue;
    }
    if (progress ? begun == 0 : asked.empty() && next_begin == pass.extent)
      return {};
    if (!progress) {
      changed.wait(lock);
      continue;
    }
    changed.wait_for(lock, between_looks);
    lock.unlock();
    tell(*progress);
    lock.lock();
  }
}

void PieceLoop::give_buffer(Piece &piece) {
  Batch &batch = piece.batch;
  batch = StreamPlan::batch_of(run, piece.begin, piece.end - piece.begin);
  if (batch.bytes <= plan.bytes) {
    const std::lock_guard lock(mutex);
    if (!idle.empty()) {
      batch.buffer = std::move(idle.back());
      idle.pop_back();
      return;
    }
  }
  batch.buffer = allocate_buffer(std::max({batch.bytes, plan.bytes, std::int64_t{1}}));
}

void PieceLoop::evaluate_one(Pieces pieces) {
  Piece &piece = pieces.front();
  if (piece.error)
    std::rethrow_exception(piece.error);
  auto data_of = [&](const InputNode &input, const std::optional<Section> &section) {
    if (section)
      return piece.batch.section_of(*as_file(input), *section);
    const std::lock_guard lock(whole_mutex);
    return whole_data(input, section);
  };
  PassRun::Part part = run.evaluate(data_of, piece.begin, piece.end - piece.begin);
  // What a result still reads is nobody else's.
  if (piece.batch.buffer.use_count() == 1) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(piece.batch.buffer));
  }
  take_in_order(piece, std::move(part));
}

void PieceLoop::take_in_order(const Piece &piece, PassRun::Part part) {
  const std::lock_guard order(taking);
  done.emplace(piece.begin, Done{piece.end, piece.batch.bytes, std::move(part)});
  while (!done.empty() && done.begin()->first == taken_to) {
    Done first = std::move(done.extract(done.begin()).mapped());
    take(std::move(first.part), first.end);
    taken_to = first.end;
    const std::lock_guard lock(mutex);
    --begun;
    bytes_taken += first.bytes;
  }
  changed.notify_all();
}

/// Has all threads end as they come to their next piece.
void PieceLoop::end_with(std::exception_ptr why) {
  const std::lock_guard lock(mutex);
  if (!reason)
    reason = std::move(why);
  changed.notify_all();
}

void PieceLoop::tell(PieceProgress &progress) {
  std::unique_lock lock(mutex);
  const std::int64_t bytes = bytes_taken - std::exchange(bytes_told, bytes_taken);
  lock.unlock();
  if (bytes > 0)
    progress.done(bytes);
  PieceProgress::look();
}

} // namespace tsum::stream
