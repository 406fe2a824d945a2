// SPDX-License-Identifier: Apache-2.0
#include "ShardedData.h"

#include "tsum/Graph/Layout.h"
#include "tsum/shapes.h"
#include "tsum/stream.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>

namespace tsum::mpi {

using namespace divided;

static std::atomic<std::int64_t> sent = 0;

/// What is wanted as a whole, or along another axis, is sent to all ranks if it is so small.
static constexpr std::int64_t most_whole_bytes = std::int64_t{1} << 20;

static Range range_of(const Section &section) {
  const std::int64_t last = section.start + (section.count - 1) * section.step;
  if (section.count == 0)
    return {section.start, section.start};
  return {std::min(section.start, last), std::max(section.start, last) + 1};
}

/// A section of `tensor`, which has the places from `begin` on along the section's dimension. What
/// is in files is read.
static Tensor view(const Tensor &tensor, std::int64_t begin, const Section &section) {
  const auto dim = static_cast<std::size_t>(section.dim);
  const std::shared_ptr<const Storage> values = tensor.node()->values();
  if (!values) {
    const Range range = range_of(section);
    std::vector<Slice> slices(dim + 1);
    slices.back() = {range.begin - begin, range.end - begin};
    const Tensor read = slice(tensor, slices);
    const StreamScope without_checkpoint({.memory = StreamScope::current().memory});
    eval(read);
    return view(read, range.begin, section);
  }
  Shape shape(tensor.shape().begin(), tensor.shape().end());
  ByteStrides strides = values->strides;
  shape[dim] = section.count;
  const std::byte *first = values->data;
  if (section.count > 0)
    first += (section.start - begin) * strides[dim];
  if (section.count > 1)
    strides[dim] *= section.step;
  return borrow(first, tensor.dtype(), std::move(shape), std::move(strides), values);
}

static std::int64_t bytes_of(const InputNode &input) {
  return byte_count(input.shape, input.dtype);
}

ShardedData::ShardedData(Communicator &comm, std::span<const Node::Ptr> outputs)
    : comm(comm), graph(evaluation_order(outputs, /*with_inputs=*/true)) {
  for (const OrderedNode &entry : graph)
    if (const InputNode *input = as_input(*entry.node, entry.state.values != nullptr)) {
      if (&*sharding_of(*input).comm != &comm)
        throw Error("mpi: tensors of several communicators in one graph");
      numbers.emplace(input, std::ssize(inputs));
      inputs.push_back(input);
    }
}

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

void ShardedData::fetch(std::span<const Request> requests) {
  std::vector<Need> needs;
  Bytes asked;
  comm.together([&] {
    for (const Request &request : requests) {
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
    sent += std::ssize(to[rank]);
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

std::int64_t ShardedData::most_places() const {
  std::int64_t place_bytes = 0;
  for (const InputNode *input : inputs) {
    const Sharding &sharding = sharding_of(*input);
    if (!sharding.part.is_evaluated() && sharding.offsets.back() > 0)
      place_bytes += bytes_of(*input) / sharding.offsets.back();
  }
  constexpr std::int64_t parts_of_memory = 4; // read, and again in the buffers that it is read by
  return place_bytes == 0 ? std::numeric_limits<std::int64_t>::max()
                          : std::max<std::int64_t>(1, StreamScope::current().memory /
                                                          parts_of_memory / place_bytes);
}

std::int64_t ShardedData::moved_bytes() { return sent; }

} // namespace tsum::mpi
