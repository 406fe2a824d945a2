// SPDX-License-Identifier: Apache-2.0
#include "Sharding.h"

#include "tsum/Divided/Passes.h"
#include "tsum/shapes.h"

#include <algorithm>
#include <cstring>

namespace tsum::mpi {

namespace {

/// What all ranks tell of their parts.
std::vector<std::int64_t> description_of(const Tensor &part) {
  std::vector<std::int64_t> words = {static_cast<std::int64_t>(part.dtype())};
  words.insert(words.end(), part.shape().begin(), part.shape().end());
  return words;
}

std::string describe(const std::vector<std::int64_t> &words) {
  return std::string(name_of(static_cast<DType>(words.front()))) +
         to_string(std::span(words).subspan(1));
}

std::shared_ptr<Communicator> communicator_behind(std::span<const Tensor> outputs) {
  const auto *sharding = dynamic_cast<const Sharding *>(elsewhere_behind(outputs).get());
  return sharding ? sharding->comm : nullptr;
}

} // namespace

const Sharding &sharding_of(const InputNode &input) {
  const auto *sharding = dynamic_cast<const Sharding *>(input.elsewhere.get());
  if (!sharding)
    throw Error("mpi: " + (input.elsewhere ? input.elsewhere->to_string() : "an input") +
                " in a graph of sharded tensors (evaluate or load it first)");
  return *sharding;
}

std::string Sharding::to_string() const {
  return "sharded along axis " + std::to_string(axis) + " among " + std::to_string(comm->size()) +
         " ranks";
}

Tensor make_sharded(const std::shared_ptr<Communicator> &comm, const Tensor &part,
                    std::int32_t axis, std::string_view name) {
  const std::vector<std::int64_t> mine = description_of(part);
  const auto *first = reinterpret_cast<const std::byte *>(mine.data());
  const std::vector<Bytes> all =
      comm->all_gather(Bytes(first, first + mine.size() * sizeof(mine[0])));
  std::vector<std::vector<std::int64_t>> parts;
  for (const Bytes &bytes : all) {
    parts.emplace_back(bytes.size() / sizeof(std::int64_t));
    std::memcpy(parts.back().data(), bytes.data(), bytes.size());
  }
  const std::size_t at = static_cast<std::size_t>(axis) + 1;
  auto sharding = std::make_shared<Sharding>(comm, part);
  sharding->axis = axis;
  sharding->offsets = {0};
  for (std::size_t rank = 0; rank < parts.size(); ++rank) {
    std::vector<std::int64_t> expected = parts.front();
    if (parts[rank].size() == expected.size())
      expected[at] = parts[rank][at];
    if (parts[rank] != expected)
      throw ShapeError("mpi: rank " + std::to_string(rank) + " has a part " +
                       describe(parts[rank]) + ", which does not fit to rank 0's " +
                       describe(parts.front()) + " along axis " + std::to_string(axis));
    std::int64_t end;
    if (__builtin_add_overflow(sharding->offsets.back(), parts[rank][at], &end))
      throw ShapeError("mpi: the parts have more than 2^63 - 1 elements along axis " +
                       std::to_string(axis));
    sharding->offsets.push_back(end);
  }
  Shape shape(part.shape().begin(), part.shape().end());
  shape[static_cast<std::size_t>(axis)] = sharding->offsets.back();
  checked_size("mpi", shape, part.dtype());
  auto node = std::make_shared<InputNode>(part.dtype(), std::move(shape), ByteStrides(), sharding);
  node->name = name;
  return Tensor(std::move(node));
}

Tensor shard(const Tensor &part, MPI_Comm comm, std::int64_t axis, std::string_view name) {
  const std::shared_ptr<Communicator> own = Communicator::of(comm);
  own->together([&] {
    if (axis < -part.rank() || axis >= part.rank())
      throw AxisError("mpi: axis " + std::to_string(axis) + " is out of range for a part of rank " +
                      std::to_string(part.rank()));
    const std::shared_ptr<const Elsewhere> where = elsewhere_behind({&part, 1});
    if (dynamic_cast<const Sharding *>(where.get()))
      throw Error("mpi: a part is " + where->to_string() + " itself (give each rank's own data)");
    if (!where) // what is in files stays there
      eval(part);
  });
  const std::int64_t dim = axis < 0 ? axis + part.rank() : axis;
  own->agree("axis", static_cast<std::uint64_t>(dim));
  return make_sharded(own, part, static_cast<std::int32_t>(dim), name);
}

void Sharding::evaluate(std::span<const Tensor> outputs) const {
  const std::vector<Part> results = evaluate_local(comm, outputs);
  for (std::size_t n = 0; n < results.size(); ++n)
    if (results[n].axis >= 0)
      throw Error("mpi: an output of shape " + tsum::to_string(outputs[n].shape()) +
                  " stays sharded along its axis " + std::to_string(results[n].axis) +
                  " (mpi::local gives a rank its part, mpi::gather all of it)");
}

void Sharding::evaluate_to(const Tensor &output, const TakePiece &take) const {
  take(gather(output), 0, 0);
}

std::vector<Part> local(std::span<const Tensor> outputs) {
  if (const std::shared_ptr<Communicator> comm = communicator_behind(outputs))
    return evaluate_local(comm, outputs);
  eval(outputs);
  std::vector<Part> parts;
  for (const Tensor &output : outputs)
    parts.push_back({output});
  return parts;
}

Part local(const Tensor &output) { return local({&output, 1}).front(); }

Tensor gather(const Tensor &output) {
  const std::shared_ptr<Communicator> comm = communicator_behind({&output, 1});
  if (!comm) {
    eval(output);
    return output;
  }
  const Part mine = evaluate_local(comm, {&output, 1}).front();
  if (mine.axis < 0)
    return mine.tensor;
  // Where the part begins, and its elements.
  Bytes bytes(sizeof mine.begin);
  std::memcpy(bytes.data(), &mine.begin, sizeof mine.begin);
  const auto *first = static_cast<const std::byte *>(mine.tensor.bytes());
  bytes.insert(bytes.end(), first, first + mine.tensor.size() * size_of(mine.tensor.dtype()));
  const std::vector<Bytes> all = comm->all_gather(bytes);
  const Shape shape(output.shape().begin(), output.shape().end());
  const auto axis = static_cast<std::size_t>(mine.axis);
  std::int64_t place_bytes = size_of(output.dtype());
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    place_bytes *= dim == axis ? 1 : shape[dim];
  auto memory = std::make_shared<Bytes>(static_cast<std::size_t>(place_bytes * shape[axis]));
  for (const Bytes &part : all) {
    std::int64_t begin;
    std::memcpy(&begin, part.data(), sizeof begin);
    const std::int64_t size = std::ssize(part) - static_cast<std::int64_t>(sizeof begin);
    for_each_run(shape, output.dtype(), static_cast<std::int32_t>(mine.axis), begin,
                 place_bytes ? size / place_bytes : 0,
                 [&](std::int64_t at, std::int64_t from, std::int64_t run) {
                   std::memcpy(memory->data() + at, part.data() + sizeof begin + from,
                               static_cast<std::size_t>(run));
                 });
  }
  const std::byte *elements = memory->data();
  const Tensor whole = borrow(elements, output.dtype(), shape, {}, memory);
  output.node()->set_values(whole.node()->values());
  return output;
}

} // namespace tsum::mpi
