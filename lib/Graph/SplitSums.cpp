// SPDX-License-Identifier: Apache-2.0
#include "SplitSums.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tsum {

namespace {

using Value = CanonicalGraph::Value;

/// Extents of a value's dimensions.
std::vector<std::int64_t> extents_of(const CanonicalGraph &graph, const Value &value) {
  std::vector<std::int64_t> extents;
  for (std::int32_t dim : value.dims)
    extents.push_back(graph.extents[static_cast<std::size_t>(dim)]);
  return extents;
}

std::int64_t product(const std::vector<std::int64_t> &extents) {
  std::int64_t size = 1;
  for (std::int64_t extent : extents)
    size *= extent;
  return size;
}

bool spans(const Value &value, std::int32_t dim) {
  return std::ranges::binary_search(value.dims, dim);
}

/// How a dimension is cut: `count` parts of `part`, and a rest.
struct Cut {
  std::int32_t dim = -1;
  std::int64_t count = 0, part = 0, rest = 0;
};

/// Rebuilds a graph with its long sums cut.
class Splitter {
public:
  explicit Splitter(const Canonicalized &bound) : bound(bound), graph(bound.graph) {}

  /// Whether there was anything to cut.
  bool run(Canonicalized &result);

private:
  /// Dimensions and values of the new graph have numbers of their own until it is put together.
  enum Part { Whole, Parts, Rest };
  using DimKey = std::tuple<std::int32_t, std::int64_t,
                            int>; // old dim, count or 0, place: orders as memory does

  [[nodiscard]] Cut find_cut(const Value &sum) const;
  [[nodiscard]] bool is_splittable(std::int32_t place, std::int32_t dim) const;
  std::int32_t add(Value value, const std::byte *data,
                   const std::shared_ptr<const Storage> &storage);
  std::int32_t dim_number(DimKey key, std::int64_t extent);
  std::vector<std::int32_t> new_dims(const Value &value, const Cut &cut, Part part);
  std::int32_t copy(std::int32_t place, const Cut &cut, Part part);
  std::int32_t split(std::int32_t place, const Cut &cut);
  void put_together(Canonicalized &result);

  const Canonicalized &bound;
  const CanonicalGraph &graph;
  std::map<DimKey, std::int32_t> dim_numbers;
  std::vector<std::int64_t> extents; // by number
  std::vector<Value> values;
  std::vector<Canonicalized::Argument> arguments; // per value, empty for what is computed
  std::map<std::tuple<std::int32_t, std::int32_t, std::int64_t, int>, std::int32_t> copies;
};

} // namespace

/// The cut of a sum that is long and has few results, or count = 0. Not of an exact one, whose
/// parts would be no floats.
Cut Splitter::find_cut(const Value &sum) const {
  if (sum.is_exact)
    return {};
  const Value &operand = graph.values[static_cast<std::size_t>(sum.operands[0])];
  std::vector<std::int64_t> operand_extents = extents_of(graph, operand);
  const std::int64_t elements = product(operand_extents);
  const std::int64_t bytes = elements * size_of(operand.dtype);
  if (bytes < 2 * split_part_bytes)
    return {};

  // What runs in parallel as it is: single results, or tiles of columns.
  const std::int64_t results = product(extents_of(graph, sum));
  std::int64_t tiles = results;
  if (tiles > 0 && !sum.dims.empty() && sum.dims.back() == operand.dims.back())
    tiles = tiles / operand_extents.back() *
            ((operand_extents.back() + split_columns - 1) / split_columns);
  const std::int64_t wanted =
      std::min(std::min(bytes / split_part_bytes, split_tiles) / std::max<std::int64_t>(tiles, 1),
               elements / std::max<std::int64_t>(results, 1) / split_elements);
  if (wanted < 2)
    return {};

  Cut cut;
  std::int64_t extent = 0;
  for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
    if (!spans(sum, operand.dims[dim]) && operand_extents[dim] > extent) {
      cut.dim = operand.dims[dim];
      extent = operand_extents[dim];
    }
  if (extent < 2 * wanted || !is_splittable(sum.operands[0], cut.dim))
    return {};
  // The most parts that leave no rest, or else a rest that is a dimension, if need be of a few
  // elements.
  for (bool even : {true, false})
    for (std::int64_t count = wanted; count >= std::max<std::int64_t>(2, wanted / 2); --count)
      if (std::int64_t rest = extent % count; even ? rest == 0 : rest > 1) {
        cut.count = count;
        cut.part = extent / count;
        cut.rest = rest;
        return cut;
      }
  return {};
}

