// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"

#include "tsum/Reference/SummationSteps.h"

#include <algorithm>
#include <cstring>

namespace tsum::interpreter {

namespace {

std::int64_t width_of(Line line, Extents extents) {
  return line == Line::Columns ? extents.rows : extents.columns;
}

//===-- Ordered -------------------------------------------------------------------------------===//

/// Nodes of tsum/Graph/SummationTree.h side by side; `lo` is 0 where they are no pairs.
struct Nodes {
  explicit Nodes(std::int64_t width)
      : hi(static_cast<std::size_t>(width)), lo(static_cast<std::size_t>(width)) {}
  std::vector<double> hi, lo;
};

/// The trees of nodes that come one after the other, as a binary counter: digit d, if it is 1, has
/// the root of a whole subtree of 2^d of them.
class Counter {
public:
  Counter(const OrderedLoops &loops, std::int64_t width) : loops(loops), width(width) {}

  /// Takes `nodes` and leaves others that mean nothing.
  void push(Nodes &nodes, std::int64_t count) {
    std::size_t digit = 0;
    for (; total >> digit & 1; ++digit)
      merge(digit, nodes, count);
    if (digit == digits.size())
      digits.emplace_back(width);
    std::swap(digits[digit], nodes);
    ++total;
  }

  /// The root of all: a missing right child passes the left one on.
  void finish(Nodes &nodes, std::int64_t count) {
    bool is_first = true;
    for (std::size_t digit = 0; total >> digit; ++digit)
      if (total >> digit & 1) {
        if (std::exchange(is_first, false))
          std::swap(digits[digit], nodes);
        else
          merge(digit, nodes, count);
      }
    total = 0;
  }

private:
  /// `nodes` become the parents of those of `digit`, to the left, and themselves.
  void merge(std::size_t digit, Nodes &nodes, std::int64_t count) {
    Nodes &left = digits[digit];
    loops.merge(left.hi.data(), left.lo.data(), nodes.hi.data(), nodes.lo.data(), count);
    std::swap(left, nodes);
  }

  const OrderedLoops &loops;
  std::int64_t width;
  std::uint64_t total = 0;
  std::vector<Nodes> digits;
};

class OrderedAccumulator final : public Accumulator {
public:
  OrderedAccumulator(OpKind op, DType dtype, std::size_t levels, Line line, Extents block)
      : op(op), dtype(dtype), line(line), steps(loops().ordered(op, kind_of_block(dtype))),
        current(width_of(line, block)),
        values(line == Line::Columns ? blocks_of(block.columns) * block.rows : 0),
        counters(levels, Counter(steps, width_of(line, block))),
        lanes(line == Line::Rows
                  ? static_cast<std::size_t>(block_lanes * block.columns * steps.lane_bytes)
                  : 0) {}

  void add(Elements elements, Extents extents) override {
    width = width_of(line, extents);
    if (line == Line::Columns)
      add_columns(elements, extents);
    else
      add_rows(elements, extents);
  }

  void finish_line() override {
    if (rows_of_block > 0)
      fold_lanes();
    finish(counters.size() - 1);
  }

  void push(std::size_t level) override { counters[level].push(current, width); }
  void finish(std::size_t level) override { counters[level].finish(current, width); }

  void fold_width() override {
    fold(current, width);
    width = 1;
  }

  void write(void *out) override {
    visit_dtype(dtype, [&]<class T>(T) {
      if constexpr (FloatElement<T>) {
        if (op == OpKind::ReduceSum)
          write_rounded<T, OpKind::ReduceSum>(out);
        else
          write_rounded<T, OpKind::ReduceProd>(out);
      }
    });
  }

private:
  /// Leaves the root of the tree over the first `count` nodes at their place 0.
  void fold(Nodes &nodes, std::int64_t count) const {
    double *hi = nodes.hi.data(), *lo = nodes.lo.data();
    while (count > 1) {
      std::int64_t parents = 0;
      for (std::int64_t n = 0; n < count; n += 2, ++parents) {
        if (n + 1 < count)
          steps.merge(hi + n, lo + n, hi + n + 1, lo + n + 1, 1);
        hi[parents] = hi[n];
        lo[parents] = lo[n];
      }
      count = parents;
    }
  }

  static std::int64_t blocks_of(std::int64_t elements) {
    return (elements + block_elements - 1) / block_elements;
  }

  void add_columns(Elements elements, Extents extents) {
    const std::int64_t blocks = blocks_of(extents.columns), rows = extents.rows;
    // Side by side those of the rows' first blocks, then those of their second ones.
    Nodes &nodes = blocks == 1 ? current : values;
    steps.fold_lines(nodes.hi.data(), rows, elements, extents);
    std::fill_n(nodes.lo.begin(), blocks * rows, 0.0);
    double *hi = nodes.hi.data(), *lo = nodes.lo.data();
    for (std::int64_t apart = 1; apart < blocks; apart *= 2)
      for (std::int64_t n = 0; n + apart < blocks; n += 2 * apart)
        steps.merge(hi + n * rows, lo + n * rows, hi + (n + apart) * rows, lo + (n + apart) * rows,
                    rows);
    if (blocks > 1) {
      std::copy_n(hi, rows, current.hi.begin());
      std::copy_n(lo, rows, current.lo.begin());
    }
    push(counters.size() - 1);
  }

