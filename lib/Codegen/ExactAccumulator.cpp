// SPDX-License-Identifier: Apache-2.0

#include "ExactAccumulator.h"

#include "ValueLane.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <limits>

using namespace mlir;

namespace tsum {

namespace {

using Word = ValueLane<std::uint64_t>;

constexpr std::uint64_t limbMask = 0xffffffff;
/// Limbs that what is added at once may touch.
constexpr int64_t mostParts = 3;

/// The layout of f32 or f64.
struct Format {
  int digits;    ///< of the significand, with the leading 1
  int exponents; ///< the biased exponent of infinity
  int smallest;  ///< the logarithm of the smallest positive number
  int64_t parts; ///< of 32 bits that a significand may touch
  int64_t limbs; ///< for the sum of 2^63 elements, and a sign
};

template <class Float> constexpr Format formatOf() {
  using Limits = std::numeric_limits<Float>;
  constexpr int shifts = Limits::max_exponent - Limits::min_exponent;
  return {Limits::digits, 2 * Limits::max_exponent - 1, Limits::min_exponent - Limits::digits,
          (Limits::digits + 31 + 31) / 32, (shifts + Limits::digits + 63 + 1 + 31) / 32};
}

Format formatOf(Type type) { return type.isF32() ? formatOf<float>() : formatOf<double>(); }

/// An element as what is added to limbs.
struct Split {
  Word limb;                  ///< the lowest one
  SmallVector<Word, 3> parts; ///< for this limb and those that follow
};

/// Splits finite elements, whose bits are `word`.
Split splitFinite(Word word, const Format &format) {
  const int fraction = format.digits - 1;
  Word exponent = (word >> fraction) & Word(format.exponents);
  Word isNormal = select(exponent == Word(0), Word(0), Word(1));
  Word significand = (word & Word((std::uint64_t(1) << fraction) - 1)) | (isNormal << fraction);
  Word distance = exponent - isNormal; // of its last bit from the smallest number
  Word within = distance & Word(31);
  Word rest = significand >> (Word(32) - within);
  Split split{distance >> 5, {(significand << within) & Word(limbMask), rest & Word(limbMask)}};
  if (format.parts == 3)
    split.parts.push_back(rest >> 32);
  // In two's complement: all bits of the parts of negative elements turned, and 1 added.
  Word sign = Word(0) - ((word >> (fraction + llvm::Log2_32_Ceil(format.exponents))) & Word(1));
  for (Word &part : split.parts)
    part = (part ^ sign) - sign;
  return split;
}

/// floor(x / 2^32) of a signed number.
Word shiftArithmetically(Word x) {
  return ((x + Word(std::uint64_t(1) << 63)) >> 32) - Word(std::uint64_t(1) << 31);
}

/// The leading 64 bits of a number, of which the last tells whether anything follows.
struct Leading {
  Word bits;     ///< the first is 1, unless all are 0
  Word exponent; ///< the weight of the first, in powers of two
};

/// Of a number whose topmost limb other than 0 is the `place`th and has `top`; `next` and `last`
/// are the ones below it, and below these there is something unless `rest` is 0.
Leading leadingBits(Word top, Word next, Word last, Word rest, Word place) {
  LaneBuilder *l = top.builder;
  Word both = (top << 32) | next;
  Word zeros(l, l->create<mlir::math::CountLeadingZerosOp>(both.value));
  zeros = select(top == Word(0), Word(0), zeros);
  Word bits = (both << zeros) | (last >> (Word(32) - zeros));
  Word below = ((last << zeros) & Word(limbMask)) | rest;
  return {bits | select(below == Word(0), Word(0), Word(1)), (place << 5) + Word(31) - zeros};
}

/// A power of two for an exponent above `lowest`, by its bits.
ValueLane<double> powerOfTwo(Word exponent, int lowest) {
  return from_bits((exponent + Word(static_cast<std::uint64_t>(1023 + lowest))) << 52);
}

/// The number as f64, rounded to nearest even, or to odd; it counts by 2^`unit`.
ValueLane<double> roundToDouble(const Leading &leading, int unit, bool toOdd) {
  constexpr int dropped = 64 - 53;
  Word kept = leading.bits >> dropped;
  Word rest = leading.bits & Word((1 << dropped) - 1);
  if (toOdd)
    kept = kept | select(rest == Word(0), Word(0), Word(1));
  else
    kept = kept + ((rest + Word((1 << (dropped - 1)) - 1) + (kept & Word(1))) >> dropped);
  // From 1 to 2, by way of the bits of a half, whose exponent the leading 1 raises.
  ValueLane<double> number = from_bits(kept + Word(std::uint64_t(1022) << 52));
  // In two steps, each within the exponents. A subnormal number has no more bits than it holds.
  Word half = leading.exponent >> 1;
  number = number * powerOfTwo(half, unit / 2);
  number = number * powerOfTwo(leading.exponent - half, unit - unit / 2);
  return select(leading.bits == Word(0), ValueLane<double>(0), number);
}

} // namespace

int64_t ExactAccumulator::limbCount(Type type) { return formatOf(type).limbs; }

int64_t ExactAccumulator::vectorLanes(Type type) { return type.isF32() ? 16 : 8; }

ExactAccumulator::ExactAccumulator(LoopNest &nest, Type type, int64_t lanes)
    : nest(nest), b(nest.b), loc(nest.loc), type(type), laneCount(lanes), limbs(limbCount(type)),
      sums(nest.allocate(limbs * lanes, b.getI64Type())), nonFinite(nest.allocate(lanes, type)),
      split(nest.allocate((1 + mostParts) * vectorLanes(type), b.getI64Type())) {}

void ExactAccumulator::clear(AffineExpr first, int64_t width) {
  auto zero = [&](Type type) -> Value {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(VectorType::get({width}, type)));
  };
  nest.loop(limbs,
            [&](AffineExpr limb) { nest.storeTo(sums, at(limb, first), zero(b.getI64Type())); });
  nest.storeTo(nonFinite, first, zero(type));
}

