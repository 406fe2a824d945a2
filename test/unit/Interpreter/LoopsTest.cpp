// SPDX-License-Identifier: Apache-2.0
//
// The loops of each instruction set that the processor has give the same bits, however their
// operands lie. Those of the best one are tested against the reference as generic code.
#include "Interpreter/Loops.h"
#include "Cases.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <span>

using namespace tsum;
using namespace tsum::interpreter;

namespace {

constexpr Kind kinds[] = {Kind::F32, Kind::F64, Kind::I32, Kind::U32,
                          Kind::I64, Kind::U64, Kind::Bool};

/// Elements of `kind`, special ones among them.
std::vector<std::byte> elements_of(Kind kind, std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(count * static_cast<std::size_t>(size_of(kind)));
  auto fill = [&]<class T>(T) {
    const std::vector<T> special = test::special_values<T>();
    for (std::size_t n = 0; n < count; ++n) {
      T element = special[random() % special.size()];
      if (random() % 4)
        element = static_cast<T>(std::is_floating_point_v<T>
                                     ? std::ldexp(static_cast<double>(random() % 4096) - 2048,
                                                  static_cast<int>(random() % 24) - 14)
                                     : static_cast<double>(random() % 100));
      std::memcpy(bytes.data() + n * sizeof(T), &element, sizeof(T));
    }
  };
  switch (kind) {
  case Kind::F32:
    fill(float{});
    break;
  case Kind::F64:
    fill(double{});
    break;
  case Kind::I32:
    fill(std::int32_t{});
    break;
  case Kind::U32:
    fill(std::uint32_t{});
    break;
  case Kind::I64:
    fill(std::int64_t{});
    break;
  case Kind::U64:
    fill(std::uint64_t{});
    break;
  case Kind::Bool:
    for (std::byte &byte : bytes)
      byte = static_cast<std::byte>(random() % 2);
    break;
  }
  return bytes;
}

/// The bits of floats, with one NaN for all.
std::vector<std::byte> without_nans(std::vector<std::byte> bytes, Kind kind) {
  auto replace = [&]<class T>(T nan) {
    for (std::size_t n = 0; n + sizeof(T) <= bytes.size(); n += sizeof(T)) {
      T x;
      std::memcpy(&x, &bytes[n], sizeof(T));
      if (x != x)
        std::memcpy(&bytes[n], &nan, sizeof(T));
    }
  };
  if (kind == Kind::F32)
    replace(std::numeric_limits<float>::quiet_NaN());
  if (kind == Kind::F64)
    replace(std::numeric_limits<double>::quiet_NaN());
  return bytes;
}

constexpr std::int64_t rows = 3, columns = 67, row = columns + 2;

/// Runs the loop of each instruction set on operands that are vectors, or one number a row.
template <class Find> void expect_same_bits(std::array<Kind, 3> in, Kind out, const Find &find) {
  for (int scalars = 0; scalars < 8; ++scalars) {
    std::vector<std::vector<std::byte>> data;
    std::vector<Elements> operands;
    for (unsigned n = 0; n < 3; ++n) {
      data.push_back(elements_of(in[n], rows * row, n + 7));
      operands.push_back({data.back().data(), row, scalars >> n & 1 ? 0 : 1});
    }
    std::vector<std::byte> first;
    for (const Loops *set : all_loops()) {
      const Loop loop = find(*set);
      if (!loop)
        return;
      std::vector<std::byte> result(static_cast<std::size_t>(rows * row * size_of(out)));
      loop({result.data(), row}, operands.data(), {rows, columns});
      result = without_nans(std::move(result), out);
      if (first.empty())
        first = result;
      ASSERT_EQ(result, first) << "scalars " << scalars << ", set of "
                               << (set == all_loops().back() ? "the widest" : "others");
    }
  }
}

TEST(InterpreterLoops, OperationsHaveTheSameBitsInAllInstructionSets) {
  for (Kind kind : kinds) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  {                                                                                                \
    SCOPED_TRACE(#NAME);                                                                           \
    const Kind out = ResultKind::RESULT == ResultKind::Bool ? Kind::Bool : kind;                   \
    expect_same_bits({kind, kind, kind}, out,                                                      \
                     [&](const Loops &set) { return set.elementwise(OpKind::CLASS, kind); });      \
  }
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
    SCOPED_TRACE("where");
    expect_same_bits({Kind::Bool, kind, kind}, kind,
                     [&](const Loops &set) { return set.elementwise(OpKind::Where, kind); });
  }
}

TEST(InterpreterLoops, CastsHaveTheSameBitsInAllInstructionSets) {
  for (Kind kind : kinds)
    for (DType to : test::dtypes_in(Domain::Any)) {
      SCOPED_TRACE(name_of(to));
      expect_same_bits({kind, kind, kind}, kind_of_block(to),
                       [&](const Loops &set) { return set.cast(kind, to); });
    }
}

TEST(InterpreterLoops, ElementsOfEveryDTypeComeBack) {
  for (DType dtype : test::dtypes_in(Domain::Any)) {
    SCOPED_TRACE(name_of(dtype));
    const Kind kind = kind_of_block(dtype);
    std::vector<std::byte> data =
        elements_of(dtype == DType::boolean ? Kind::Bool : Kind::U32, rows * row * 4, 3);
    for (std::int64_t column : {1, 2}) {
      std::vector<std::byte> first;
      for (const Loops *set : all_loops()) {
        std::vector<std::byte> block(static_cast<std::size_t>(rows * columns * size_of(kind)));
        std::vector<std::byte> stored(data.size()), again(block.size());
        set->load(dtype)(block.data(), data.data(), row, column, {rows, columns});
        set->store(dtype)(stored.data(), row, column, {block.data(), columns, 1}, {rows, columns});
        set->load(dtype)(again.data(), stored.data(), row, column, {rows, columns});
        block = without_nans(std::move(block), kind);
        EXPECT_EQ(without_nans(std::move(again), kind), block);
        if (first.empty())
          first = block;
        EXPECT_EQ(block, first);
      }
    }
  }
}

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

constexpr OpKind all_operations[] = {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) OpKind::CLASS,
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
};

