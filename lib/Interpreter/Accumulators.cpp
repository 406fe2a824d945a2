// SPDX-License-Identifier: Apache-2.0

#include "Accumulators.h"

#include "tsum/Reference/SummationSteps.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace tsum::interpreter {

namespace {

std::int64_t width_of(Line line, Extents extents) {
  return line == Line::Columns ? extents.rows : extents.columns;
}

/// Uninitialized, and aligned for vectors.
template <class T> T *allocate(std::pmr::memory_resource &memory, std::int64_t count) {
  constexpr std::size_t alignment = 64;
  return static_cast<T *>(memory.allocate(static_cast<std::size_t>(count) * sizeof(T), alignment));
}

//===-- Ordered -------------------------------------------------------------------------------===//

/// Nodes of tsum/Graph/SummationTree.h side by side; `lo` means nothing where they are no pairs.
struct Nodes {
  Nodes() = default;
  Nodes(std::pmr::memory_resource &memory, std::int64_t width)
      : hi(allocate<double>(memory, width)), lo(allocate<double>(memory, width)) {}
  double *hi, *lo;
};

/// The trees of nodes that come one after the other, as a binary counter: digit d, if it is 1, has
/// the root of a whole subtree of 2^d of them.
class Counter {
public:
  Counter(std::pmr::memory_resource &memory, const OrderedLoops &loops, std::int64_t width)
      : memory(memory), loops(loops), width(width) {}

  /// Takes `nodes` and leaves others that mean nothing.
  void push(Nodes &nodes, std::int64_t count) {
    std::size_t digit = 0;
    for (; total >> digit & 1; ++digit)
      merge(digit, nodes, count);
    if (digit == used)
      digits[used++] = Nodes(memory, width);
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
    loops.merge(left.hi, left.lo, nodes.hi, nodes.lo, count);
    std::swap(left, nodes);
  }

  std::pmr::memory_resource &memory;
  const OrderedLoops &loops;
  std::int64_t width;
  std::uint64_t total = 0;
  std::array<Nodes, 64> digits; ///< the first `used` of which have memory
  std::size_t used = 0;
};

class OrderedAccumulator final : public Accumulator {
public:
  OrderedAccumulator(std::pmr::memory_resource &memory, OpKind op, DType dtype,
                     const OrderedLoops &steps, const AccumulatorShape &shape)
      : op(op), dtype(dtype), shape(shape), steps(steps), current(memory, most_width()),
        values(memory,
               has_several_blocks() ? blocks_of(shape.block.columns) * shape.block.rows : 0),
        counters(&memory),
        lanes(allocate<std::byte>(memory, shape.line == Line::Rows
                                              ? block_lanes * shape.block.columns * steps.lane_bytes
                                              : 0)) {
    counters.reserve(shape.levels);
    for (std::size_t level = 0; level < shape.levels; ++level)
      counters.emplace_back(memory, steps, most_width());
  }

  void add(const Elements *operands, Extents extents) override {
    width = width_of(shape.line, extents);
    if (shape.line == Line::Columns)
      add_columns(operands, extents);
    else if (shape.has_whole_blocks)
      add_whole_blocks(operands, extents);
    else
      add_rows(*operands, extents);
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
    if (dtype == DType::f32 || dtype == DType::f64)
      return steps.round(out, current.hi, current.lo, width);
    visit_dtype(dtype, [&]<class T>(T) {
      if constexpr (FloatElement<T> && sizeof(T) == 2) {
        if (op == OpKind::ReduceSum)
          write_rounded<T, OpKind::ReduceSum>(out);
        else
          write_rounded<T, OpKind::ReduceProd>(out);
      }
    });
  }

private:
  [[nodiscard]] std::int64_t most_width() const { return width_of(shape.line, shape.block); }

  /// Leaves the root of the tree over the first `count` nodes at their place 0.
  void fold(Nodes &nodes, std::int64_t count) {
    for (; count > 1; count = (count + 1) / 2)
      steps.merge_neighbours(nodes.hi, nodes.lo, count);
  }

  static std::int64_t blocks_of(std::int64_t elements) {
    return (elements + block_elements - 1) / block_elements;
  }

  [[nodiscard]] bool has_several_blocks() const {
    return shape.line == Line::Columns && shape.block.columns > block_elements;
  }

  void add_columns(const Elements *operands, Extents extents) {
    const std::int64_t blocks = blocks_of(extents.columns), rows = extents.rows;
    // Side by side those of the rows' first blocks, then those of their second ones.
    Nodes &nodes = blocks == 1 ? current : values;
    steps.fold_lines(nodes.hi, rows, operands, extents);
    if (steps.has_pairs)
      std::fill_n(nodes.lo, blocks * rows, 0.0);
    double *hi = nodes.hi, *lo = nodes.lo;
    for (std::int64_t apart = 1; apart < blocks; apart *= 2)
      for (std::int64_t n = 0; n + apart < blocks; n += 2 * apart)
        steps.merge(hi + n * rows, lo + n * rows, hi + (n + apart) * rows, lo + (n + apart) * rows,
                    rows);
    if (blocks > 1) {
      std::copy_n(hi, rows, current.hi);
      if (steps.has_pairs)
        std::copy_n(lo, rows, current.lo);
    }
    push(counters.size() - 1);
  }