void ExactAccumulator::add(Value elements, AffineExpr first, bool toFirst) {
  const int64_t width = cast<VectorType>(elements.getType()).getDimSize(0);
  LaneBuilder l{b, loc, {width}};
  auto addAs = [&]<class Float>(ValueLane<Float> x) {
    ValueLane<Float> others = select(x - x == ValueLane<Float>(0), ValueLane<Float>(0), x);
    if (toFirst) {
      Value sum = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, others.value);
      Value one = vector::FromElementsOp::create(b, loc, VectorType::get({1}, type), sum);
      one = arith::AddFOp::create(b, loc, nest.loadFrom(nonFinite, first, 1), one);
      nest.storeTo(nonFinite, first, one);
    } else {
      others = others + ValueLane<Float>(&l, nest.loadFrom(nonFinite, first, width));
      nest.storeTo(nonFinite, first, others.value);
    }
    if constexpr (sizeof(Float) == 4)
      return convert<std::uint64_t, arith::ExtUIOp>(bits(x));
    else
      return bits(x);
  };
  Word word =
      type.isF32() ? addAs(ValueLane<float>(&l, elements)) : addAs(ValueLane<double>(&l, elements));
  auto [limb, parts] = splitFinite(word, formatOf(type));
  scatter(limb.value, llvm::map_to_vector(parts, [](Word part) { return part.value; }), first,
          toFirst);
}

