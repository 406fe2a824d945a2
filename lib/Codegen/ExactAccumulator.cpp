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

/// The leading bits without those below the smallest f64, of a number that counts by that over
/// 2^`fraction`: zeros stand before the others then. The last bit tells whether anything follows.
/// Nothing is done unless `isTiny`.
Word withoutFraction(const Leading &leading, Word isTiny, int fraction) {
  // So far that only the last bit is left.
  constexpr std::uint64_t most = 60;
  Word shift = Word(static_cast<std::uint64_t>(fraction) + 52) - leading.exponent;
  shift = select(((Word(most) - shift) >> 63) == Word(0), shift, Word(most)) * isTiny;
  Word lost = leading.bits & ((Word(1) << shift) - Word(1));
  return (leading.bits >> shift) | select(lost == Word(0), Word(0), Word(1));
}

/// The number as f64, rounded to nearest even, or to odd; it counts by 2^`unit`.
ValueLane<double> roundToDouble(const Leading &leading, int unit, bool toOdd) {
  auto significand = [&](Word bits) {
    constexpr int dropped = 64 - 53;
    Word kept = bits >> dropped;
    Word rest = bits & Word((1 << dropped) - 1);
    if (toOdd)
      return kept | select(rest == Word(0), Word(0), Word(1));
    return kept + ((rest + Word((1 << (dropped - 1)) - 1) + (kept & Word(1))) >> dropped);
  };
  // From 1 to 2, by way of the bits of a half, whose exponent the leading 1 raises.
  ValueLane<double> number = from_bits(significand(leading.bits) + Word(std::uint64_t(1022) << 52));
  // In two steps, each within the exponents. A subnormal sum has no more bits than f64 holds.
  Word half = leading.exponent >> 1;
  number = number * powerOfTwo(half, unit / 2);
  number = number * powerOfTwo(leading.exponent - half, unit - unit / 2);
  // Of a subnormal quotient the significand is the number's bits.
  constexpr int smallest = std::numeric_limits<double>::min_exponent - 53;
  if (const int fraction = smallest - unit; fraction > 0) {
    Word isTiny = (leading.exponent - Word(static_cast<std::uint64_t>(fraction) + 52)) >> 63;
    ValueLane<double> tiny = from_bits(significand(withoutFraction(leading, isTiny, fraction)));
    number = select(isTiny == Word(0), number, tiny);
  }
  return select(leading.bits == Word(0), ValueLane<double>(0), number);
}

/// A magnitude by its digits of 32 bits, of which the first is not 0, unless all are.
struct Digits {
  SmallVector<Word> top; ///< the first ones
  Word rest;             ///< whether anything follows
  Word place;            ///< of the first, in digits

  /// How many stand in `top` of what is divided: the quotient has the leading 64 bits then.
  static constexpr int64_t ofDividend = 5;
  /// By how many digits a quotient may begin later.
  static constexpr int mostLost = 2;
};

/// Divides by at most `largest_divisor`.
void divide(Digits &number, int64_t divisor) {
  LaneBuilder *l = number.rest.builder;
  const Word by(static_cast<std::uint64_t>(divisor));
  Word remainder(l, Word(0).in(*l));
  for (Word &digit : number.top) {
    // By 16 bits at a time, with which a remainder has room in 64.
    auto take = [&](Word half) {
      Word dividend = (remainder << 16) | half;
      Word quotient = dividend / by;
      remainder = dividend - quotient * by;
      return quotient;
    };
    Word high = take(digit >> 16);
    digit = (high << 16) | take(digit & Word(0xffff));
  }
  number.rest = number.rest | remainder;
  for (int n = 0; n < Digits::mostLost; ++n) {
    MaskLane isZero = number.top.front() == Word(0);
    for (size_t at = 0; at + 1 < number.top.size(); ++at)
      number.top[at] = select(isZero, number.top[at + 1], number.top[at]);
    number.top.back() = select(isZero, Word(0), number.top.back());
    number.place = number.place - select(isZero, Word(1), Word(0));
  }
}

} // namespace

