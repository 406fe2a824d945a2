// SPDX-License-Identifier: Apache-2.0
#include "RankCheckpoint.h"
#include "ShardedData.h"

#include "tsum/Divided/GraphSignature.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <unordered_map>

namespace tsum::mpi {

using namespace divided;

namespace {

std::atomic<std::int64_t> sent_partials = 0, sent_results = 0;

/// Which places of a pass are this rank's: those that begin where it has the first input that the
/// pass reads along its axis.
Range own_places(const Pass &pass, const PassRun &run, const Communicator &comm) {
  const Sharding *division = nullptr;
  const auto place = [&](std::int64_t index) {
    for (const PassRun::Request &request : run.requests(index, 1)) {
      const Sharding &sharding = sharding_of(*request.input);
      if (request.section && request.section->dim == sharding.axis &&
          (!division || division == &sharding)) {
        division = &sharding;
        return request.section->start;
      }
    }
    return std::int64_t{0};
  };
  const std::int64_t first = place(0);
  if (!division) // small ones alone
    return comm.rank() == 0 ? Range{0, pass.extent} : Range{0, 0};
  const bool descends = place(pass.extent - 1) < first;
  // The first index whose place is at or behind `limit`, in the direction in which they go.
  const auto index_at = [&](std::int64_t limit) {
    std::int64_t low = 0, high = pass.extent;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      const std::int64_t at = place(middle);
      if (descends ? at < limit : at >= limit)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  };
  const std::int64_t begin = index_at(division->begin()), end = index_at(division->end());
  return descends ? Range{end, begin} : Range{begin, end};
}

/// The partial results of a pass, one behind the other.
Bytes bytes_of(PassRun &run) {
  Bytes all;
  for (const std::optional<PartialReduction> &partial : run.partials()) {
    const Bytes bytes = partial ? partial->to_bytes() : Bytes();
    append(all, std::ssize(bytes));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

void merge_bytes(PassRun &run, std::span<const std::byte> all, bool replaces) {
  for (std::optional<PartialReduction> &partial : run.partials()) {
    const auto size = static_cast<std::size_t>(take_number(all));
    if (size == 0)
      continue;
    PartialReduction other = PartialReduction::from_bytes(all.first(size));
    all = all.subspan(size);
    if (replaces || !partial)
      partial = std::move(other);
    else
      partial->merge(other);
  }
}

/// A part of an output, put together from pieces.
class KeptPart {
public:
  KeptPart(const Goal &goal, Range own) : node(*goal.node), cut(goal.cut), own(own) {
    shape = node.shape;
    shape[static_cast<std::size_t>(cut)] = own.end - own.begin;
    const std::int64_t size = checked_size("mpi", shape, node.dtype);
    memory = std::make_shared<Bytes>(static_cast<std::size_t>(size * size_of(node.dtype)));
  }

  void add(const Tensor &piece, std::int64_t begin) {
    const auto *elements = static_cast<const std::byte *>(piece.bytes());
    for_each_run(
        shape, node.dtype, cut, begin - own.begin, piece.shape()[static_cast<std::size_t>(cut)],
        [&](std::int64_t at, std::int64_t from, std::int64_t size) {
          std::memcpy(memory->data() + at, elements + from, static_cast<std::size_t>(size));
        });
  }

  [[nodiscard]] Part part() const {
    return {borrow(memory->data(), node.dtype, shape, {}, memory), cut, own.begin};
  }

private:
  const Node &node;
  std::int32_t cut;
  Range own;
  Shape shape;
  std::shared_ptr<Bytes> memory;
};

/// Where the piece that begins at `begin` ends. Pieces are as large as they can be nodes of the
/// tree of additions, so that their sizes are powers of two on all ranks, and kernels are compiled
/// for few of them; and of at most `most` places.
std::int64_t end_of_piece(std::int64_t begin, std::int64_t end, std::int64_t extent,
                          std::int64_t most) {
  if (begin % block_elements != 0 || most < block_elements)
    return begin + std::min({end - begin, block_elements - begin % block_elements, most});
  std::int64_t size = block_elements;
  while (begin % (2 * size) == 0 && 2 * size <= most &&
         (begin + 2 * size <= end || (end == extent && begin + size < extent)))
    size *= 2;
  return std::min(end, begin + size);
}

/// The last of `runs` is that of `pass`.
void run_pass(const Pass &pass, const RankCheckpoint::Runs &runs, ShardedData &data,
              Communicator &comm, RankCheckpoint &checkpoint,
              std::unordered_map<const Node *, KeptPart> &kept) {
  PassRun &run = *runs.back();
  std::int64_t begin = 0; // which is none of this rank's places, or the first
  const auto run_pieces = [&] {
    comm.together([&] {
      run.prepare([&](const InputNode &input, const std::optional<Section> &section) {
        return data.fetch_alike(input, section);
      });
    });
    const Range own = own_places(pass, run, comm);
    begin = checkpoint.begin_of(runs.size() - 1, own);
    const std::int64_t count = own.end - own.begin;
    data.fetch(count > 0 ? run.requests(own.begin, count) : std::vector<PassRun::Request>());
    const std::int64_t most = data.most_places();
    comm.together([&] {
      for (const Goal &goal : pass.goals)
        if (!goal.is_merged())
          kept.emplace(goal.node.get(), KeptPart(goal, own));
      while (begin < own.end) {
        const std::int64_t end = end_of_piece(begin, own.end, pass.extent, most);
        auto data_of = [&](const InputNode &input, const std::optional<Section> &section) {
          return data.of(input, section);
        };
        run.take(run.evaluate(data_of, begin, end - begin),
                 [&](const Goal &goal, const Tensor &piece, std::int64_t at) {
                   kept.at(goal.node.get()).add(piece, at);
                 });
        begin = end;
        checkpoint.note(runs, begin);
      }
    });
  };
  checkpoint.or_write(run_pieces, runs, runs.size() - 1, begin);
  if (std::ranges::none_of(pass.goals, &Goal::is_merged))
    return;
  sent_partials += comm.merge([&] { return bytes_of(run); },
                              [&](const Bytes &bytes) { merge_bytes(run, bytes, false); });
  const Bytes whole = comm.broadcast(comm.rank() == 0 ? bytes_of(run) : Bytes());
  if (comm.rank() == 0)
    sent_results += std::ssize(whole);
  comm.together([&] {
    if (comm.rank() != 0)
      merge_bytes(run, whole, true);
    run.finish();
  });
}

std::uint64_t signature_of(std::span<const Node::Ptr> nodes) {
  return graph_signature(nodes, [](const InputNode &input, FieldWriter &writer) {
    const Sharding &sharding = sharding_of(input);
    writer.write(sharding.axis);
    writer.write(sharding.offsets);
  });
}

} // namespace

std::vector<Part> evaluate_local(const std::shared_ptr<Communicator> &comm,
                                 std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    if (!output.is_evaluated())
      nodes.push_back(output.node());
  std::uint64_t signature = 0;
  std::optional<ShardedData> data;
  std::vector<Pass> passes;
  comm->together([&] {
    signature = signature_of(nodes) + RankCheckpoint::is_wanted();
    data.emplace(*comm, nodes);
    passes = passes_of(nodes, [](const InputNode &input) {
      const Sharding &sharding = sharding_of(input);
      return sharding.offsets.back() > 1 ? sharding.axis : not_cut;
    });
  });
  comm->agree("graph, replicated data, or wish for a checkpoint,", signature);

  RankCheckpoint checkpoint(*comm, nodes, passes);

  Known known;
  std::unordered_map<const Node *, KeptPart> kept;
  RankCheckpoint::Runs runs;
  for (const Pass &pass : passes) {
    PassRun &run = *runs.emplace_back(std::make_unique<PassRun>(pass, known));
    if (checkpoint.goes_on())
      comm->together([&] { checkpoint.restore(runs.size() - 1, run); });
    if (runs.size() - 1 < checkpoint.first_pass())
      run.finish();
    else
      run_pass(pass, runs, *data, *comm, checkpoint, kept);
  }

  std::vector<Part> results;
  std::vector<Tensor> whole;
  for (const Tensor &output : outputs) {
    const auto part = kept.find(output.node().get());
    if (part == kept.end())
      whole.push_back(output);
    results.push_back(part == kept.end() ? Part{output} : part->second.part());
  }
  const auto finish = [&] {
    comm->together([&] {
      finish_outputs(
          whole,
          [&](const InputNode &input, const std::optional<Section> &section) {
            return data->fetch_alike(input, section);
          },
          known);
    });
  };
  checkpoint.or_write(finish, runs, runs.size(), 0);
  checkpoint.remove();
  return results;
}

std::string Sharding::explain(std::span<const Tensor> outputs) const {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    if (!output.is_evaluated())
      nodes.push_back(output.node());
  std::string text;
  const std::vector<Pass> passes = passes_of(nodes, [](const InputNode &input) {
    return sharding_of(input).offsets.back() > 1 ? sharding_of(input).axis : not_cut;
  });
  text += std::to_string(passes.size()) + (passes.size() == 1 ? " pass" : " passes") + " on " +
          std::to_string(comm->size()) + " ranks\n";
  for (std::size_t n = 0; n < passes.size(); ++n) {
    text += "pass " + std::to_string(n + 1) + ":\n";
    for (const Goal &goal : passes[n].goals)
      text +=
          "  " + std::string(op_info(goal.node->op).name) +
          (goal.is_merged() ? " of " + std::string(name_of(goal.source->dtype)) +
                                  tsum::to_string(goal.source->shape) + ": partial results merge"
                            : " of shape " + tsum::to_string(goal.node->shape) +
                                  ": stays sharded along axis " + std::to_string(goal.cut)) +
          "\n";
  }
  return text;
}

Traffic traffic() { return {sent_partials, ShardedData::moved_bytes(), sent_results}; }

} // namespace tsum::mpi
