// SPDX-License-Identifier: Apache-2.0
#include "tsum/partial.h"

#include "State.h"
#include "tsum/Partial/PartialWork.h"

#include <algorithm>
#include <ostream>

namespace tsum {

namespace partial {

Tensor slice_along(const Tensor &part, std::int64_t dim, std::int64_t begin, std::int64_t end) {
  Shape shape(part.shape().begin(), part.shape().end());
  const auto at = static_cast<std::size_t>(dim);
  if (begin == 0 && end == shape[at])
    return part;
  shape[at] = end - begin;
  // Of data a view, which is not found by its place in it.
  if (const std::shared_ptr<const Storage> values = part.node()->values())
    return borrow(values->data + begin * values->strides[at], part.dtype(), std::move(shape),
                  values->strides, values);
  std::vector<std::int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts[at] = begin;
  return make_slice(part, std::move(starts), std::move(steps), std::move(shape));
}

static std::string to_string(std::span<const Range> ranges) {
  std::string text;
  for (auto [begin, end] : ranges)
    text += (text.empty() ? "" : ", ") + std::to_string(begin) + " to " + std::to_string(end - 1);
  return text.empty() ? "nothing" : text;
}

/// What is in both, in ascending order.
static std::vector<Range> common(std::span<const Range> x, std::span<const Range> y) {
  std::vector<Range> both;
  for (const Range &a : x)
    for (const Range &b : y)
      if (const Range range{std::max(a.begin, b.begin), std::min(a.end, b.end)};
          range.begin < range.end)
        both.push_back(range);
  return both;
}

/// What is in one of them; they have nothing in common.
static std::vector<Range> together(std::span<const Range> x, std::span<const Range> y) {
  std::vector<Range> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  std::ranges::sort(all, {}, &Range::begin);
  std::vector<Range> merged;
  for (const Range &range : all)
    if (!merged.empty() && merged.back().end == range.begin)
      merged.back().end = range.end;
    else
      merged.push_back(range);
  return merged;
}

/// What of `extent` is in none.
static std::vector<Range> gaps(std::span<const Range> ranges, std::int64_t extent) {
  std::vector<Range> missing;
  std::int64_t next = 0;
  for (auto [begin, end] : ranges) {
    if (next < begin)
      missing.push_back({next, begin});
    next = end;
  }
  if (next < extent)
    missing.push_back({next, extent});
  return missing;
}

/// The reductions of real numbers that a tensor is made of: itself, or those of both parts of a
/// complex sum.
static std::vector<Node::Ptr> reductions_of(const Tensor &tensor) {
  const Node::State state = tensor.node()->state();
  if (state.values)
    throw Error(prefix + "the reduction has been evaluated, and what it read is gone (give a "
                         "reduction that is not)");
  std::vector<Node::Ptr> nodes = {tensor.node()};
  if (tensor.node()->op == OpKind::Complex)
    nodes = state.operands;
  const Node &first = *nodes.front();
  auto is_like_first = [&](const Node::Ptr &node) {
    return is_reduction(node->op) && !node->values() &&
           static_cast<const Description &>(*node) == first;
  };
  if (!std::ranges::all_of(nodes, is_like_first))
    throw Error(prefix + "'" + std::string(op_info(tensor.node()->op).name) +
                "' is no reduction with partial results (give a sum, of complex numbers too, a "
                "product, an extremum, any or all)");
  return nodes;
}

/// \throws Error for an exact sum of which parts cannot be what the whole is.
static void check_is_sum(const Node &reduction, const Node &operand) {
  if (reduction.is_exact && reduction.divisor != 1)
    throw Error(prefix + "an exact sum over " + std::to_string(reduction.divisor) +
                " is divided by what a part does not know (give the sum)");
  if (reduction.is_exact && reduction.dtype != operand.dtype)
    throw Error(prefix + "an exact sum of " + std::string(name_of(operand.dtype)) +
                " is rounded to " + std::string(name_of(reduction.dtype)) +
                " (give one that is rounded to its elements' dtype)");
}

/// The whole of which `operand` is a part and `reduction` the reduction.
static Whole whole_of(const Description &reduction, const Node &operand, const PartOf &place,
                      bool is_complex) {
  Whole whole{.op = reduction.op,
              .dtype = operand.dtype,
              .is_complex = is_complex,
              .is_exact = reduction.is_exact,
              .keepdims = reduction.keepdims,
              .divisor = reduction.divisor,
              .result = reduction.dtype,
              .shape = operand.shape,
              .axes = reduction.axes,
              .cut = place.axis};
  const std::int64_t rank = std::ssize(whole.shape);
  if (whole.cut < 0)
    whole.cut += rank;
  if (whole.cut < 0 || whole.cut >= rank)
    throw AxisError(prefix + "axis " + std::to_string(place.axis) +
                    " is out of range for a tensor of rank " + std::to_string(rank));
  if (!whole.is_reduced(whole.cut))
    throw AxisError(prefix + "axis " + std::to_string(place.axis) + " is kept, and " +
                    tsum::to_string(whole.axes) +
                    " are reduced (results of parts along a kept axis lie side by side)");
  std::int64_t &extent = whole.shape[static_cast<std::size_t>(whole.cut)];
  const std::int64_t part = extent;
  extent = place.extent;
  checked_size("partial_reduction", whole.shape, whole.dtype);
  if (place.begin < 0 || part > extent || place.begin > extent - part)
    throw ShapeError(prefix + "a part of " + std::to_string(part) + " from " +
                     std::to_string(place.begin) + " on does not fit into an extent of " +
                     std::to_string(extent));
  return whole;
}

static Work work_of(const Whole &whole, const Description &reduction, const Tensor &part,
                    std::int64_t begin) {
  switch (whole.way()) {
  case Whole::Way::InOrder:
    return make_in_order(whole, part, begin);
  case Whole::Way::Exactly:
    return make_exact(whole, part);
  case Whole::Way::Freely:
    break;
  }
  return make_free(whole, Tensor(std::make_shared<Node>(reduction, std::vector{part.node()})));
}

} // namespace partial

using namespace partial;

struct PartialWork::Parts {
  std::vector<Work> works;
  std::shared_ptr<PartialReduction::State> made = std::make_shared<PartialReduction::State>();
};

PartialWork::PartialWork() : parts(std::make_shared<Parts>()) {}

PartialWork::PartialWork(const Description &reduction, const Tensor &part, const PartOf &place)
    : PartialWork() {
  add(reduction, part, place, /*is_complex=*/false);
}

void PartialWork::add(const Description &reduction, const Tensor &part, const PartOf &place,
                      bool is_complex) {
  PartialReduction::State &made = *parts->made;
  made.whole = whole_of(reduction, *part.node(), place, is_complex);
  const std::int64_t extent = part.shape()[static_cast<std::size_t>(made.whole.cut)];
  made.ranges.clear();
  if (extent > 0)
    made.ranges = {{place.begin, place.begin + extent}};
  parts->works.push_back(work_of(made.whole, reduction, part, place.begin));
  const std::vector<Tensor> &more = parts->works.back().tensors;
  to_evaluate.insert(to_evaluate.end(), more.begin(), more.end());
}

PartialReduction PartialWork::made() const {
  for (const Work &work : parts->works)
    parts->made->contents.push_back(work.made());
  return PartialReduction(std::move(parts->made));
}

PartialReduction::PartialReduction(const Tensor &part_reduction, const PartOf &place) {
  const std::vector<Node::Ptr> reductions = reductions_of(part_reduction);
  PartialWork work;
  for (const Node::Ptr &reduction : reductions) {
    const Tensor operand(reduction->state().operands.at(0));
    check_is_sum(*reduction, *operand.node());
    work.add(*reduction, operand, place, reductions.size() > 1);
  }
  eval(work.tensors());
  *this = work.made();
}

void PartialReduction::merge(const PartialReduction &other) {
  if (state->whole != other.state->whole)
    throw Error(prefix + "those of " + state->whole.to_string() + " and of " +
                other.state->whole.to_string() + " do not merge");
  if (const std::vector<Range> both = common(state->ranges, other.state->ranges); !both.empty())
    throw Error(prefix + "elements " + partial::to_string(both) + " are in both (" +
                partial::to_string(state->ranges) + "; " + partial::to_string(other.state->ranges) +
                ")");
  if (other.state->ranges.empty())
    return;
  if (state->ranges.empty()) {
    state = other.state;
    return;
  }
  // What nobody else holds may change.
  auto is_alone = [](const auto &pointer) { return pointer.use_count() == 1; };
  if (is_alone(state) && std::ranges::all_of(state->contents, is_alone) &&
      state->ranges.back().end <= other.state->ranges.front().begin) {
    std::vector<Range> ranges = together(state->ranges, other.state->ranges);
    for (std::size_t n = 0; n < state->contents.size(); ++n)
      state->contents[n]->append(*other.state->contents[n]);
    state->ranges = std::move(ranges);
    return;
  }
  auto merged = std::make_shared<State>();
  merged->whole = state->whole;
  merged->ranges = together(state->ranges, other.state->ranges);
  for (std::size_t n = 0; n < state->contents.size(); ++n)
    merged->contents.push_back(state->contents[n]->merged(*other.state->contents[n]));
  state = std::move(merged);
}

std::vector<PartialReduction::Range> PartialReduction::ranges() const { return state->ranges; }

bool PartialReduction::is_complete() const {
  return gaps(state->ranges, state->whole.cut_extent()).empty();
}

Tensor PartialReduction::result() const {
  if (!is_complete())
    throw Error(prefix + "elements " +
                partial::to_string(gaps(state->ranges, state->whole.cut_extent())) +
                " are missing");
  Tensor first = state->contents.front()->result();
  if (!state->whole.is_complex)
    return first;
  const Tensor both = complex(first, state->contents.back()->result());
  eval(both);
  return both;
}

std::string PartialReduction::to_string() const {
  std::string text = state->whole.to_string() + ": " + partial::to_string(state->ranges) + " of " +
                     std::to_string(state->whole.cut_extent());
  for (const Content::Ptr &content : state->contents)
    text += content->to_string();
  return text;
}

std::ostream &operator<<(std::ostream &stream, const PartialReduction &partial) {
  return stream << partial.to_string();
}

} // namespace tsum
