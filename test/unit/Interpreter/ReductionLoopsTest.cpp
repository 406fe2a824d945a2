// SPDX-License-Identifier: Apache-2.0
//
// The steps of reductions, of each instruction set that the processor has, give the same bits
// however many lines, rows or nodes are taken together.
#include "LoopOperands.h"

#include <gtest/gtest.h>

using namespace tsum;
using namespace tsum::interpreter;
using namespace tsum::test;

namespace {

TEST(InterpreterLoops, ReductionsHaveTheSameBitsInAllInstructionSets) {
  for (Kind kind : {Kind::F32, Kind::F64})
    for (OpKind op : {OpKind::ReduceSum, OpKind::ReduceProd})
      for (std::int64_t count : {1, 5, 15, 16, 17, 255, 256, 257, 1024, 1500}) {
        const std::vector<std::byte> data = elements_of(kind, static_cast<std::size_t>(count), 5);
        std::vector<std::byte> first;
        for (const Loops *set : all_loops()) {
          const OrderedLoops &steps = *set->ordered(op, kind, OpKind::Constant, OpKind::Constant);
          std::vector<double> values(8);
          const Elements line{data.data(), count, 1};
          steps.fold_lines(values.data(), 1, &line, {1, count});
          // The same elements as one column, block by block.
          for (std::int64_t block = 0; block * 256 < count; ++block) {
            const std::int64_t size = std::min<std::int64_t>(256, count - block * 256);
            std::vector<double> lanes(16);
            double value = 0;
            const Elements column{data.data() + block * 256 * size_of(kind), 1, 1};
            steps.add_rows(lanes.data(), column, {size, 1}, 0);
            steps.fold_lanes(&value, lanes.data(), 1, size);
            EXPECT_TRUE(value == values[static_cast<std::size_t>(block)] ||
                        (value != value && values[static_cast<std::size_t>(block)] !=
                                               values[static_cast<std::size_t>(block)]))
                << value << " as a column of " << size;
          }
          const auto *bytes = reinterpret_cast<const std::byte *>(values.data());
          const std::vector<std::byte> bits =
              without_nans({bytes, bytes + values.size() * sizeof(double)}, Kind::F64);
          if (first.empty())
            first = bits;
          EXPECT_EQ(bits, first) << count;
        }
      }
}

TEST(InterpreterLoops, SumsOfOperationsHaveTheBitsOfTwoLoops) {
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind outer : all_operations)
        for (OpKind inner : {OpKind::Constant, OpKind::Subtract}) {
          const OrderedLoops *steps = set->ordered(OpKind::ReduceSum, kind, outer, inner);
          if (!steps)
            continue;
          const OrderedLoops &plain =
              *set->ordered(OpKind::ReduceSum, kind, OpKind::Constant, OpKind::Constant);
          for_operands(kind, [&](const std::array<Elements, 3> &operands) {
            const bool is_one = inner == OpKind::Constant;
            if (is_one && is_unary(outer) && operands[0].column == 0)
              return;
            const std::vector<std::byte> block = by_two_loops(
                *set, is_one ? inner : outer, is_one ? outer : inner, 0, kind, operands);
            const Elements computed{block.data(), row, 1};
            auto bits_of = [&](const std::vector<double> &values) {
              const auto *bytes = reinterpret_cast<const std::byte *>(values.data());
              return without_nans({bytes, bytes + values.size() * sizeof(double)}, Kind::F64);
            };
            std::vector<double> lines(rows), expected_lines(rows), sums(columns),
                expected_sums(columns), lanes(16 * columns);
            steps->fold_lines(lines.data(), rows, operands.data(), {rows, columns});
            plain.fold_lines(expected_lines.data(), rows, &computed, {rows, columns});
            EXPECT_EQ(bits_of(lines), bits_of(expected_lines));
            if (operands[0].column == 0 || operands[1].column == 0)
              return;
            steps->fold_rows(sums.data(), lanes.data(), operands.data(), {rows, columns});
            plain.fold_rows(expected_sums.data(), lanes.data(), &computed, {rows, columns});
            EXPECT_EQ(bits_of(sums), bits_of(expected_sums));
          });
        }
}

