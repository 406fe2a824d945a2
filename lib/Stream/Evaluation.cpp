// SPDX-License-Identifier: Apache-2.0
#include "Checkpoint.h"
#include "KeptOutputs.h"
#include "PieceLoop.h"

#include "tsum/Runtime/PieceProgress.h"
#include "tsum/Support/ScopeChain.h"
#include "tsum/stream.h"

#include <algorithm>
#include <map>

namespace tsum {

using namespace divided;
using namespace stream;

namespace {

using Clock = std::chrono::steady_clock;

/// All of `data`, which has only a few bytes or is wanted so.
Tensor load(const FileData &data, OpenFiles &files) {
  const std::int64_t bytes = data.bytes();
  std::shared_ptr<std::byte> memory = allocate_buffer(std::max<std::int64_t>(bytes, 1));
  if (data.shape.empty()) {
    FileData one = data;
    one.shape = {1};
    files.read(one, 0, 0, 1, memory.get());
  } else if (bytes > 0) {
    files.read(data, static_cast<std::int32_t>(data.joined), 0,
               data.shape[static_cast<std::size_t>(data.joined)], memory.get());
  }
  const std::byte *first = memory.get();
  return borrow(first, data.dtype, data.shape, data.strides_of(data.shape), std::move(memory));
}

class Evaluation {
public:
  Evaluation(std::span<const Tensor> outputs, const StreamOptions &options)
      : outputs(outputs), nodes(nodes_of(outputs)), options(options), plan(nodes, options) {}

  void run() {
    run_passes(nullptr);
    or_write_checkpoint(runs.size(), 0, [&] { finish_outputs(outputs, whole_data(), known); });
    if (checkpoint)
      checkpoint->remove();
    progress->end();
  }

  void run_to(const Elsewhere::TakePiece &take) {
    run_passes(&take);
    if (!is_taken)
      or_write_checkpoint(runs.size(), 0, [&] {
        Piece whole(whole_data(), known);
        const Tensor result = whole.of(nodes.front(), std::nullopt);
        eval(result);
        take(result, 0, 0);
      });
    if (checkpoint)
      checkpoint->remove();
    progress->end();
  }

private:
  static std::vector<Node::Ptr> nodes_of(std::span<const Tensor> outputs) {
    std::vector<Node::Ptr> nodes;
    for (const Tensor &output : outputs)
      if (!output.is_evaluated())
        nodes.push_back(output.node());
    return nodes;
  }

  void run_passes(const Elsewhere::TakePiece *take);
  void run_pass(std::size_t number, const Elsewhere::TakePiece *take);
  void run_pieces(std::size_t number, std::int64_t &begin, const PassRun::Keep &keep);
  void begin_checkpoint(bool hands_pieces_on);
  [[nodiscard]] std::int64_t places_done(std::size_t n, std::size_t pass, std::int64_t begin) const;
  void restore(const Checkpoint::State &state);
  void write_checkpoint(std::size_t pass, std::int64_t begin);
  /// Does `act`; where it ends early, what is done is written, up to `begin` in `pass`, which may
  /// change meanwhile.
  template <class Act>
  void or_write_checkpoint(std::size_t pass, const std::int64_t &begin, const Act &act) {
    try {
      act();
    } catch (const FileError &) {
      throw; // of files that are not what they were, nothing is worth keeping
    } catch (...) {
      if (checkpoint)
        write_checkpoint(pass, begin);
      throw;
    }
  }

  /// What is read of inputs beside the pieces: all of it, or a section that is the same for all
  /// pieces. Each is read once.
  DataOf whole_data() {
    return [this](const InputNode &input, const std::optional<Section> &section) {
      const FileData &data = *as_file(input);
      auto place = wholes.find({&data, section});
      if (place == wholes.end())
        place = wholes.emplace(std::pair(&data, section), read_whole(data, section)).first;
      return place->second;
    };
  }

