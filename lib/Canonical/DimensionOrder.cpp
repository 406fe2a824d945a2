// SPDX-License-Identifier: Apache-2.0
#include "DimensionOrder.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <tuple>

namespace tsum {

using Value = CanonicalGraph::Value;

static std::size_t to_index(std::int32_t dim) { return static_cast<std::size_t>(dim); }

namespace {

/// What data says about the order of dimensions.
class StrideOrder {
public:
  explicit StrideOrder(const CanonicalGraph &graph) : graph(graph), strides(graph.extents.size()) {
    // Traffic makes the weight: the largest data, then the first, decides where several disagree.
    std::vector<std::pair<std::int64_t, std::int32_t>> data; // (-bytes, value)
    for (const Value &value : graph.values) {
      if (value.op != OpKind::Constant)
        break; // data comes first
      data.emplace_back(-graph.byte_count(value), static_cast<std::int32_t>(data.size()));
    }
    std::ranges::sort(data);
    for (std::size_t rank = 0; rank < data.size(); ++rank) {
      const Value &value = graph.values[to_index(data[rank].second)];
      by_weight.push_back(data[rank].second);
      for (std::size_t dim = 0; dim < value.dims.size(); ++dim)
        strides[to_index(value.dims[dim])].push_back({rank, std::abs(value.strides[dim])});
    }
  }

  /// Whether `a` belongs outside of `b`, as the first data says in which their strides differ.
  [[nodiscard]] bool is_outside(std::int32_t a, std::int32_t b) const {
    // One of them may be in very many data.
    const bool is_swapped = strides[to_index(a)].size() > strides[to_index(b)].size();
    const auto &fewer = strides[to_index(is_swapped ? b : a)];
    const auto &more = strides[to_index(is_swapped ? a : b)];
    for (const Stride &stride : fewer) {
      const auto other = std::ranges::lower_bound(more, stride.data, {}, &Stride::data);
      if (other == more.end())
        return false;
      if (other->data == stride.data && other->stride != stride.stride)
        return (stride.stride > other->stride) != is_swapped;
    }
    return false;
  }

  /// Whether no data spans `dim`.
  [[nodiscard]] bool is_free(std::int32_t dim) const { return strides[to_index(dim)].empty(); }

  /// Calls `visit` with each dimension that some data spans together with `dim`, perhaps several
  /// times. Of others nothing is said.
  template <class Visit> void visit_neighbours(std::int32_t dim, Visit &&visit) const {
    for (const Stride &stride : strides[to_index(dim)])
      for (std::int32_t other : graph.values[to_index(by_weight[stride.data])].dims)
        visit(other);
  }

private:
  struct Stride {
    std::size_t data; ///< by falling weight
    std::int64_t stride;
  };
  const CanonicalGraph &graph;
  std::vector<std::int32_t> by_weight;      ///< the data: values by falling weight
  std::vector<std::vector<Stride>> strides; ///< per dimension, in the data that spans it
};

/// Dimensions in a row, to which one can be added anywhere, and of which two can be compared.
class DimensionRow {
public:
  explicit DimensionRow(std::size_t dims) : entries(dims) {}

  static constexpr std::int32_t none = -1;

  [[nodiscard]] bool contains(std::int32_t dim) const { return entry(dim).label != 0; }
  [[nodiscard]] bool is_before(std::int32_t a, std::int32_t b) const {
    return entry(a).label < entry(b).label;
  }

  /// Adds `dim` before `next`, or at the end.
  void insert_before(std::int32_t next, std::int32_t dim) {
    const std::int32_t previous = next == none ? last : entry(next).previous;
    auto low = [&] { return previous == none ? 0 : entry(previous).label; };
    if (next != none && entry(next).label - low() < 2)
      number();
    entry(dim) = {next == none ? low() + gap : low() + (entry(next).label - low()) / 2, previous,
                  next};
    (previous == none ? first : entry(previous).next) = dim;
    (next == none ? last : entry(next).previous) = dim;
  }

  [[nodiscard]] std::vector<std::int32_t> in_order() const {
    std::vector<std::int32_t> dims;
    for (std::int32_t dim = first; dim != none; dim = entry(dim).next)
      dims.push_back(dim);
    return dims;
  }

private:
  static constexpr std::uint64_t gap = std::uint64_t{1} << 32;