TEST(InterpreterLoops, LinesAreThoseOfTheirElements) {
  // Whole lanes and parts of them in several ways; blocks alone and behind others.
  std::vector<std::int64_t> counts{143, 144, 160, 177,  239,  240,  255,  256, 257,
                                   272, 300, 512, 1023, 1024, 1025, 1300, 5000};
  for (std::int64_t count = 1; count <= 130; ++count)
    counts.push_back(count);
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind op : {OpKind::ReduceSum, OpKind::ReduceProd})
        for (OpKind of : {OpKind::Constant, OpKind::Square, OpKind::Abs}) {
          const OrderedLoops *steps = set->ordered(op, kind, of, OpKind::Constant);
          const OrderedLoops &plain = *set->ordered(op, kind, OpKind::Constant, OpKind::Constant);
          if (!steps)
            continue;
          // Lines are folded 16 and 4 at a time.
          constexpr std::int64_t lines = 16 + 4 + 1, gap = 3;
          for (std::int64_t count : counts) {
            const std::int64_t step = count + gap, blocks = (count + 255) / 256;
            const std::vector<std::byte> data =
                elements_of(kind, static_cast<std::size_t>(lines * step), 31);
            const Elements operand{data.data(), step, 1};
            std::vector<std::byte> computed = data;
            if (of != OpKind::Constant)
              set->elementwise(of, kind)({computed.data(), step}, &operand, {lines, count});
            std::vector<double> values(static_cast<std::size_t>(lines * blocks));
            steps->fold_lines(values.data(), lines, &operand, {lines, count});
            for (std::int64_t n = 0; n < lines * blocks; ++n) {
              const std::int64_t line = n % lines, first = n / lines * 256,
                                 size = std::min<std::int64_t>(256, count - first);
              std::vector<double> lanes(16);
              double expected = 0;
              const Elements column{computed.data() + (line * step + first) * size_of(kind), 1, 1};
              plain.add_rows(lanes.data(), column, {size, 1}, 0);
              plain.fold_lanes(&expected, lanes.data(), 1, size);
              const double value = values[static_cast<std::size_t>(n)];
              EXPECT_TRUE(value == expected || (value != value && expected != expected))
                  << value << " and " << expected << ", line " << line << " of " << count;
            }
          }
        }
}

TEST(InterpreterLoops, NeighboursAreMergedAsAnyNodesAre) {
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind op : {OpKind::ReduceSum, OpKind::ReduceProd}) {
        const OrderedLoops &steps = *set->ordered(op, kind, OpKind::Constant, OpKind::Constant);
        for (std::size_t count = 1; count <= 70; ++count) {
          std::vector<double> hi(count), lo(count);
          for (std::size_t n = 0; n < count; ++n) {
            hi[n] = 1 + 1 / static_cast<double>(n + 3);
            lo[n] = steps.has_pairs ? std::ldexp(hi[n], -54) : 0;
          }
          std::vector<double> merged_hi = hi, merged_lo = lo;
          steps.merge_neighbours(merged_hi.data(), merged_lo.data(),
                                 static_cast<std::int64_t>(count));
          for (std::size_t n = 0; n < (count + 1) / 2; ++n) {
            if (2 * n + 1 < count)
              steps.merge(&hi[2 * n], &lo[2 * n], &hi[2 * n + 1], &lo[2 * n + 1], 1);
            EXPECT_EQ(merged_hi[n], hi[2 * n]) << n << " of " << count;
            if (steps.has_pairs) {
              EXPECT_EQ(merged_lo[n], lo[2 * n]) << n << " of " << count;
            }
          }
        }
      }
}

