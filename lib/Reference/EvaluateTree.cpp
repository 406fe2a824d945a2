// SPDX-License-Identifier: Apache-2.0
#include "Elementwise.h"
#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/Reference/Evaluate.h"

#include <algorithm>

namespace tsum::reference {

namespace {

/// The second level of the summation tree.
template <class T> struct Accumulator;

template <> struct Accumulator<float> {
  double sum = 0;

  void absorb(float block) { sum += static_cast<double>(block); }
  void merge(const Accumulator &other) { sum += other.sum; }
  [[nodiscard]] double partial() const { return sum; }
  [[nodiscard]] float finish() const { return static_cast<float>(sum); }
};

template <> struct Accumulator<double> {
  double high = 0;
  double low = 0;

  void absorb(double block) { low += add(block); }
  void merge(const Accumulator &other) {
    double error = add(other.high);
    low = (low + other.low) + error;
  }
  [[nodiscard]] double partial() const { return finish(); }
  [[nodiscard]] double finish() const { return std::isfinite(high) ? high + low : high; }

private:
  /// Knuth's two-sum: adds to `high` and returns what rounding lost.
  double add(double x) {
    double sum = high + x;
    double part = sum - high;
    double error = (high - (sum - part)) + (x - part);
    high = sum;
    return error;
  }
};

/// One sum: its lanes, over line after line.
template <class T> class TreeSum {
public:
  explicit TreeSum(std::int64_t lanes) : accumulators(static_cast<std::size_t>(lanes)) {}

  void add_line(const Buffer &values, std::int64_t begin, std::int64_t count, std::int64_t stride) {
    auto lanes = static_cast<std::int64_t>(accumulators.size());
    for (std::int64_t block = 0; block < count; block += block_rows * lanes)
      for (std::int64_t lane = 0; lane < lanes && block + lane < count; ++lane) {
        std::int64_t end = std::min(count, block + block_rows * lanes);
        T sum = load<T>(values, begin + (block + lane) * stride);
        for (std::int64_t i = block + lane + lanes; i < end; i += lanes)
          sum = sum + load<T>(values, begin + i * stride);
        accumulators[static_cast<std::size_t>(lane)].absorb(sum);
      }
  }

  /// The accumulator of all.
  [[nodiscard]] Accumulator<T> fold() {
    for (std::size_t half = accumulators.size() / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane)
        accumulators[lane].merge(accumulators[lane + half]);
    return accumulators[0];
  }

private:
  std::vector<Accumulator<T>> accumulators;
};

/// Integers need no tree.
template <std::integral T> struct Accumulator<T> {
  T sum = 0;

  [[nodiscard]] T partial() const { return sum; }
  [[nodiscard]] T finish() const { return sum; }
};

template <std::integral T> class TreeSum<T> {
public:
  explicit TreeSum(std::int64_t) {}

  void add_line(const Buffer &values, std::int64_t begin, std::int64_t count, std::int64_t stride) {
    for (std::int64_t i = 0; i < count; ++i)
      total.sum = static_cast<T>(total.sum + load<T>(values, begin + i * stride));
  }

  [[nodiscard]] Accumulator<T> fold() const { return total; }

private:
  Accumulator<T> total;
};

/// Extents and strides of some dimensions of a row-major value.
struct Dims {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides;
};

class Interpreter {
public:
  explicit Interpreter(const Canonicalized &bound) : graph(bound.graph) {
    auto argument = bound.arguments.begin();
    for (const CanonicalGraph::Value &value : graph.values)
      buffers.push_back(value.op == OpKind::Constant    ? read(value, *argument++)
                        : value.op == OpKind::ReduceSum ? reduce_sum(value)
                                                        : elementwise(value));
  }

  std::vector<Buffer> buffers; ///< per value

private:
  /// The dimensions of `value`, as a value that spans `spanned` stores them; strides of 0 where it
  /// does not.
  [[nodiscard]] Dims dims_in(const CanonicalGraph::Value &value,
                             const CanonicalGraph::Value &spanned) const {
    std::vector<std::int64_t> extents;
    for (std::int32_t dim : spanned.dims)
      extents.push_back(graph.extents[static_cast<std::size_t>(dim)]);
    std::vector<std::int64_t> stored = element_strides(extents);
    Dims dims;
    for (std::int32_t dim : value.dims) {
      auto place = std::ranges::find(spanned.dims, dim) - spanned.dims.begin();
      dims.extents.push_back(graph.extents[static_cast<std::size_t>(dim)]);
      dims.strides.push_back(place == std::ssize(stored) ? 0
                                                         : stored[static_cast<std::size_t>(place)]);
    }
    return dims;
  }

