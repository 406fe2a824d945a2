// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/IndexMap.h"

#include "tsum/Graph/Layout.h"

namespace tsum {

IndexMap IndexMap::identity(Shape shape) {
  IndexMap map{std::move(shape), {}};
  for (std::size_t dim = 0; dim < map.shape.size(); ++dim)
    map.sources.push_back({.dim = static_cast<std::int32_t>(dim)});
  return map;
}

IndexMap IndexMap::broadcast(std::span<const std::int64_t> operand, Shape shape) {
  IndexMap map{std::move(shape), {}};
  const std::size_t offset = map.shape.size() - operand.size();
  for (std::size_t dim = 0; dim < operand.size(); ++dim)
    map.sources.push_back(
        {.dim = operand[dim] == 1 ? none : static_cast<std::int32_t>(offset + dim)});
  return map;
}

IndexMap IndexMap::transpose(std::span<const std::int64_t> operand,
                             std::span<const std::int64_t> permutation) {
  IndexMap map{{}, std::vector<Source>(operand.size())};
  for (std::size_t dim = 0; dim < permutation.size(); ++dim) {
    const auto from = static_cast<std::size_t>(permutation[dim]);
    map.shape.push_back(operand[from]);
    map.sources[from].dim = static_cast<std::int32_t>(dim);
  }
  return map;
}

IndexMap IndexMap::slice(std::span<const std::int64_t> starts, std::span<const std::int64_t> steps,
                         Shape shape) {
  IndexMap map = identity(std::move(shape));
  for (std::size_t dim = 0; dim < map.shape.size(); ++dim) {
    map.sources[dim].start = starts[dim];
    if (map.shape[dim] > 1)
      map.sources[dim].step = steps[dim];
  }
  return map;
}

std::optional<IndexMap> IndexMap::reshape(std::span<const std::int64_t> operand, Shape shape) {
  IndexMap map{std::move(shape), {}};
  std::size_t to = 0;
  auto skip_ones = [&] {
    while (to < map.shape.size() && map.shape[to] == 1)
      ++to;
  };
  for (std::int64_t extent : operand) {
    map.sources.emplace_back();
    if (extent == 1)
      continue;
    skip_ones();
    if (to == map.shape.size() || map.shape[to] != extent)
      return std::nullopt;
    map.sources.back().dim = static_cast<std::int32_t>(to++);
  }
  skip_ones();
  if (to != map.shape.size())
    return std::nullopt;
  return map;
}

std::optional<IndexMap> IndexMap::of(const Node &node, std::span<const std::int64_t> operand) {
  switch (node.op) {
  case OpKind::BroadcastTo:
    return broadcast(operand, node.shape);
  case OpKind::Reshape:
    return reshape(operand, node.shape);
  case OpKind::Transpose:
    return transpose(operand, node.axes);
  case OpKind::Slice:
    return slice(node.starts, node.steps, node.shape);
  default:
    return std::nullopt;
  }
}

IndexMap IndexMap::compose(const IndexMap &inner) const {
  IndexMap map{shape, inner.sources};
  for (Source &source : map.sources) {
    if (source.dim == none)
      continue;
    const Source &outer = sources[static_cast<std::size_t>(source.dim)];
    source.dim = outer.dim;
    source.start += source.step * outer.start;
    const bool is_taken = outer.dim != none && shape[static_cast<std::size_t>(outer.dim)] > 1;
    source.step = is_taken ? source.step * outer.step : 1;
  }
  return map;
}

std::vector<std::int64_t> IndexMap::strides(std::span<const std::int64_t> strides) const {
  std::vector<std::int64_t> result(shape.size(), 0);
  // Without elements no step is taken, and the product may be too large.
  const bool has_steps = !is_empty(shape);
  for (std::size_t dim = 0; dim < sources.size(); ++dim)
    if (sources[dim].dim != none)
      result[static_cast<std::size_t>(sources[dim].dim)] =
          has_steps && sources[dim].step != 1 ? strides[dim] * sources[dim].step : strides[dim];
  return result;
}

std::int64_t IndexMap::offset(std::span<const std::int64_t> strides) const {
  std::int64_t offset = 0;
  if (!is_empty(shape))
    for (std::size_t dim = 0; dim < sources.size(); ++dim)
      offset += strides[dim] * sources[dim].start;
  return offset;
}

std::shared_ptr<const Storage> IndexMap::apply(const Storage &values) const {
  return std::make_shared<Storage>(
      Storage{values.owner, values.data + offset(values.strides), strides(values.strides)});
}

} // namespace tsum