/// Whether `dim` can be cut in all that the value is computed from: not in the results of other
/// sums.
bool Splitter::is_splittable(std::int32_t place, std::int32_t dim) const {
  std::vector<std::int32_t> pending = {place};
  std::vector<bool> seen(graph.values.size(), false);
  while (!pending.empty()) {
    const Value &value = graph.values[static_cast<std::size_t>(pending.back())];
    bool is_new = !seen[static_cast<std::size_t>(pending.back())];
    seen[static_cast<std::size_t>(pending.back())] = true;
    pending.pop_back();
    if (!is_new || !spans(value, dim))
      continue;
    if (is_reduction(value.op))
      return false;
    pending.insert(pending.end(), value.operands.begin(), value.operands.end());
  }
  return true;
}

std::int32_t Splitter::dim_number(DimKey key, std::int64_t extent) {
  auto [entry, is_new] = dim_numbers.try_emplace(key, static_cast<std::int32_t>(extents.size()));
  if (is_new)
    extents.push_back(extent);
  return entry->second;
}

std::vector<std::int32_t> Splitter::new_dims(const Value &value, const Cut &cut, Part part) {
  std::vector<std::int32_t> dims;
  for (std::int32_t dim : value.dims) {
    if (dim != cut.dim || part == Whole) {
      dims.push_back(dim_number({dim, 0, 0}, graph.extents[static_cast<std::size_t>(dim)]));
    } else if (part == Parts) {
      dims.push_back(dim_number({dim, cut.count, 0}, cut.count));
      dims.push_back(dim_number({dim, cut.count, 1}, cut.part));
    } else {
      dims.push_back(dim_number({dim, cut.count, 2}, cut.rest));
    }
  }
  return dims;
}

std::int32_t Splitter::add(Value value, const std::byte *data,
                           const std::shared_ptr<const Storage> &storage) {
  values.push_back(std::move(value));
  arguments.push_back({data, storage});
  return static_cast<std::int32_t>(values.size()) - 1;
}

/// The value at `place`, whole, or of its dimension `cut.dim` the parts or the rest.
std::int32_t Splitter::copy(std::int32_t place, const Cut &cut, Part part) {
  const Value &value = graph.values[static_cast<std::size_t>(place)];
  if (!spans(value, cut.dim))
    part = Whole;
  auto key = part == Whole ? std::make_tuple(place, -1, std::int64_t{0}, 0)
                           : std::make_tuple(place, cut.dim, cut.count, static_cast<int>(part));
  if (auto known = copies.find(key); known != copies.end())
    return known->second;

  Value copied = value;
  copied.dims = new_dims(value, cut, part);
  copied.operands.clear();
  copied.strides.clear();
  for (std::int32_t operand : value.operands)
    copied.operands.push_back(copy(operand, cut, part));
  const std::byte *data = nullptr;
  std::shared_ptr<const Storage> storage;
  if (value.op == OpKind::Constant) {
    data = bound.arguments[static_cast<std::size_t>(place)].data;
    storage = bound.arguments[static_cast<std::size_t>(place)].storage;
  }
  for (std::size_t dim = 0; dim < value.strides.size(); ++dim) {
    const std::int64_t stride = value.strides[dim];
    if (part == Parts && value.dims[dim] == cut.dim)
      copied.strides.push_back(stride * cut.part);
    copied.strides.push_back(stride);
    if (part != Rest || value.dims[dim] != cut.dim)
      continue;
    if (value.op == OpKind::Iota)
      copied.offset += stride * cut.count * cut.part;
    else
      data += stride * cut.count * cut.part * size_of(value.dtype);
  }
  return copies[key] = add(std::move(copied), data, storage);
}