bool is_unary(OpKind op) {
  switch (op) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) case OpKind::CLASS:
#include "tsum/Elementwise.def"
    return true;
  default:
    return false;
  }
}

/// `bytes` of rows, `row` apart, of `outer` of `inner`, by two loops.
std::vector<std::byte> by_two_loops(const Loops &set, OpKind outer, OpKind inner, int place,
                                    Kind kind, std::span<const Elements> operands) {
  const auto bytes = static_cast<std::size_t>(rows * row * size_of(kind));
  std::vector<std::byte> between(bytes), result(bytes);
  set.elementwise(inner, kind)({between.data(), row}, operands.data(), {rows, columns});
  if (outer == OpKind::Constant)
    return between;
  const Elements first{between.data(), row, 1}, other = operands[is_unary(inner) ? 1 : 2];
  const Elements both[] = {place == 0 ? first : other, place == 0 ? other : first};
  set.elementwise(outer, kind)({result.data(), row}, both, {rows, columns});
  return result;
}

/// Calls `visit` with three operands: blocks with gaps, one element a row, one row, one number.
template <class Visit> void for_operands(Kind kind, const Visit &visit) {
  std::vector<std::vector<std::byte>> data;
  for (unsigned n = 0; n < 3; ++n)
    data.push_back(elements_of(kind, rows * row, n + 11));
  for (int how = 0; how < 64; ++how) {
    std::array<Elements, 3> operands;
    for (std::size_t n = 0; n < operands.size(); ++n) {
      const int own = how >> (2 * n) & 3;
      operands[n] = {data[n].data(), own & 1 ? 0 : row, own & 2 ? 0 : 1};
    }
    visit(operands);
  }
}

TEST(InterpreterLoops, TwoOperationsAtOnceHaveTheBitsOfTwoLoops) {
  int found = 0;
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind outer : all_operations)
        for (OpKind inner : all_operations)
          for (int place : {0, 1}) {
            const Loop loop = set->fused(outer, inner, place, kind);
            if (!loop || (place == 1 && is_unary(outer)))
              continue;
            ++found;
            for_operands(kind, [&](const std::array<Elements, 3> &operands) {
              std::vector<std::byte> result(static_cast<std::size_t>(rows * row * size_of(kind)));
              loop({result.data(), row}, operands.data(), {rows, columns});
              EXPECT_EQ(without_nans(std::move(result), kind),
                        without_nans(by_two_loops(*set, outer, inner, place, kind, operands), kind))
                  << static_cast<int>(outer) << " of " << static_cast<int>(inner);
            });
          }
#ifdef __x86_64__
  EXPECT_GT(found, 0);
#endif
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
