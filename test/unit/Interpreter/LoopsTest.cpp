// SPDX-License-Identifier: Apache-2.0
//
// The loops of each instruction set that the processor has give the same bits, however their
// operands lie. Those of the best one are tested against the reference as generic code.
#include "LoopOperands.h"

#include <gtest/gtest.h>

using namespace tsum;
using namespace tsum::interpreter;
using namespace tsum::test;

namespace {

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
    for (DType to : dtypes_in(Domain::Any)) {
      SCOPED_TRACE(name_of(to));
      expect_same_bits({kind, kind, kind}, kind_of_block(to),
                       [&](const Loops &set) { return set.cast(kind, to); });
    }
}

TEST(InterpreterLoops, ElementsOfEveryDTypeComeBack) {
  for (DType dtype : dtypes_in(Domain::Any)) {
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

TEST(InterpreterLoops, TwoOperationsAtOnceHaveTheBitsOfTwoLoops) {
  int found = 0;
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind outer : all_operations)
        for (OpKind inner : all_operations)
          for (int place : {0, 1}) {
            const Loop loop = set->fused(outer, OpKind::Constant, inner, place, kind);
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

TEST(InterpreterLoops, ThreeOperationsAtOnceHaveTheBitsOfTwoLoopsAndOneMore) {
  int found = 0;
  for (Kind kind : {Kind::F32, Kind::F64})
    for (const Loops *set : all_loops())
      for (OpKind outer : all_operations)
        for (OpKind middle : all_operations)
          for (OpKind inner : all_operations)
            for (int place : {0, 1}) {
              const Loop loop = set->fused(outer, middle, inner, place, kind);
              if (!loop)
                continue;
              ++found;
              for_operands(kind, [&](const std::array<Elements, 3> &operands) {
                std::vector<std::byte> result(static_cast<std::size_t>(rows * row * size_of(kind)));
                loop({result.data(), row}, operands.data(), {rows, columns});
                const std::vector<std::byte> two =
                    by_two_loops(*set, middle, inner, 0, kind, operands);
                const Elements first{two.data(), row, 1};
                const Elements both[] = {place == 0 ? first : operands[2],
                                         place == 0 ? operands[2] : first};
                std::vector<std::byte> expected(result.size());
                set->elementwise(outer, kind)({expected.data(), row}, both, {rows, columns});
                EXPECT_EQ(without_nans(std::move(result), kind),
                          without_nans(std::move(expected), kind))
                    << static_cast<int>(outer) << " of " << static_cast<int>(middle) << " of "
                    << static_cast<int>(inner);
              });
            }
#ifdef __x86_64__
  EXPECT_GT(found, 0);
#endif
}

} // namespace