int64_t ExactAccumulator::limbCount(Type type) { return formatOf(type).limbs; }

int64_t ExactAccumulator::vectorLanes(Type type) { return type.isF32() ? 16 : 8; }

ExactAccumulator::ExactAccumulator(LoopNest &nest, Type type, int64_t lanes)
    : nest(nest), b(nest.b), loc(nest.loc), type(type), laneCount(lanes), limbs(limbCount(type)),
      sums(nest.allocate(limbs * lanes, b.getI64Type())), nonFinite(nest.allocate(lanes, type)),
      split(nest.allocate((1 + formatOf(type).parts) * vectorLanes(type), b.getI64Type())) {}

/// Covers the first `count` lanes with vectors.
void ExactAccumulator::overLanes(int64_t count,
                                 llvm::function_ref<void(AffineExpr, int64_t)> body) {
  const int64_t width = vectorLanes(type);
  nest.loop(count / width, [&](AffineExpr iv) { body(iv * width, width); });
  if (int64_t rest = count % width)
    body(nest.constant(count - rest), rest);
}

void ExactAccumulator::clear(int64_t count) {
  overLanes(count, [&](AffineExpr first, int64_t width) {
    auto zero = [&](Type type) -> Value {
      return arith::ConstantOp::create(b, loc, b.getZeroAttr(VectorType::get({width}, type)));
    };
    nest.loop(limbs,
              [&](AffineExpr limb) { nest.storeTo(sums, at(limb, first), zero(b.getI64Type())); });
    nest.storeTo(nonFinite, first, zero(type));
  });
}

void ExactAccumulator::add(Value elements, AffineExpr first) {
  const int64_t width = cast<VectorType>(elements.getType()).getDimSize(0);
  const int64_t stride = vectorLanes(type); // in `split`
  LaneBuilder l{b, loc, {width}};
  auto addAs = [&]<class Float>(ValueLane<Float> x) {
    ValueLane<Float> others(&l, nest.loadFrom(nonFinite, first, width));
    others = others + select(x - x == ValueLane<Float>(0), ValueLane<Float>(0), x);
    nest.storeTo(nonFinite, first, others.value);
    if constexpr (sizeof(Float) == 4)
      return convert<std::uint64_t, arith::ExtUIOp>(bits(x));
    else
      return bits(x);
  };
  Word word =
      type.isF32() ? addAs(ValueLane<float>(&l, elements)) : addAs(ValueLane<double>(&l, elements));
  auto [limb, parts] = splitFinite(word, formatOf(type));
  nest.storeTo(split, nest.constant(0), (limb * Word(laneCount)).value);
  for (auto [n, part] : llvm::enumerate(parts))
    nest.storeTo(split, nest.constant((1 + n) * stride), part.value);

  // Each lane to limbs of its own.
  nest.loop(width, [&](AffineExpr lane) {
    auto load = [&](AffineExpr index) -> Value {
      return memref::LoadOp::create(b, loc, split, nest.index(index));
    };
    Value place = arith::IndexCastOp::create(b, loc, b.getIndexType(), load(lane));
    place = arith::AddIOp::create(b, loc, place, nest.index(first + lane));
    for (size_t n = 0; n < parts.size(); ++n) {
      Value to = arith::AddIOp::create(b, loc, place, nest.index(nest.constant(n * laneCount)));
      Value sum = memref::LoadOp::create(b, loc, sums, to);
      sum = arith::AddIOp::create(b, loc, sum, load(lane + (1 + n) * stride));
      memref::StoreOp::create(b, loc, sum, sums, to);
    }
  });
}

void ExactAccumulator::carry(int64_t count) {
  overLanes(count, [&](AffineExpr first, int64_t width) {
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
  });
}