  Tensor read_whole(const FileData &data, const std::optional<Section> &section) const {
    Batch batch;
    if (section)
      batch.regions = {region_of(data, *section)};
    batch.bytes = section ? bytes_of(batch.regions.front()) : data.bytes();
    if (batch.bytes > plan.most_whole_bytes())
      throw Error("eval: " + bytes_to_string(batch.bytes) + " of " + data.to_string() +
                  " are needed at once by an operation that does not go along its pieces, and at "
                  "most a quarter of the memory of " +
                  bytes_to_string(options.memory) + " is read so (give more memory)");
    OpenFiles files;
    if (!section) {
      Tensor tensor = load(data, files);
      files.check();
      return tensor;
    }
    batch.buffer = allocate_buffer(std::max<std::int64_t>(batch.bytes, 1));
    if (batch.bytes > 0)
      batch.read(files, OpenFiles::Wait::yes);
    files.check();
    return batch.section_of(data, *section);
  }

  std::span<const Tensor> outputs;
  std::vector<Node::Ptr> nodes;
  const StreamOptions &options;
  StreamPlan plan;
  Known known;
  std::map<std::pair<const FileData *, std::optional<Section>>, Tensor> wholes;
  std::vector<std::unique_ptr<PassRun>> runs; ///< of the plan's passes
  std::vector<KeptOutputs> kept;              ///< of the plan's passes
  bool is_taken = false;
  std::optional<PieceProgress> progress;