TEST(InterpreterLoops, BlocksOfRowsAreThoseOfTheirParts) {
  for (Kind kind : {Kind::F32, Kind::F64})
    for (std::int64_t count : {1, 5, 15, 16, 17, 100, 255, 256})
      for (std::int64_t width : {1, 3, 16, 28, 33, 64, 65, 130})
        for (std::int64_t gap : {0, 5}) {
          const std::vector<std::byte> data =
              elements_of(kind, static_cast<std::size_t>(count * (width + gap)), 23);
          const Elements elements{data.data(), width + gap, 1};
          for (const Loops *set : all_loops())
            for (OpKind op : {OpKind::ReduceSum, OpKind::ReduceProd}) {
              const OrderedLoops &steps =
                  *set->ordered(op, kind, OpKind::Constant, OpKind::Constant);
              std::vector<double> lanes(static_cast<std::size_t>(16 * width)),
                  values(static_cast<std::size_t>(width)), expected = values;
              steps.fold_rows(values.data(), lanes.data(), &elements, {count, width});
              steps.add_rows(lanes.data(), elements, {count, width}, 0);
              steps.fold_lanes(expected.data(), lanes.data(), width, count);
              for (std::size_t n = 0; n < values.size(); ++n)
                EXPECT_TRUE(values[n] == expected[n] ||
                            (values[n] != values[n] && expected[n] != expected[n]))
                    << values[n] << " and " << expected[n] << ", [" << count << ',' << width << ']';
            }
        }
}

TEST(InterpreterLoops, UnorderedReductionsAreThoseOfOneElementAfterTheOther) {
  for (Kind kind : kinds)
    for (OpKind combiner : {OpKind::Add, OpKind::Multiply, OpKind::Maximum, OpKind::Minimum,
                            OpKind::LogicalAnd, OpKind::LogicalOr})
      for (const Loops *set : all_loops()) {
        const UnorderedLoops steps = set->unordered(combiner, kind);
        const bool is_float = kind == Kind::F32 || kind == Kind::F64;
        if (!steps.fold_lines ||
            (is_float && (combiner == OpKind::Add || combiner == OpKind::Multiply)))
          continue;
        const Loop combine = set->elementwise(combiner, kind);
        const std::int64_t size = size_of(kind);
        for (std::int64_t count : {1, 7, 8, 15, 16, 17, 33, 40})
          for (std::int64_t width = 1; width <= 70; ++width)
            for (std::int64_t gap : {0, 3}) {
              const std::vector<std::byte> data =
                  elements_of(kind, static_cast<std::size_t>(count * (width + gap)),
                              static_cast<unsigned>(width));
              const Elements elements{data.data(), width + gap, 1};
              auto bytes = [&](std::int64_t n) {
                return std::vector<std::byte>(static_cast<std::size_t>(n * size));
              };
              std::vector<std::byte> lines = bytes(count), expected_lines = lines,
                                     totals = bytes(width), expected_totals = totals;
              auto add = [&](std::byte *total, const std::byte *element, bool is_first) {
                const Elements both[] = {{total, 0, 1}, {element, 0, 1}};
                if (is_first)
                  std::copy_n(element, size, total);
                else
                  combine({total, 0}, both, {1, 1});
              };
              for (std::int64_t r = 0; r < count; ++r)
                for (std::int64_t c = 0; c < width; ++c) {
                  const std::byte *element = data.data() + (r * (width + gap) + c) * size;
                  add(expected_lines.data() + r * size, element, c == 0);
                  add(expected_totals.data() + c * size, element, r == 0);
                }
              steps.fold_lines(lines.data(), elements, {count, width});
              steps.fold_rows(totals.data(), true, elements, {count, width});
              ASSERT_EQ(without_nans(lines, kind), without_nans(expected_lines, kind))
                  << static_cast<int>(combiner) << " along [" << count << ',' << width << ']';
              ASSERT_EQ(without_nans(totals, kind), without_nans(expected_totals, kind))
                  << static_cast<int>(combiner) << " over [" << count << ',' << width << ']';
              steps.fold_rows(totals.data(), false, elements, {count, width});
              if (combiner != OpKind::Add && combiner != OpKind::Multiply) {
                ASSERT_EQ(without_nans(totals, kind), without_nans(expected_totals, kind));
              }
            }
      }
}

} // namespace
