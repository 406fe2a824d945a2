// SPDX-License-Identifier: Apache-2.0
#include "Elementwise.h"
#include "ExactSum.h"
#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/Graph/Resolve.h"
#include "tsum/Graph/SummationTree.h"
#include "tsum/Reference/Evaluate.h"

#include <algorithm>

namespace tsum::reference {

namespace {

/// The second level of the summation tree, for sums of blocks of f32.
struct WideSum {
  double sum = 0;

  void absorb(float block) { sum += static_cast<double>(block); }
  void merge(const WideSum &other) { sum += other.sum; }
  [[nodiscard]] double partial() const { return sum; }
  template <class T> [[nodiscard]] T finish() const { return static_cast<T>(sum); }
};

struct WideProduct {
  double product = 1;

  void absorb(float block) { product *= static_cast<double>(block); }
  void merge(const WideProduct &other) { product *= other.product; }
  [[nodiscard]] double partial() const { return product; }
  template <class T> [[nodiscard]] T finish() const { return static_cast<T>(product); }
};

/// For blocks of f64: a number and what rounding lost.
struct Pair {
  double high;
  double low = 0;

  [[nodiscard]] double partial() const { return std::isfinite(high) ? high + low : high; }
  template <class> [[nodiscard]] double finish() const { return partial(); }
};

struct CompensatedSum : Pair {
  CompensatedSum() : Pair{0} {}
  void absorb(double block) { low += add(block); }
  void merge(const CompensatedSum &other) {
    double error = add(other.high);
    low = (low + other.low) + error;
  }

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

struct CompensatedProduct : Pair {
  CompensatedProduct() : Pair{1} {}
  void absorb(double block) {
    double product = high * block;
    low = std::fma(low, block, std::fma(high, block, -product));
    high = product;
  }
  void merge(const CompensatedProduct &other) {
    double product = high * other.high;
    double error = std::fma(high, other.high, -product);
    low = std::fma(high, other.low, std::fma(low, other.high, error));
    high = product;
  }
};

template <class T, OpKind op> struct AccumulatorOf;
template <class T>
  requires(sizeof(T) <= 4)
struct AccumulatorOf<T, OpKind::ReduceSum> {
  using type = WideSum;
};
template <> struct AccumulatorOf<double, OpKind::ReduceSum> {
  using type = CompensatedSum;
};
template <class T>
  requires(sizeof(T) <= 4)
struct AccumulatorOf<T, OpKind::ReduceProd> {
  using type = WideProduct;
};
template <> struct AccumulatorOf<double, OpKind::ReduceProd> {
  using type = CompensatedProduct;
};

/// Whether the order in which elements are combined matters.
template <class T, OpKind op>
inline constexpr bool is_ordered =
    FloatElement<T> && (op == OpKind::ReduceSum || op == OpKind::ReduceProd);

/// One reduction: its lanes, over line after line.
template <class T, OpKind op, bool = is_ordered<T, op>> class TreeReduction {
public:
  TreeReduction(std::int64_t lanes, bool is_of_parts)
      : accumulators(static_cast<std::size_t>(lanes)), rows(is_of_parts ? 1 : block_rows) {}

  void add_line(const Buffer &values, std::int64_t begin, std::int64_t count, std::int64_t stride) {
    auto lanes = static_cast<std::int64_t>(accumulators.size());
    for (std::int64_t block = 0; block < count; block += rows * lanes)
      for (std::int64_t lane = 0; lane < lanes && block + lane < count; ++lane) {
        std::int64_t end = std::min(count, block + rows * lanes);
        Block total = load<T>(values, begin + (block + lane) * stride);
        for (std::int64_t i = block + lane + lanes; i < end; i += lanes)
          total = apply<Block>(op_info(op).combiner, total,
                               static_cast<Block>(load<T>(values, begin + i * stride)));
        accumulators[static_cast<std::size_t>(lane)].absorb(total);
      }
  }

  [[nodiscard]] double partial() { return fold().partial(); }
  [[nodiscard]] T finish() { return fold().template finish<T>(); }

private:
  using Block = Computed<T>;
  using Accumulator = typename AccumulatorOf<Block, op>::type;

  /// The accumulator of all.
  const Accumulator &fold() {
    for (std::size_t half = accumulators.size() / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane)
        accumulators[lane].merge(accumulators[lane + half]);
    return accumulators[0];
  }

  std::vector<Accumulator> accumulators;
  std::int64_t rows; ///< of a block
};

/// Without a tree: in any order.
template <class T, OpKind op> class TreeReduction<T, op, false> {
public:
  TreeReduction(std::int64_t, bool) {}

  void add_line(const Buffer &values, std::int64_t begin, std::int64_t count, std::int64_t stride) {
    for (std::int64_t i = 0; i < count; ++i)
      total = apply<T>(op_info(op).combiner, total, load<T>(values, begin + i * stride));
  }

  [[nodiscard]] T partial() const { return total; }
  [[nodiscard]] T finish() const { return total; }

private:
  T total = identity<T>(op);
};

/// The exact sum, in any order.
template <class T> class ExactReduction {
public:
  ExactReduction(std::int64_t, bool) {}

  void add_line(const Buffer &values, std::int64_t begin, std::int64_t count, std::int64_t stride) {
    for (std::int64_t i = 0; i < count; ++i)
      total.add(static_cast<double>(load<T>(values, begin + i * stride)));
  }

  [[nodiscard]] T finish() const { return total.result<T>(); }

private:
  ExactSum total;
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
      buffers.push_back(value.op == OpKind::Constant ? read(value, *argument++)
                        : value.op == OpKind::Iota   ? iota(value)
                        : is_reduction(value.op)     ? reduce(value)
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

  [[nodiscard]] Buffer iota(const CanonicalGraph::Value &value) const {
    return count(value.dtype, dims_in(value, value).extents, value.offset, value.strides);
  }

  [[nodiscard]] Buffer reduce(const CanonicalGraph::Value &value) const {
    return visit_dtype(graph.values[static_cast<std::size_t>(value.operands[0])].dtype,
                       [&]<class T>(T) -> Buffer {
                         if constexpr (FloatElement<T>)
                           if (value.is_exact)
                             return reduce_lines<T, ExactReduction<T>>(value);
                         switch (value.op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    if constexpr (contains(Domain::DOMAIN, dtype_of<T>) && !ComplexElement<T>)                     \
      return reduce_lines<T, TreeReduction<T, OpKind::CLASS>>(value);                              \
    break;
#include "tsum/Reductions.def"
                         default:
                           break;
                         }
                         __builtin_unreachable();
                       });
  }

  template <class T, class Reduction>
  [[nodiscard]] Buffer reduce_lines(const CanonicalGraph::Value &value) const {
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
    const std::int64_t lanes = line_lanes(size_of(block_dtype(operand.dtype)), line_extent,
                                          is_inner ? 1 : all.extents.back());

    Buffer result;
    for_each_index<1>(kept.extents, {kept.strides}, [&](const auto &start) {
      Reduction reduction(lanes, value.is_of_parts);
      if (line_extent != 0) // else there may be very many lines of nothing
        for_each_index<1>(reduced.extents, {reduced.strides}, [&](const auto &line) {
          reduction.add_line(values, start[0] + line[0], line_extent, line_stride);
        });
      if constexpr (requires { reduction.partial(); })
        if (value.is_partial) {
          append(result, reduction.partial());
          return;
        }
      append(result, reduction.finish());
    });
    return result;
  }

  const CanonicalGraph &graph;
};

} // namespace

/// Gives nodes their values, and before them all that their canonical graph needs first.
static void evaluate_together(std::span<const Node::Ptr> nodes) {
  for (;;) {
    Resolved resolved = resolve(nodes);
    if (!resolved.needed_first.empty()) {
      evaluate_together(resolved.needed_first);
      continue;
    }
    for (;;) {
      std::vector<Node::Ptr> pending;
      std::ranges::copy_if(resolved.nodes, std::back_inserter(pending),
                           [](const Node::Ptr &node) { return node->values() == nullptr; });
      if (pending.empty())
        break;
      Canonicalized bound = canonicalize(pending);
      if (!bound.needed_first.empty()) {
        evaluate_together(bound.needed_first);
        continue;
      }
      Interpreter interpreter(bound);
      for (std::size_t i = 0; i < bound.results.size(); ++i) {
        const Canonicalized::Result &result = bound.results[i];
        const auto output = static_cast<std::size_t>(bound.graph.outputs[i]);
        auto buffer = std::make_shared<Buffer>(interpreter.buffers[output]);
        const std::byte *data = buffer->data() + result.offset;
        result.node->set_values(
            std::make_shared<Storage>(Storage{std::move(buffer), data, result.strides}));
      }
      break;
    }
    resolved.finish();
    return;
  }
}

std::vector<std::vector<std::byte>> evaluate_tree(std::span<const Tensor> tensors) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &tensor : tensors)
    nodes.push_back(tensor.node());
  evaluate_together(nodes);
  std::vector<std::vector<std::byte>> results;
  for (const Node::Ptr &node : nodes) {
    auto packed = pack_row_major(node->shape, node->dtype, *node->values());
    std::int64_t bytes = checked_size("copy", node->shape, node->dtype) * size_of(node->dtype);
    results.emplace_back(packed->data, packed->data + bytes);
  }
  return results;
}

std::vector<std::byte> evaluate_tree(const Tensor &tensor) {
  return evaluate_tree({&tensor, 1}).front();
}

} // namespace tsum::reference