  std::optional<Checkpoint> checkpoint;
  Clock::time_point next_checkpoint;
  std::size_t first_pass = 0;   ///< that is not done yet
  std::int64_t first_begin = 0; ///< from where on it is not
};

//===-- Checkpoints ---------------------------------------------------------------------------===//

void Evaluation::begin_checkpoint(bool hands_pieces_on) {
  const std::vector<Pass> &passes = plan.passes();
  const auto is_handed_on = [](const Pass &pass) {
    return !std::ranges::all_of(pass.goals, &Goal::is_merged);
  };
  if (hands_pieces_on && std::ranges::any_of(passes, is_handed_on))
    throw Error("eval: a checkpoint does not hold an output that is written piece by piece, of "
                "shape " +
                to_string(nodes.front()->shape) + " (write it without a checkpoint)");
  checkpoint.emplace(options.checkpoint, Checkpoint::signature_of(nodes, passes));
  if (const std::optional<Checkpoint::State> before = checkpoint->read())
    restore(*before);
  next_checkpoint = Clock::now() + options.checkpoint_interval;
}

/// How many places of pass `n` are done where pass `pass` goes on at `begin`.
std::int64_t Evaluation::places_done(std::size_t n, std::size_t pass, std::int64_t begin) const {
  return n < pass ? plan.passes()[n].extent : begin;
}

void Evaluation::restore(const Checkpoint::State &state) {
  for (std::size_t n = 0; n < std::min(state.goals.size(), runs.size()); ++n) {
    const std::vector<Goal> &goals = plan.passes()[n].goals;
    for (std::size_t g = 0; g < std::min(state.goals[n].size(), goals.size()); ++g) {
      const std::vector<std::byte> &bytes = state.goals[n][g];
      if (!goals[g].is_merged())
        kept[n].set_first_places(goals[g], places_done(n, state.pass, state.begin), bytes);
      else if (!bytes.empty())
        runs[n]->partials()[g] = PartialReduction::from_bytes(bytes);
    }
  }
  first_pass = state.pass;
  first_begin = state.begin;
}

/// Not if the last piece is in some goals and not in others; then the file stays as it is.
void Evaluation::write_checkpoint(std::size_t pass, std::int64_t begin) {
  if (pass < runs.size())
    for (const std::optional<PartialReduction> &partial : runs[pass]->partials())
      if (partial && partial->ranges().back().end != begin)
        return;
  Checkpoint::State state{.pass = pass, .begin = begin, .goals = {}};
  for (std::size_t n = 0; n <= std::min(pass, runs.size() - 1); ++n) {
    std::vector<std::vector<std::byte>> &all = state.goals.emplace_back();
    const std::vector<Goal> &goals = plan.passes()[n].goals;
    for (std::size_t g = 0; g < goals.size(); ++g) {
      const std::optional<PartialReduction> &partial = runs[n]->partials()[g];
      if (!goals[g].is_merged())
        all.push_back(kept[n].first_places(goals[g], places_done(n, pass, begin)));
      else
        all.push_back(partial ? partial->to_bytes() : std::vector<std::byte>());
    }
  }
  checkpoint->write(state);
  next_checkpoint = Clock::now() + options.checkpoint_interval;
}

//===-- Passes --------------------------------------------------------------------------------===//

void Evaluation::run_passes(const Elsewhere::TakePiece *take) {
  const std::vector<Pass> &passes = plan.passes();
  std::int64_t total = 0;
  for (const Pass &pass : passes) {
    runs.push_back(std::make_unique<PassRun>(pass, known));
    kept.emplace_back(pass);
    const std::int64_t count = std::min<std::int64_t>(pass.extent, 1024);
    total += static_cast<std::int64_t>(
        static_cast<double>(StreamPlan::batch_of(*runs.back(), 0, count).bytes) *
        (static_cast<double>(pass.extent) / static_cast<double>(count)));
  }
  if (!options.checkpoint.empty())
    begin_checkpoint(take != nullptr);
  progress.emplace(total);
  for (std::size_t n = 0; n < passes.size(); ++n) {
    if (n >= first_pass)
      run_pass(n, take);
    kept[n].finish(known);
    runs[n]->finish();
  }
}

void Evaluation::run_pass(std::size_t number, const Elsewhere::TakePiece *take) {
  const std::int64_t kept_bytes = kept[number].bytes();
  if (!take && kept_bytes > options.memory)
    throw Error("eval: outputs that are not reduced over the files would take " +
                bytes_to_string(kept_bytes) + ", more than the memory of " +
                bytes_to_string(options.memory) +
                " (save_npy writes such a one to a file, piece by piece; or give more memory)");
  std::int64_t begin = number == first_pass ? first_begin : 0;
  or_write_checkpoint(number, begin, [&] {
    runs[number]->prepare(whole_data());
    run_pieces(number, begin, [&](const Goal &goal, const Tensor &piece, std::int64_t at) {
      if (!take)
        return kept[number].add(goal, piece, at);
      (*take)(piece, goal.cut, at);
      is_taken = true;
    });
  });
}

/// Moves `begin` on as pieces are done.
void Evaluation::run_pieces(std::size_t number, std::int64_t &begin, const PassRun::Keep &keep) {
  const Pass &pass = plan.passes()[number];
  PassRun &run = *runs[number];
  const PiecePlan pieces = plan.pieces_of(pass, run);
  auto take = [&](PassRun::Part part, std::int64_t end) {
    run.take(std::move(part), keep);
    begin = end;
    if (checkpoint && Clock::now() >= next_checkpoint)
      write_checkpoint(number, begin);
  };
  PieceLoop(pass, run, pieces, whole_data(), take).evaluate(begin, *progress);
}

} // namespace

void FileData::evaluate(std::span<const Tensor> outputs) const {
  const StreamOptions &options = StreamScope::current();
  Evaluation evaluation(outputs, options);
  evaluation.run();
}

void FileData::evaluate_to(const Tensor &output, const TakePiece &take) const {
  Evaluation({&output, 1}, StreamScope::current()).run_to(take);
}

//===-- Options -------------------------------------------------------------------------------===//

static thread_local StreamScope *current_scope = nullptr;

StreamScope::StreamScope(StreamOptions options)
    : options(std::move(options)), outer(current_scope) {
  current_scope = this;
}

StreamScope::~StreamScope() { end_scope(current_scope, this, &StreamScope::outer); }

const StreamOptions &StreamScope::current() {
  static const StreamOptions standard;
  return current_scope ? current_scope->options : standard;
}

void eval(std::span<const Tensor> outputs, const StreamOptions &options) {
  const StreamScope scope(options);
  eval(outputs);
}

} // namespace tsum