void ExactAccumulator::addFixed(Value integers, Value power, AffineExpr first, bool toFirst) {
  LaneBuilder l{b, loc, {cast<VectorType>(integers.getType()).getDimSize(0)}};
  Word number(&l, integers), distance(&l, power);
  Word within = distance & Word(31);
  Word low = (number & Word(limbMask)) << within;
  Word high = shiftArithmetically(number) << within; // with its sign
  Word parts[] = {low & Word(limbMask), (low >> 32) + (high & Word(limbMask)),
                  shiftArithmetically(high)};
  scatter((distance >> 5).value, llvm::map_to_vector(parts, [](Word part) { return part.value; }),
          first, toFirst);
}

/// Adds `parts` to the limbs from `limb` on: each lane to limbs of its own, or all to those of the
/// first one.
void ExactAccumulator::scatter(Value limb, ArrayRef<Value> parts, AffineExpr first, bool toFirst) {
  const int64_t width = cast<VectorType>(limb.getType()).getDimSize(0);
  const int64_t stride = vectorLanes(type); // in `split`
  LaneBuilder l{b, loc, {width}};
  nest.storeTo(split, nest.constant(0), (Word(&l, limb) * Word(laneCount)).value);
  for (auto [n, part] : llvm::enumerate(parts))
    nest.storeTo(split, nest.constant((1 + n) * stride), part);
  nest.loop(width, [&](AffineExpr lane) {
    auto load = [&](AffineExpr index) -> Value {
      return memref::LoadOp::create(b, loc, split, nest.index(index));
    };
    Value place = arith::IndexCastOp::create(b, loc, b.getIndexType(), load(lane));
    place = arith::AddIOp::create(b, loc, place, nest.index(toFirst ? first : first + lane));
    for (size_t n = 0; n < parts.size(); ++n) {
      Value to = arith::AddIOp::create(b, loc, place, nest.index(nest.constant(n * laneCount)));
      Value sum = memref::LoadOp::create(b, loc, sums, to);
      sum = arith::AddIOp::create(b, loc, sum, load(lane + (1 + n) * stride));
      memref::StoreOp::create(b, loc, sum, sums, to);
    }
  });
}

void ExactAccumulator::carry(AffineExpr first, int64_t width) {
  LaneBuilder outside{b, loc, {width}};
  SmallVector<Value> carried =
      nest.loop(limbs - 1, Word(0).in(outside), [&](AffineExpr limb, ValueRange carried) {
        LaneBuilder l{b, loc, {width}};
        Word total =
            Word(&l, nest.loadFrom(sums, at(limb, first), width)) + Word(&l, carried.front());
        nest.storeTo(sums, at(limb, first), (total & Word(limbMask)).value);
        return SmallVector<Value>{shiftArithmetically(total).value};
      });
  LaneBuilder l{b, loc, {width}};
  AffineExpr top = at(nest.constant(limbs - 1), first);
  nest.storeTo(sums, top,
               (Word(&l, nest.loadFrom(sums, top, width)) + Word(&l, carried.front())).value);
}