  void add_whole_blocks(const Elements *operands, Extents extents) {
    std::array<Elements, 3> rest;
    std::copy_n(operands, rest.size(), rest.begin());
    for (std::int64_t row = 0; row < extents.rows; row += block_elements) {
      const std::int64_t count = std::min(extents.rows - row, block_elements);
      steps.fold_rows(current.hi, lanes, rest.data(), {count, width});
      push_block();
      for (Elements &operand : rest)
        if (operand.data)
          operand.data = static_cast<const std::byte *>(operand.data) +
                         block_elements * operand.row * size_of(kind_of_block(dtype));
    }
  }

  void add_rows(Elements elements, Extents extents) {
    for (std::int64_t row = 0; row < extents.rows;) {
      const std::int64_t count = std::min(extents.rows - row, block_elements - rows_of_block);
      const auto *data = static_cast<const std::byte *>(elements.data) +
                         row * elements.row * size_of(kind_of_block(dtype));
      steps.add_rows(lanes, {data, elements.row, elements.column}, {count, extents.columns},
                     rows_of_block);
      rows_of_block += count;
      row += count;
      if (rows_of_block == block_elements)
        fold_lanes();
    }
  }

  void fold_lanes() {
    steps.fold_lanes(current.hi, lanes, width, rows_of_block);
    rows_of_block = 0;
    push_block();
  }

  /// Adds the values of a block to the line's.
  void push_block() {
    if (steps.has_pairs)
      std::fill_n(current.lo, width, 0.0);
    push(counters.size() - 1);
  }

  template <class T, OpKind op> void write_rounded(void *out) const {
    // Of f16 and bf16, whose nodes are no pairs.
    for (std::int64_t n = 0; n < width; ++n)
      static_cast<float *>(out)[n] =
          static_cast<float>(SummationSteps<T, op>::round(current.hi[n]));
  }

  OpKind op;
  DType dtype;
  AccumulatorShape shape;
  const OrderedLoops &steps;
  Nodes current, values;
  std::pmr::vector<Counter> counters;
  std::byte *lanes;
  std::int64_t rows_of_block = 0;
  std::int64_t width = 0;
};

//===-- Unordered -----------------------------------------------------------------------------===//

class UnorderedAccumulator final : public Accumulator {
public:
  UnorderedAccumulator(std::pmr::memory_resource &memory, OpKind op, DType dtype,
                       const AccumulatorShape &shape)
      : kind(kind_of_block(dtype)), dtype(dtype), line(shape.line),
        steps(loops().unordered(op_info(op).combiner, kind)), totals(&memory) {
    auto make_values = [&] {
      return allocate<std::byte>(memory, width_of(line, shape.block) * size_of(kind));
    };
    current = make_values();
    totals.reserve(shape.levels);
    for (std::size_t level = 0; level < shape.levels; ++level)
      totals.push_back({make_values(), true});
  }

  void add(const Elements *operands, Extents extents) override {
    width = width_of(line, extents);
    if (line == Line::Columns) {
      steps.fold_lines(current, *operands, extents);
      push(totals.size() - 1);
    } else {
      combine(totals.back(), *operands, extents);
    }
  }

  void finish_line() override { finish(totals.size() - 1); }
  void push(std::size_t level) override { combine(totals[level], {current, width, 1}, {1, width}); }
  void finish(std::size_t level) override {
    std::swap(current, totals[level].values);
    totals[level].is_empty = true;
  }
  void fold_width() override {
    std::byte result[8];
    steps.fold_lines(result, {current, 0, 1}, {1, width});
    std::memcpy(current, result, static_cast<std::size_t>(size_of(kind)));
    width = 1;
  }

  void write(void *out) override {
    std::memcpy(out, current, static_cast<std::size_t>(width * size_of(kind)));
    if (FixLoop fix = loops().fix(dtype))
      fix(out, 0, {1, width});
  }

private:
  struct Total {
    std::byte *values;
    bool is_empty;
  };

  void combine(Total &total, Elements elements, Extents extents) const {
    steps.fold_rows(total.values, std::exchange(total.is_empty, false), elements, extents);
  }

  Kind kind;
  DType dtype;
  Line line;
  UnorderedLoops steps;
  std::byte *current;
  std::pmr::vector<Total> totals;
  std::int64_t width = 0;
};

} // namespace

Accumulator *make_ordered_accumulator(std::pmr::memory_resource &memory, OpKind op, DType dtype,
                                      const OrderedLoops &loops, const AccumulatorShape &shape) {
  return std::pmr::polymorphic_allocator<>(&memory).new_object<OrderedAccumulator>(
      memory, op, dtype, loops, shape);
}

Accumulator *make_unordered_accumulator(std::pmr::memory_resource &memory, OpKind op, DType dtype,
                                        const AccumulatorShape &shape) {
  return std::pmr::polymorphic_allocator<>(&memory).new_object<UnorderedAccumulator>(memory, op,
                                                                                     dtype, shape);
}

} // namespace tsum::interpreter