  struct Entry {
    std::uint64_t label = 0; ///< rises along the row; 0 of what is not in it
    std::int32_t previous = none;
    std::int32_t next = none;
  };

  [[nodiscard]] const Entry &entry(std::int32_t dim) const { return entries[to_index(dim)]; }
  [[nodiscard]] Entry &entry(std::int32_t dim) { return entries[to_index(dim)]; }

  void number() {
    std::uint64_t label = 0;
    for (std::int32_t dim = first; dim != none; dim = entry(dim).next)
      entry(dim).label = label += gap;
  }

  std::vector<Entry> entries;
  std::int32_t first = none;
  std::int32_t last = none;
};

} // namespace

/// Writes a value's dimensions as `number_of` numbers them for `graph`, ascending.
static void renumber(Value &value, const CanonicalGraph &graph,
                     const std::vector<std::int32_t> &number_of) {
  for (std::int32_t &dim : value.dims)
    dim = number_of[to_index(dim)];
  for (std::int32_t &axis : value.axes)
    axis = number_of[to_index(axis)];
  if (!graph.is_ordered(value))
    std::ranges::sort(value.axes);
  if (!value.has_strides()) {
    std::ranges::sort(value.dims);
    return;
  }
  std::vector<std::pair<std::int32_t, std::int64_t>> pairs;
  for (std::size_t dim = 0; dim < value.dims.size(); ++dim)
    pairs.emplace_back(value.dims[dim], value.strides[dim]);
  std::ranges::sort(pairs);
  for (std::size_t dim = 0; dim < pairs.size(); ++dim)
    std::tie(value.dims[dim], value.strides[dim]) = pairs[dim];
}

std::vector<std::int32_t> order_dims(CanonicalGraph &graph, std::vector<std::int32_t> used) {
  // The insertion sort by which NumPy's nditer orders axes: each goes before the outermost one that
  // it is outside of, but not beyond one that is outside of it, and what no data decides stays
  // where it is. Only neighbours decide, so that only they are looked at, from the innermost one
  // on.
  const StrideOrder order(graph);
  DimensionRow row(graph.extents.size());
  // What neither data nor results have, as the numbers of the terms that are added up, goes
  // outermost: loops run along memory then.
  std::vector<bool> is_result(graph.extents.size(), false);
  for (std::int32_t output : graph.outputs)
    for (std::int32_t dim : graph.values[to_index(output)].dims)
      is_result[to_index(dim)] = true;
  std::vector<std::int32_t> next;
  for (bool is_outermost : {true, false})
    std::ranges::copy_if(used, std::back_inserter(next), [&](std::int32_t dim) {
      return (order.is_free(dim) && !is_result[to_index(dim)]) == is_outermost;
    });
  std::vector<std::int32_t> neighbours;
  for (std::int32_t dim : next) {
    neighbours.clear();
    order.visit_neighbours(dim, [&](std::int32_t other) {
      if (row.contains(other))
        neighbours.push_back(other);
    });
    std::ranges::sort(neighbours, [&](auto a, auto b) { return row.is_before(b, a); });
    const auto end = std::ranges::unique(neighbours).begin();
    std::int32_t to = DimensionRow::none;
    for (auto other = neighbours.begin(); other != end; ++other)
      if (order.is_outside(dim, *other))
        to = *other;
      else if (order.is_outside(*other, dim))
        break;
    row.insert_before(to, dim);
  }
  used = row.in_order();

  std::vector<std::int32_t> number_of(graph.extents.size(), -1);
  std::vector<std::int64_t> extents;
  for (std::int32_t dim : used) {
    number_of[to_index(dim)] = static_cast<std::int32_t>(extents.size());
    extents.push_back(graph.extents[to_index(dim)]);
  }
  graph.extents = std::move(extents);
  for (Value &value : graph.values)
    renumber(value, graph, number_of);
  return used;
}

std::vector<bool> flip_dims(CanonicalGraph &graph) {
  std::vector<bool> runs_backwards(graph.extents.size(), false);
  std::vector<bool> runs_forwards(graph.extents.size(), false);
  for (const Value &value : graph.values) {
    if (graph.is_ordered(value))
      for (std::int32_t axis : value.axes)
        runs_forwards[to_index(axis)] = true;
    for (std::size_t dim = 0; dim < value.strides.size(); ++dim)
      if (value.op == OpKind::Constant) // an iota counts as well in either direction
        (value.strides[dim] < 0 ? runs_backwards : runs_forwards)[to_index(value.dims[dim])] = true;
  }

  std::vector<bool> is_flipped(graph.extents.size());
  for (std::size_t dim = 0; dim < is_flipped.size(); ++dim)
    is_flipped[dim] = runs_backwards[dim] && !runs_forwards[dim];
  for (Value &value : graph.values)
    for (std::size_t dim = 0; dim < value.strides.size(); ++dim)
      if (is_flipped[to_index(value.dims[dim])]) {
        if (value.op == OpKind::Iota)
          value.offset += (graph.extents[to_index(value.dims[dim])] - 1) * value.strides[dim];
        value.strides[dim] = -value.strides[dim];
      }
  return is_flipped;
}

/// Unsets `joins_next` where an ordered reduction would not add in the same order along the joined
/// dimension as along the two.
static void keep_order(const CanonicalGraph &graph, const Value &reduction,
                       std::vector<bool> &joins_next) {
  const std::vector<std::int32_t> &axes = reduction.axes;
  for (std::size_t place = 0; place < axes.size(); ++place) {
    const std::int32_t inner = axes[place] + 1;
    const bool is_next = place + 1 < axes.size() && axes[place + 1] == inner;
    const bool is_line = place + 2 == axes.size();
    if (!is_next || !keeps_order_if_merged(graph.extents[to_index(inner)], is_line))
      joins_next[to_index(axes[place])] = false;
  }
}

void merge_dims(CanonicalGraph &graph) {
  std::size_t count = graph.extents.size();
  std::vector<bool> joins_next(count, true);
  if (count > 0)
    joins_next[count - 1] = false;
  for (const Value &value : graph.values) {
    if (graph.is_ordered(value))
      keep_order(graph, value, joins_next);
    // Data without elements lies like any other.
    bool is_laid_out =
        value.has_strides() && std::ranges::none_of(value.dims, [&](std::int32_t dim) {
          return graph.extents[to_index(dim)] == 0;
        });
    for (std::size_t dim = 0; dim < value.dims.size(); ++dim) {
      std::size_t here = to_index(value.dims[dim]);
      if (here > 0 && (dim == 0 || to_index(value.dims[dim - 1]) != here - 1))
        joins_next[here - 1] = false;
      bool spans_next = dim + 1 < value.dims.size() && to_index(value.dims[dim + 1]) == here + 1;
      if (!spans_next ||
          (is_laid_out && value.strides[dim] != value.strides[dim + 1] * graph.extents[here + 1]))
        joins_next[here] = false;
    }
  }

  // The product is a number of elements of some tensor, which was checked when that was made.
  std::vector<std::int32_t> number_of(count);
  std::vector<std::int64_t> extents;
  for (std::size_t dim = 0; dim < count; ++dim) {
    if (dim > 0 && joins_next[dim - 1])
      extents.back() *= graph.extents[dim];
    else
      extents.push_back(graph.extents[dim]);
    number_of[dim] = static_cast<std::int32_t>(extents.size()) - 1;
  }
  graph.extents = std::move(extents);
  for (Value &value : graph.values) {
    std::vector<std::int32_t> dims;
    std::vector<std::int64_t> strides;
    for (std::size_t dim = 0; dim < value.dims.size(); ++dim) {
      if (joins_next[to_index(value.dims[dim])])
        continue; // the innermost of the joined gives the stride
      dims.push_back(number_of[to_index(value.dims[dim])]);
      if (value.has_strides())
        strides.push_back(value.strides[dim]);
    }
    value.dims = std::move(dims);
    value.strides = std::move(strides);
    std::erase_if(value.axes, [&](std::int32_t axis) { return joins_next[to_index(axis)]; });
    for (std::int32_t &axis : value.axes)
      axis = number_of[to_index(axis)];
  }
}

} // namespace tsum
