// SPDX-License-Identifier: Apache-2.0
//
// How the sums of an exact window become results.

#include "ExactWindow.h"

#include "IntegerVectors.h"
#include "ValueLane.h"

using namespace mlir;
using namespace mlir::arith;

namespace tsum {

exact::Rounding roundingOf(ir::ReductionAttr reduction) {
  Type rounded = reduction.getRounded();
  return rounded.isF32()   ? exact::Rounding::Single
         : rounded.isF64() ? exact::Rounding::Double
                           : exact::Rounding::DoubleToOdd;
}

/// Sums of so few elements are rounded in vectors: they are many, for as much data. So many f32 of
/// two levels have a sum that is an f64.
static constexpr int64_t fewElements = 256;

Value ExactWindow::round(AffineExpr first, int64_t width, bool asOne, int64_t elements,
                         ir::ReductionAttr reduction) {
  if (asOne) {
    for (int64_t level = 0; level < levels; ++level) {
      Value sum = overLanes(b, loc, vector::CombiningKind::ADD, sumOf(level, first, width));
      nest.storeTo(sums, at(level, first), single(b, loc, sum));
    }
    width = 1;
  }
  Type rounded = reduction.getResultType();
  if (inDoubles) {
    Value sum = sumOf(0, first, width);
    if (type.isF64()) // both are floats, which are rounded once
      sum = AddFOp::create(b, loc, sum, sumOf(1, first, width));
    sum = divide(sum, reduction);
    return rounded.isF64() ? sum : TruncFOp::create(b, loc, like(sum, rounded), sum).getResult();
  }
  if (reduction.getDivisor() == 1 && type.isF32() && levels == 2 && elements <= fewElements) {
    Value sum = roundSingles(first, width);
    return rounded.isF64() ? sum : TruncFOp::create(b, loc, like(sum, rounded), sum).getResult();
  }
  if (type.isF64() && reduction.getDivisor() == 1 && reduction.getRounded().isF64() &&
      elements <= fewElements)
    return roundDoubles(first, width);
  Value results = nest.allocate(width, rounded);
  ir::LimbsOp::create(
      b, loc, "round_fixed", type, {sums, magics, results},
      {nest.index(at(0, first)), nest.index(lowestMagicOf(first)), nest.index(nest.constant(0))},
      {width, levels, lanes, isCommon ? 0 : 1, reduction.getDivisor(),
       static_cast<int64_t>(roundingOf(reduction))});
  return nest.loadFrom(results, nest.constant(0), width);
}

/// f64 over the divisor, rounded to odd if they are rounded once more.
Value ExactWindow::divide(Value sums, ir::ReductionAttr reduction) {
  if (reduction.getDivisor() == 1)
    return sums;
  using Number = ValueLane<double>;
  LaneBuilder l{b, loc, {widthOf(sums)}};
  const Number number(&l, sums), divisor(static_cast<double>(reduction.getDivisor()));
  Number quotient = number / divisor;
  if (reduction.getRounded().isF64())
    return quotient.value;
  // What a quotient leaves is a float, and says on which side the exact one is: if the last bit is
  // not set, that of the neighbour there is.
  Number rest = fma(-quotient, divisor, number);
  using Word = ValueLane<std::uint64_t>;
  Word word = bits(quotient);
  Word isDown = (word ^ bits(rest)) >> 63;
  Word isEven = (word & Word(1)) ^ Word(1);
  Word step = select(rest == Number(0), Word(0), isEven);
  word = word + select(isDown == Word(0), step, Word(0) - step);
  return from_bits(word).value;
}

/// Sums of a few f32, as f64, which holds them.
Value ExactWindow::roundSingles(AffineExpr first, int64_t width) {
  Type wide = VectorType::get({width}, b.getF64Type());
  Value lowest = widen(b, loc, unit(first, width));
  Value sum;
  for (int64_t level = levels - 1; level >= 0; --level) {
    // The level's unit: 2^(U - 150) for the lower one.
    Value exponent = AddIOp::create(
        b, loc, lowest,
        constantLike(b, loc, lowest, 1023 - 150 + (levels - 1 - level) * fraction()));
    Value power = ShLIOp::create(b, loc, exponent, constantLike(b, loc, exponent, 52));
    power = BitcastOp::create(b, loc, wide, power);
    // They fit 32 bits, which all processors convert.
    Value integers = sumOf(level, first, width);
    integers = TruncIOp::create(b, loc, like(integers, b.getI32Type()), integers);
    Value part = MulFOp::create(b, loc, SIToFPOp::create(b, loc, wide, integers), power);
    sum = sum ? AddFOp::create(b, loc, sum, part).getResult() : part;
  }
  return sum;
}

/// Sums of f64, rounded to nearest even. Their bits below the smallest normal number are zeros.
Value ExactWindow::roundDoubles(AffineExpr first, int64_t width) {
  using Word = ValueLane<std::uint64_t>;
  using Number = ValueLane<double>;
  LaneBuilder l{b, loc, {width}};
  // The magnitude, as an integer and a fraction of 64 bits.
  Value low = sumOf(1, first, width);
  Value carried = ShRSIOp::create(b, loc, low, Word(52).in(l));
  Word whole = Word(&l, sumOf(0, first, width)) + Word(&l, carried);
  Word fraction = Word(&l, low) << 12;
  Word weight = Word(&l, unit(first, width)) + Word(52);
  Word sign = whole >> 63, turned = Word(0) - sign;
  whole = (whole ^ turned) + select(fraction == Word(0), sign, Word(0));
  fraction = (fraction ^ turned) + sign;
  // Without leading zeros: a fraction alone moves up by a whole word first.
  MaskLane isFraction = whole == Word(0);
  whole = select(isFraction, fraction, whole);
  fraction = select(isFraction, Word(0), fraction);
  weight = weight - select(isFraction, Word(64), Word(0));
  Word shift(&l, l.create<mlir::math::CountLeadingZerosOp>(whole.value));
  shift = shift & Word(63); // of 0 anything will do
  Word bits = (whole << shift) | ((fraction >> 1) >> (Word(63) - shift));
  Word rest = (bits & Word(0x7ff)) | select((fraction << shift) == Word(0), Word(0), Word(1));
  Word kept = bits >> 11;
  kept = kept + ((rest + Word(0x3ff) + (kept & Word(1))) >> 11);
  // From 1 to 2 by way of the bits of a half, whose exponent the leading 1 raises; then in two
  // steps, each within the exponents.
  Number number = from_bits(kept + Word(std::uint64_t(1022) << 52));
  Word exponent = weight + Word(63) - shift, half = exponent >> 1;
  number = number * from_bits((half + Word(1023 - 537)) << 52);
  number = number * from_bits((exponent - half + Word(1023 - 538)) << 52);
  number = select(bits == Word(0), Number(0), number);
  return from_bits(tsum::bits(number) | (sign << 63)).value;
}

} // namespace tsum