/// The reduction at `place` by parts.
std::int32_t Splitter::split(std::int32_t place, const Cut &cut) {
  const Value &whole = graph.values[static_cast<std::size_t>(place)];
  const OpKind op = whole.op;
  const DType dtype = whole.dtype;
  const DType accumulator = partial_dtype(op, dtype);
  const std::vector<std::int32_t> dims = new_dims(whole, cut, Whole);
  auto reduce_part = [&](std::vector<std::int32_t> dims, std::int32_t operand) {
    return add({.op = op,
                .dtype = accumulator,
                .dims = std::move(dims),
                .operands = {operand},
                .is_partial = true},
               nullptr, nullptr);
  };

  // The parts' dimension stays where the whole one was, in the order of memory.
  std::int32_t parts = copy(whole.operands[0], cut, Parts);
  std::vector<std::int32_t> partial_dims = dims;
  const std::int32_t counter = dim_number({cut.dim, cut.count, 0}, cut.count);
  for (std::int32_t dim : values[static_cast<std::size_t>(parts)].dims)
    if (dim == counter)
      partial_dims.push_back(counter);
  std::int32_t total = add({.op = op,
                            .dtype = accumulator,
                            .dims = dims,
                            .operands = {reduce_part(std::move(partial_dims), parts)},
                            .is_of_parts = true},
                           nullptr, nullptr);
  if (cut.rest) {
    std::int32_t rest = reduce_part(dims, copy(whole.operands[0], cut, Rest));
    total = add({op_info(op).combiner, accumulator, dims, {total, rest}, {}}, nullptr, nullptr);
  }
  if (accumulator != dtype)
    total = add({OpKind::Cast, dtype, dims, {total}, {}}, nullptr, nullptr);
  return total;
}

bool Splitter::run(Canonicalized &result) {
  bool any = false;
  for (std::size_t place = 0; place < graph.values.size(); ++place) {
    if (!is_reduction(graph.values[place].op))
      continue;
    Cut cut = find_cut(graph.values[place]);
    if (cut.count == 0)
      continue;
    any = true;
    auto number = static_cast<std::int32_t>(place);
    copies[{number, -1, 0, 0}] = split(number, cut);
  }
  if (any)
    put_together(result);
  return any;
}

/// Copies what the outputs read, data first, with dimensions in the order of memory.
void Splitter::put_together(Canonicalized &result) {
  std::vector<std::int32_t> outputs;
  for (std::int32_t output : graph.outputs)
    outputs.push_back(copy(output, {}, Whole));

  std::vector<bool> is_read(values.size(), false);
  for (std::int32_t output : outputs)
    is_read[static_cast<std::size_t>(output)] = true;
  for (std::size_t place = values.size(); place-- > 0;)
    if (is_read[place])
      for (std::int32_t operand : values[place].operands)
        is_read[static_cast<std::size_t>(operand)] = true;

  std::vector<bool> is_spanned(extents.size(), false);
  for (std::size_t place = 0; place < values.size(); ++place)
    if (is_read[place])
      for (std::int32_t dim : values[place].dims)
        is_spanned[static_cast<std::size_t>(dim)] = true;
  CanonicalGraph split;
  std::vector<std::int32_t> number_of(extents.size(), -1);
  for (const auto &[key, number] : dim_numbers)
    if (is_spanned[static_cast<std::size_t>(number)]) {
      number_of[static_cast<std::size_t>(number)] = static_cast<std::int32_t>(split.extents.size());
      split.extents.push_back(extents[static_cast<std::size_t>(number)]);
    }

  std::vector<std::int32_t> place_of(values.size(), -1);
  result.arguments.clear();
  for (bool data : {true, false})
    for (std::size_t place = 0; place < values.size(); ++place) {
      Value &value = values[place];
      if (!is_read[place] || (value.op == OpKind::Constant) != data)
        continue;
      for (std::int32_t &dim : value.dims)
        dim = number_of[static_cast<std::size_t>(dim)];
      std::ranges::sort(value.dims); // those with strides are in order already
      for (std::int32_t &operand : value.operands)
        operand = place_of[static_cast<std::size_t>(operand)];
      if (data)
        result.arguments.push_back(std::move(arguments[place]));
      place_of[place] = static_cast<std::int32_t>(split.values.size());
      split.values.push_back(std::move(value));
    }
  for (std::int32_t output : outputs)
    split.outputs.push_back(place_of[static_cast<std::size_t>(output)]);
  result.graph = std::move(split);
}

void split_long_sums(Canonicalized &bound) {
  Canonicalized result;
  if (Splitter(bound).run(result)) {
    bound.graph = std::move(result.graph);
    bound.arguments = std::move(result.arguments);
  }
}

} // namespace tsum
