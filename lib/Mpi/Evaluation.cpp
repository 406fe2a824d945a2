// SPDX-License-Identifier: Apache-2.0
#include "Sharding.h"

#include "tsum/Divided/GraphSignature.h"
#include "tsum/Divided/PassRun.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <unordered_map>

namespace tsum::mpi {

using namespace divided;

namespace {

std::atomic<std::int64_t> sent_partials = 0, sent_moved = 0, sent_results = 0;

/// What is wanted as a whole, or along another axis, is sent to all ranks if it is so small.
constexpr std::int64_t most_whole_bytes = std::int64_t{1} << 20;

/// Places along the axis of a sharded input.
struct Range {
  std::int64_t begin, end;
};

void append(Bytes &bytes, std::int64_t number) {
  const auto *first = reinterpret_cast<const std::byte *>(&number);
  bytes.insert(bytes.end(), first, first + sizeof number);
}

std::int64_t take_number(std::span<const std::byte> &bytes) {
  std::int64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes = bytes.subspan(sizeof number);
  return number;
}

/// A section of `tensor`, which has the places from `begin` on along the section's dimension.
Tensor view(const Tensor &tensor, std::int64_t begin, const Section &section) {
  const Storage &values = *tensor.node()->values();
  const auto dim = static_cast<std::size_t>(section.dim);
  Shape shape(tensor.shape().begin(), tensor.shape().end());
  ByteStrides strides = values.strides;
  shape[dim] = section.count;
  const std::byte *first = values.data;
  if (section.count > 0)
    first += (section.start - begin) * strides[dim];
  if (section.count > 1)
    strides[dim] *= section.step;
  return borrow(first, tensor.dtype(), std::move(shape), std::move(strides),
                tensor.node()->values());
}

Range range_of(const Section &section) {
  const std::int64_t last = section.start + (section.count - 1) * section.step;
  if (section.count == 0)
    return {section.start, section.start};
  return {std::min(section.start, last), std::max(section.start, last) + 1};
}

std::int64_t bytes_of(const InputNode &input) {
  std::int64_t bytes = size_of(input.dtype);
  for (std::int64_t extent : input.shape)
    bytes *= extent;
  return bytes;
}

/// The data of sharded inputs on this rank, and what others have sent of it.
class ShardedData {
public:
  ShardedData(Communicator &comm, std::span<const Node::Ptr> outputs)
      : comm(comm), graph(evaluation_order(outputs, /*with_inputs=*/true)) {
    for (const OrderedNode &entry : graph)
      if (const InputNode *input = as_input(*entry.node, entry.state.values != nullptr)) {
        if (&*sharding_of(*input).comm != &comm)
          throw Error("mpi: tensors of several communicators in one graph");
        numbers.emplace(input, std::ssize(inputs));
        inputs.push_back(input);
      }
  }

  /// Has others send what the sections need that is not here. Collective.
  void fetch(std::span<const PassRun::Request> requests);
  /// A section that is here or has been fetched.
  [[nodiscard]] Tensor of(const InputNode &input, const std::optional<Section> &section) const;
  /// Fetches what all ranks ask for alike, and gives it. Collective.
  [[nodiscard]] Tensor fetch_alike(const InputNode &input, const std::optional<Section> &section) {
    const PassRun::Request request{&input, section};
    fetch({&request, 1});
    return of(input, section);
  }

private:
  struct Need {
    std::int64_t input;
    Range range;
  };
  struct Fetched {
    Range range;
    Tensor tensor;
  };

  /// What of the axis a section needs. \throws Error for what is not moved.
  [[nodiscard]] static Range needed(const InputNode &input, const std::optional<Section> &section);
  [[nodiscard]] Bytes rows(const Need &need) const;
  void put_together(std::span<const Need> needs, std::vector<std::span<const std::byte>> &from);