void ExactAccumulator::fold() {
  carry(laneCount);
  if (laneCount == 1)
    return;
  auto foldAt = [&](Value buffer, AffineExpr index) {
    Value all = nest.loadFrom(buffer, index, laneCount);
    Value sum = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, all);
    Value one = vector::FromElementsOp::create(b, loc, VectorType::get({1}, sum.getType()), sum);
    nest.storeTo(buffer, index, one);
  };
  nest.loop(limbs, [&](AffineExpr limb) { foldAt(sums, at(limb, nest.constant(0))); });
  foldAt(nonFinite, nest.constant(0));
  carry(1);
}

Value ExactAccumulator::finish(AffineExpr first, int64_t width, ir::ReductionAttr reduction) {
  LaneBuilder outside{b, loc, {width}};
  // The sign, by which digits are turned as in `splitFinite`.
  Word top(&outside, nest.loadFrom(sums, at(nest.constant(limbs - 1), first), width));
  Value negative = (top >> 63).value;

  // From the lowest limb up: what is carried, the last digits and what lies below them; and the
  // same digits, with their place, as they were at the last one other than 0.
  const bool isDivided = reduction.getDivisor() != 1;
  const int64_t window = isDivided ? Digits::ofDividend : 3;
  enum { Carry, Rest, TopRest, Place, Last };
  const int64_t tops = Last + window;
  SmallVector<Value> start(tops + window, Word(0).in(outside));
  start[Carry] = negative;
  SmallVector<Value> found = nest.loop(limbs, start, [&](AffineExpr limb, ValueRange carried) {
    LaneBuilder l{b, loc, {width}};
    auto old = [&](int64_t n) { return Word(&l, carried[n]); };
    Word turned = Word(0) - Word(&l, negative);
    Word total =
        ((Word(&l, nest.loadFrom(sums, at(limb, first), width)) ^ turned) & Word(limbMask)) +
        old(Carry);
    Word digit = total & Word(limbMask);
    Word rest = old(Rest) | old(Last + window - 1);
    Value index = arith::IndexCastOp::create(b, loc, b.getI64Type(), nest.index(limb));
    Word place(&l, vector::BroadcastOp::create(b, loc, digit.value.getType(), index));
    MaskLane isZero = digit == Word(0);
    SmallVector<Value> now(start.size());
    now[Carry] = (total >> 32).value;
    now[Rest] = rest.value;
    now[TopRest] = select(isZero, old(TopRest), rest).value;
    now[Place] = select(isZero, old(Place), place).value;
    for (int64_t n = 0; n < window; ++n) {
      Word shifted = n == 0 ? digit : old(Last + n - 1);
      now[Last + n] = shifted.value;
      now[tops + n] = select(isZero, old(tops + n), shifted).value;
    }
    return now;
  });

  LaneBuilder l{b, loc, {width}};
  Digits number{{}, Word(&l, found[TopRest]), Word(&l, found[Place])};
  for (int64_t n = 0; n < window; ++n)
    number.top.push_back(Word(&l, found[tops + n]));
  int unit = formatOf(type).smallest;
  if (isDivided) {
    number.place = number.place + Word(Digits::mostLost); // digits of a fraction
    unit -= 32 * Digits::mostLost;
    divide(number, reduction.getDivisor());
    for (Word digit : ArrayRef(number.top).drop_front(3))
      number.rest = number.rest | digit;
  }
  const Leading leading =
      leadingBits(number.top[0], number.top[1], number.top[2], number.rest, number.place);
  const Type rounded = reduction.getRounded();
  ValueLane<double> result = roundToDouble(leading, unit, /*toOdd=*/!rounded.isF64());
  result = from_bits(bits(result) | (Word(&l, negative) << 63));

  auto finishAs = [&]<class Float>(ValueLane<Float> others) -> Value {
    MaskLane isFinite = others == ValueLane<Float>(0);
    ValueLane<double> wide;
    if constexpr (sizeof(Float) == 4)
      wide = widen(others);
    else
      wide = others;
    result = select(isFinite, result, wide);
    return rounded.isF32() ? narrow(result).value : result.value;
  };
  Value others = nest.loadFrom(nonFinite, first, width);
  return type.isF32() ? finishAs(ValueLane<float>(&l, others))
                      : finishAs(ValueLane<double>(&l, others));
}

} // namespace tsum