  [[nodiscard]] Buffer read(const CanonicalGraph::Value &value,
                            const Canonicalized::Argument &argument) const {
    Dims dims = dims_in(value, value);
    ByteStrides strides = value.strides;
    for (std::int64_t &stride : strides)
      stride *= size_of(value.dtype);
    auto packed = pack_row_major(dims.extents, value.dtype, {nullptr, argument.data, strides});
    return {packed->data,
            packed->data + checked_size("read", dims.extents, value.dtype) * size_of(value.dtype)};
  }

  [[nodiscard]] Buffer elementwise(const CanonicalGraph::Value &value) const {
    std::vector<Input> inputs;
    for (std::int32_t place : value.operands) {
      const CanonicalGraph::Value &operand = graph.values[static_cast<std::size_t>(place)];
      inputs.push_back({operand.dtype, &buffers[static_cast<std::size_t>(place)],
                        dims_in(value, operand).strides});
    }
    return apply_elementwise(value.op, value.dtype, dims_in(value, value).extents, inputs);
  }

  [[nodiscard]] Buffer reduce_sum(const CanonicalGraph::Value &value) const {
    auto place = static_cast<std::size_t>(value.operands[0]);
    const CanonicalGraph::Value &operand = graph.values[place];
    const Buffer &values = buffers[place];
    Dims all = dims_in(operand, operand);
    Dims kept = dims_in(value, operand);
    Dims reduced;
    for (std::size_t dim = 0; dim < operand.dims.size(); ++dim)
      if (std::ranges::find(value.dims, operand.dims[dim]) == value.dims.end()) {
        reduced.extents.push_back(all.extents[dim]);
        reduced.strides.push_back(all.strides[dim]);
      }
    bool is_inner = value.dims.empty() || value.dims.back() != operand.dims.back();
    std::int64_t line_extent = reduced.extents.back();
    std::int64_t line_stride = reduced.strides.back();
    reduced.extents.pop_back();
    reduced.strides.pop_back();

    Buffer result;
    visit_dtype(operand.dtype, [&]<class T>(T) {
      for_each_index<1>(kept.extents, {kept.strides}, [&](const auto &start) {
        TreeSum<T> sum(
            line_lanes(size_of(operand.dtype), line_extent, is_inner ? 1 : all.extents.back()));
        if (line_extent != 0) // else there may be very many lines of nothing
          for_each_index<1>(reduced.extents, {reduced.strides}, [&](const auto &line) {
            sum.add_line(values, start[0] + line[0], line_extent, line_stride);
          });
        if (value.is_partial)
          append(result, sum.fold().partial());
        else
          append(result, sum.fold().finish());
      });
    });
    return result;
  }

  const CanonicalGraph &graph;
};

} // namespace

/// Evaluates nodes, without giving them their values, and before them all that their canonical
/// graph needs first.
static std::vector<std::shared_ptr<const Storage>>
evaluate_together(std::span<const Node::Ptr> nodes) {
  Canonicalized bound;
  for (;;) {
    std::vector<Node::Ptr> pending;
    std::ranges::copy_if(nodes, std::back_inserter(pending),
                         [](const Node::Ptr &node) { return node->values() == nullptr; });
    if (pending.empty())
      break;
    bound = canonicalize(pending);
    if (bound.needed_first.empty())
      break;
    auto values = evaluate_together(bound.needed_first);
    for (std::size_t i = 0; i < values.size(); ++i)
      bound.needed_first[i]->set_values(values[i]);
  }

  Interpreter interpreter(bound);
  std::vector<std::shared_ptr<const Storage>> results;
  for (const Node::Ptr &node : nodes) {
    auto place = std::ranges::find(bound.results, node, &Canonicalized::Result::node);
    if (place == bound.results.end()) {
      results.push_back(node->values());
      continue;
    }
    auto output = bound.graph.outputs[static_cast<std::size_t>(place - bound.results.begin())];
    auto buffer = std::make_shared<Buffer>(interpreter.buffers[static_cast<std::size_t>(output)]);
    const std::byte *data = buffer->data() + place->offset;
    results.push_back(std::make_shared<Storage>(Storage{std::move(buffer), data, place->strides}));
  }
  return results;
}

std::vector<std::vector<std::byte>> evaluate_tree(std::span<const Tensor> tensors) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &tensor : tensors)
    nodes.push_back(tensor.node());
  std::vector<std::vector<std::byte>> results;
  for (const auto &values : evaluate_together(nodes)) {
    const Node &node = *nodes[results.size()];
    auto packed = pack_row_major(node.shape, node.dtype, *values);
    std::int64_t bytes = checked_size("copy", node.shape, node.dtype) * size_of(node.dtype);
    results.emplace_back(packed->data, packed->data + bytes);
  }
  return results;
}

std::vector<std::byte> evaluate_tree(const Tensor &tensor) {
  return evaluate_tree({&tensor, 1}).front();
}

} // namespace tsum::reference