  Communicator &comm;
  std::vector<OrderedNode> graph; ///< keeps the inputs
  std::vector<const InputNode *> inputs;
  std::unordered_map<const InputNode *, std::int64_t> numbers;
  std::multimap<const InputNode *, Fetched> fetched;
};

Range ShardedData::needed(const InputNode &input, const std::optional<Section> &section) {
  const Sharding &sharding = sharding_of(input);
  if (section && section->dim == sharding.axis)
    return range_of(*section);
  if (bytes_of(input) > most_whole_bytes)
    throw Error("mpi: " + (input.name.empty() ? "a tensor" : "'" + input.name + "'") +
                " of shape " + to_string(input.shape) + ", sharded along axis " +
                std::to_string(sharding.axis) + ", is needed " +
                (section ? "along axis " + std::to_string(section->dim) : "as a whole") +
                " by all ranks, which is more than is moved (shard it along that axis, or gather "
                "it)");
  return {0, sharding.offsets.back()};
}

/// The elements of this rank that are in a range, row-major.
Bytes ShardedData::rows(const Need &need) const {
  const Sharding &sharding = sharding_of(*inputs[static_cast<std::size_t>(need.input)]);
  const std::int64_t begin = std::max(need.range.begin, sharding.begin());
  const std::int64_t end = std::min(need.range.end, sharding.end());
  if (begin >= end)
    return {};
  const Tensor part = view(sharding.part, sharding.begin(), {sharding.axis, begin, 1, end - begin});
  const auto *first = static_cast<const std::byte *>(part.bytes());
  return {first, first + part.size() * size_of(part.dtype())};
}

void ShardedData::fetch(std::span<const PassRun::Request> requests) {
  std::vector<Need> needs;
  Bytes asked;
  comm.together([&] {
    for (const PassRun::Request &request : requests) {
      const Range range = needed(*request.input, request.section);
      const Sharding &sharding = sharding_of(*request.input);
      const bool is_here = range.begin >= sharding.begin() && range.end <= sharding.end();
      if (range.begin == range.end || is_here)
        continue;
      needs.push_back({numbers.at(request.input), range});
      for (std::int64_t number : {needs.back().input, range.begin, range.end})
        append(asked, number);
    }
  });
  const std::vector<Bytes> all = comm.all_gather(asked);
  if (std::ranges::all_of(all, [](const Bytes &bytes) { return bytes.empty(); }))
    return;
  std::vector<Bytes> to(all.size());
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (static_cast<int>(rank) == comm.rank())
      continue;
    std::span<const std::byte> left(all[rank]);
    while (!left.empty()) {
      const std::int64_t input = take_number(left), begin = take_number(left);
      const Bytes some = rows({input, {begin, take_number(left)}});
      to[rank].insert(to[rank].end(), some.begin(), some.end());
    }
    sent_moved += std::ssize(to[rank]);
  }
  const std::vector<Bytes> from = comm.all_to_all(to);
  std::vector<std::span<const std::byte>> left(from.begin(), from.end());
  put_together(needs, left);
}

/// Makes a tensor for each need, of what each rank has sent of it.
void ShardedData::put_together(std::span<const Need> needs,
                               std::vector<std::span<const std::byte>> &from) {
  for (const Need &need : needs) {
    const InputNode &input = *inputs[static_cast<std::size_t>(need.input)];
    const Sharding &sharding = sharding_of(input);
    Shape shape = input.shape;
    const auto axis = static_cast<std::size_t>(sharding.axis);
    shape[axis] = need.range.end - need.range.begin;
    std::int64_t place_bytes = size_of(input.dtype);
    for (std::size_t dim = 0; dim < shape.size(); ++dim)
      place_bytes *= dim == axis ? 1 : shape[dim];
    auto memory = std::make_shared<Bytes>(static_cast<std::size_t>(place_bytes * shape[axis]));
    const Bytes own = rows(need);
    for (std::size_t rank = 0; rank < from.size(); ++rank) {
      const std::int64_t begin = std::max(need.range.begin, sharding.offsets[rank]);
      const std::int64_t count = std::min(need.range.end, sharding.offsets[rank + 1]) - begin;
      if (count <= 0)
        continue;
      const bool is_own = static_cast<int>(rank) == comm.rank();
      const std::byte *first = is_own ? own.data() : from[rank].data();
      for_each_run(shape, input.dtype, sharding.axis, begin - need.range.begin, count,
                   [&](std::int64_t at, std::int64_t place, std::int64_t size) {
                     std::memcpy(memory->data() + at, first + place,
                                 static_cast<std::size_t>(size));
                   });
      if (!is_own)
        from[rank] = from[rank].subspan(static_cast<std::size_t>(count * place_bytes));
    }
    const std::byte *elements = memory->data();
    fetched.emplace(&input, Fetched{need.range, borrow(elements, input.dtype, std::move(shape), {},
                                                       std::move(memory))});
  }
}

Tensor ShardedData::of(const InputNode &input, const std::optional<Section> &section) const {
  const Sharding &sharding = sharding_of(input);
  const Range range = needed(input, section);
  // A section along another axis is cut out of the whole.
  const Section along{sharding.axis, range.begin, 1, range.end - range.begin};
  const auto cut_out = [&](const Tensor &tensor, std::int64_t begin) {
    if (!section)
      return view(tensor, begin, along);
    if (section->dim == sharding.axis)
      return view(tensor, begin, *section);
    return view(view(tensor, begin, along), 0, *section);
  };
  if (range.begin == range.end || (range.begin >= sharding.begin() && range.end <= sharding.end()))
    return cut_out(sharding.part, sharding.begin());
  auto [first, last] = fetched.equal_range(&input);
  const auto found = std::find_if(first, last, [&](const auto &entry) {
    return entry.second.range.begin <= range.begin && range.end <= entry.second.range.end;
  });
  return cut_out(found->second.tensor, found->second.range.begin);
}

//===-- Evaluation ----------------------------------------------------------------------------===//

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
/// for few of them.
std::int64_t end_of_piece(std::int64_t begin, std::int64_t end, std::int64_t extent) {
  if (begin % block_elements != 0)
    return std::min(end, (begin / block_elements + 1) * block_elements);
  std::int64_t size = block_elements;
  while (begin % (2 * size) == 0 &&
         (begin + 2 * size <= end || (end == extent && begin + size < extent)))
    size *= 2;
  return std::min(end, begin + size);
}

void run_pass(const Pass &pass, PassRun &run, ShardedData &data, Communicator &comm,
              std::unordered_map<const Node *, KeptPart> &kept) {
  comm.together([&] {
    run.prepare([&](const InputNode &input, const std::optional<Section> &section) {
      return data.fetch_alike(input, section);
    });
  });
  const Range own = own_places(pass, run, comm);
  const std::int64_t count = own.end - own.begin;
  data.fetch(count > 0 ? run.requests(own.begin, count) : std::vector<PassRun::Request>());
  comm.together([&] {
    for (const Goal &goal : pass.goals)
      if (!goal.is_merged())
        kept.emplace(goal.node.get(), KeptPart(goal, own));
    for (std::int64_t begin = own.begin; begin < own.end;) {
      const std::int64_t end = end_of_piece(begin, own.end, pass.extent);
      auto data_of = [&](const InputNode &input, const std::optional<Section> &section) {
        return data.of(input, section);
      };
      run.take(run.evaluate(data_of, begin, end - begin),
               [&](const Goal &goal, const Tensor &piece, std::int64_t at) {
                 kept.at(goal.node.get()).add(piece, at);
               });
      begin = end;
    }
  });
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
    signature = signature_of(nodes);
    data.emplace(*comm, nodes);
    passes = passes_of(nodes, [](const InputNode &input) {
      const Sharding &sharding = sharding_of(input);
      return sharding.offsets.back() > 1 ? sharding.axis : not_cut;
    });
  });
  comm->agree("graph, or replicated data,", signature);

  Known known;
  std::unordered_map<const Node *, KeptPart> kept;
  std::vector<std::unique_ptr<PassRun>> runs;
  for (const Pass &pass : passes)
    run_pass(pass, *runs.emplace_back(std::make_unique<PassRun>(pass, known)), *data, *comm, kept);

  std::vector<Part> results;
  std::vector<Tensor> whole;
  for (const Tensor &output : outputs) {
    const auto part = kept.find(output.node().get());
    if (part == kept.end())
      whole.push_back(output);
    results.push_back(part == kept.end() ? Part{output} : part->second.part());
  }
  comm->together([&] {
    finish_outputs(
        whole,
        [&](const InputNode &input, const std::optional<Section> &section) {
          return data->fetch_alike(input, section);
        },
        known);
  });
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

Traffic traffic() { return {sent_partials, sent_moved, sent_results}; }

} // namespace tsum::mpi