Value ExactAccumulator::finish(AffineExpr first, int64_t width, Type result) {
  LaneBuilder outside{b, loc, {width}};
  // The sign, by which digits are turned as in `splitFinite`.
  Word top(&outside, nest.loadFrom(sums, at(nest.constant(limbs - 1), first), width));
  Value negative = (top >> 63).value;

  // From the lowest limb up: what is carried, the last three digits and what lies below them; and
  // the same, with its place, as it was at the last digit other than 0.
  enum { Carry, Digit, Next, Last, Rest, Top, BelowTop, BelowNext, BelowAll, Place, Count };
  Value zero = Word(0).in(outside);
  SmallVector<Value> start(Count, zero);
  start[Carry] = negative;
  SmallVector<Value> found = nest.loop(limbs, start, [&](AffineExpr limb, ValueRange carried) {
    LaneBuilder l{b, loc, {width}};
    auto old = [&](int n) { return Word(&l, carried[n]); };
    Word turned = Word(0) - Word(&l, negative);
    Word total =
        ((Word(&l, nest.loadFrom(sums, at(limb, first), width)) ^ turned) & Word(limbMask)) +
        old(Carry);
    Word digit = total & Word(limbMask);
    Word rest = old(Rest) | old(Last);
    Value index = arith::IndexCastOp::create(b, loc, b.getI64Type(), nest.index(limb));
    Word place(&l, vector::BroadcastOp::create(b, loc, digit.value.getType(), index));
    MaskLane isZero = digit == Word(0);
    SmallVector<Value> now(Count);
    now[Carry] = (total >> 32).value;
    now[Digit] = digit.value;
    now[Next] = old(Digit).value;
    now[Last] = old(Next).value;
    now[Rest] = rest.value;
    now[Top] = select(isZero, old(Top), digit).value;
    now[BelowTop] = select(isZero, old(BelowTop), old(Digit)).value;
    now[BelowNext] = select(isZero, old(BelowNext), old(Next)).value;
    now[BelowAll] = select(isZero, old(BelowAll), rest).value;
    now[Place] = select(isZero, old(Place), place).value;
    return now;
  });

  LaneBuilder l{b, loc, {width}};
  auto of = [&](int n) { return Word(&l, found[n]); };
  Leading leading = leadingBits(of(Top), of(BelowTop), of(BelowNext), of(BelowAll), of(Place));
  ValueLane<double> number =
      roundToDouble(leading, formatOf(type).smallest, /*toOdd=*/type.isF32());
  number = from_bits(bits(number) | (Word(&l, negative) << 63));

  auto finishAs = [&]<class Float>(ValueLane<Float> others) -> Value {
    MaskLane isFinite = others == ValueLane<Float>(0);
    if constexpr (sizeof(Float) == 4) {
      if (result.isF64())
        return select(isFinite, number, widen(others)).value;
      return select(isFinite, narrow(number), others).value;
    } else {
      return select(isFinite, number, others).value;
    }
  };
  Value others = nest.loadFrom(nonFinite, first, width);
  return type.isF32() ? finishAs(ValueLane<float>(&l, others))
                      : finishAs(ValueLane<double>(&l, others));
}

Value ExactAccumulator::roundFixed(OpBuilder &b, Location loc, Type type, Value high, Value low,
                                   Value unit, bool toOdd) {
  const int digits = formatOf(type).digits, fractionBits = digits - 1;
  LaneBuilder l{b, loc, {cast<VectorType>(low.getType()).getDimSize(0)}};
  // The magnitude, as an integer and a fraction of 64 bits.
  Value carried = arith::ShRSIOp::create(b, loc, low, Word(std::uint64_t(fractionBits)).in(l));
  Word whole = Word(&l, high) + Word(&l, carried);
  Word fraction = Word(&l, low) << (64 - fractionBits);
  Word weight = Word(&l, unit) + Word(std::uint64_t(fractionBits));
  Word sign = whole >> 63, turned = Word(0) - sign;
  Word borrows = select(fraction == Word(0), sign, Word(0));
  fraction = (fraction ^ turned) + sign;
  whole = (whole ^ turned) + borrows;
  // Without leading zeros: a fraction alone moves up by a whole word first.
  MaskLane isFraction = whole == Word(0);
  whole = select(isFraction, fraction, whole);
  fraction = select(isFraction, Word(0), fraction);
  weight = weight - select(isFraction, Word(64), Word(0));
  Word shift(&l, l.create<mlir::math::CountLeadingZerosOp>(whole.value));
  shift = shift & Word(63); // of 0 anything will do
  Word bits = (whole << shift) | ((fraction >> 1) >> (Word(63) - shift));
  bits = bits | select((fraction << shift) == Word(0), Word(0), Word(1));
  ValueLane<double> number =
      roundToDouble(Leading{bits, weight + Word(63) - shift},
                    formatOf(type).smallest - 1, toOdd);
  return from_bits(tsum::bits(number) | (sign << 63)).value;
}

} // namespace tsum
