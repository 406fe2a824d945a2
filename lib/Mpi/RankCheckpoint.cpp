// SPDX-License-Identifier: Apache-2.0
#include "RankCheckpoint.h"

#include "tsum/Divided/GraphSignature.h"
#include "tsum/shapes.h"

#include <algorithm>

namespace tsum::mpi {

using namespace divided;
using stream::Checkpoint;

/// Of what is evaluated, and of this rank's parts.
static std::uint64_t signature_of(const Communicator &comm, std::span<const Node::Ptr> outputs) {
  return graph_signature(outputs, [&](const InputNode &input, FieldWriter &writer) {
    const Sharding &sharding = sharding_of(input);
    const Node::Ptr part = sharding.part.node();
    writer.write(std::int64_t{comm.size()});
    writer.write(sharding.axis);
    writer.write(sharding.offsets);
    writer.write(Checkpoint::signature_of_data({&part, 1}));
  });
}

RankCheckpoint::RankCheckpoint(Communicator &comm, std::span<const Node::Ptr> outputs,
                               std::span<const Pass> passes)
    : interval(StreamScope::current().checkpoint_interval), next(Clock::now() + interval) {
  if (!is_wanted())
    return;
  comm.together([&] {
    for (const Pass &pass : passes)
      for (const Goal &goal : pass.goals)
        if (!goal.is_merged())
          throw Error("mpi: a checkpoint of ranks holds partial results of reductions, and an "
                      "output of shape " +
                      to_string(goal.node->shape) +
                      " stays sharded (evaluate it without a checkpoint)");
    std::filesystem::path path = StreamScope::current().checkpoint;
    path += ".rank" + std::to_string(comm.rank());
    file.emplace(std::move(path), signature_of(comm, outputs));
    before = file->read();
  });
  Bytes pass;
  append(pass, before ? static_cast<std::int64_t>(before->pass) : -1);
  const std::vector<Bytes> all = comm.all_gather(pass);
  if (std::ranges::any_of(all, [&](const Bytes &other) { return other != all.front(); }))
    before.reset();
}

void RankCheckpoint::restore(std::size_t number, PassRun &run) const {
  if (!before || number >= before->goals.size())
    return;
  const std::vector<Bytes> &goals = before->goals[number];
  for (std::size_t n = 0; n < std::min(goals.size(), run.partials().size()); ++n)
    if (!goals[n].empty())
      run.partials()[n] = PartialReduction::from_bytes(goals[n]);
}

std::int64_t RankCheckpoint::begin_of(std::size_t number, Range own) const {
  return before && number == before->pass ? std::clamp(before->begin, own.begin, own.end)
                                          : own.begin;
}

void RankCheckpoint::note(const Runs &runs, std::int64_t begin) {
  if (file && Clock::now() >= next)
    write(runs, runs.size() - 1, begin);
}

void RankCheckpoint::write(const Runs &runs, std::size_t number, std::int64_t begin) {
  if (!file)
    return;
  // Where the last piece is in some goals and not in others, the file stays as it is.
  if (number < runs.size())
    for (const std::optional<PartialReduction> &partial : runs[number]->partials())
      if (partial && !partial->ranges().empty() && partial->ranges().back().end != begin)
        return;
  Checkpoint::State state{.pass = number, .begin = begin, .goals = {}};
  for (const std::unique_ptr<PassRun> &run : runs) {
    std::vector<Bytes> &goals = state.goals.emplace_back();
    for (const std::optional<PartialReduction> &partial : run->partials())
      goals.push_back(partial ? partial->to_bytes() : Bytes());
  }
  file->write(state);
  next = Clock::now() + interval;
}

void RankCheckpoint::remove() const {
  if (file)
    file->remove();
}

} // namespace tsum::mpi