  void add_rows(Elements elements, Extents extents) {
    for (std::int64_t row = 0; row < extents.rows;) {
      const std::int64_t count = std::min(extents.rows - row, block_elements - rows_of_block);
      const auto *data = static_cast<const std::byte *>(elements.data) +
                         row * elements.row * size_of(kind_of_block(dtype));
      steps.add_rows(lanes.data(), {data, elements.row, elements.column}, {count, extents.columns},
                     rows_of_block);
      rows_of_block += count;
      row += count;
      if (rows_of_block == block_elements)
        fold_lanes();
    }
  }

  void fold_lanes() {
    steps.fold_lanes(current.hi.data(), lanes.data(), width, rows_of_block);
    std::ranges::fill(current.lo, 0);
    rows_of_block = 0;
    push(counters.size() - 1);
  }

  template <class T, OpKind op> void write_rounded(void *out) const {
    using Steps = SummationSteps<T, op>;
    using Element = std::conditional_t<sizeof(T) == 2, float, T>;
    for (std::int64_t n = 0; n < width; ++n) {
      const auto at = static_cast<std::size_t>(n);
      Element element;
      if constexpr (std::is_same_v<typename Steps::Node, Pair>)
        element = Steps::round({current.hi[at], current.lo[at]});
      else
        element = Steps::round(current.hi[at]);
      static_cast<Element *>(out)[n] = element;
    }
  }

  OpKind op;
  DType dtype;
  Line line;
  const OrderedLoops &steps;
  Nodes current, values;
  std::vector<Counter> counters;
  std::vector<std::byte> lanes;
  std::int64_t rows_of_block = 0;
  std::int64_t width = 0;
};

//===-- Unordered -----------------------------------------------------------------------------===//

class UnorderedAccumulator final : public Accumulator {
public:
  UnorderedAccumulator(OpKind op, DType dtype, std::size_t levels, Line line, Extents block)
      : combiner(op_info(op).combiner), kind(kind_of_block(dtype)), dtype(dtype), line(line),
        combine_elements(loops().elementwise(combiner, kind)),
        fold_lines(loops().fold(combiner, kind)), most(width_of(line, block)),
        current(make_values()) {
    for (std::size_t level = 0; level < levels; ++level)
      totals.push_back({make_values(), false});
  }

  void add(Elements elements, Extents extents) override {
    width = width_of(line, extents);
    const std::int64_t row_bytes = elements.row * size_of(kind);
    const auto *row = static_cast<const std::byte *>(elements.data);
    Total &total = totals.back();
    if (line == Line::Columns) {
      fold_lines(current.data(), elements, extents);
      push(totals.size() - 1);
    } else {
      for (std::int64_t r = 0; r < extents.rows; ++r, row += row_bytes)
        combine(total, row);
    }
  }

  void finish_line() override { finish(totals.size() - 1); }
  void push(std::size_t level) override { combine(totals[level], current.data()); }
  void finish(std::size_t level) override {
    std::swap(current, totals[level].values);
    totals[level].has_values = false;
  }
  void fold_width() override {
    std::byte result[8];
    fold_lines(result, {current.data(), 0, 1}, {1, width});
    std::memcpy(current.data(), result, static_cast<std::size_t>(size_of(kind)));
    width = 1;
  }

  void write(void *out) override {
    std::memcpy(out, current.data(), static_cast<std::size_t>(width * size_of(kind)));
    if (FixLoop fix = loops().fix(dtype))
      fix(out, 0, {1, width});
  }

private:
  struct Total {
    std::vector<std::byte> values;
    bool has_values;
  };

  [[nodiscard]] std::vector<std::byte> make_values() const {
    return std::vector<std::byte>(static_cast<std::size_t>(most * size_of(kind)));
  }

  void combine(Total &total, const std::byte *values) const {
    if (std::exchange(total.has_values, true)) {
      const Elements operands[] = {{total.values.data(), 0, 1}, {values, 0, 1}};
      combine_elements(total.values.data(), 0, operands, {1, width});
    } else {
      std::memcpy(total.values.data(), values, static_cast<std::size_t>(width * size_of(kind)));
    }
  }

  OpKind combiner;
  Kind kind;
  DType dtype;
  Line line;
  Loop combine_elements;
  FoldLoop fold_lines;
  std::int64_t most;
  std::vector<std::byte> current;
  std::vector<Total> totals;
  std::int64_t width = 0;
};

} // namespace

std::unique_ptr<Accumulator> make_accumulator(OpKind op, DType dtype, bool is_ordered,
                                              std::size_t levels, Line line, Extents block) {
  if (is_ordered)
    return std::make_unique<OrderedAccumulator>(op, dtype, levels, line, block);
  return std::make_unique<UnorderedAccumulator>(op, dtype, levels, line, block);
}

} // namespace tsum::interpreter
