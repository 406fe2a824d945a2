// SPDX-License-Identifier: Apache-2.0

#include "ExactWindow.h"

#include "IntegerVectors.h"
#include "Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::arith;

namespace tsum {

int64_t ExactWindow::mostOfSum(Type type) {
  // An element is at most 2^(p - 1) units.
  return int64_t(1) << (type.isF32() ? 62 - 22 : 62 - 51);
}

ExactWindow::ExactWindow(LoopNest &nest, ir::ReductionAttr reduction, bool isComputed,
                         int64_t lanes, bool isCommon, int64_t few)
    : nest(nest), b(nest.b), loc(nest.loc), type(reduction.getBlockType()),
      holdsAll(reduction.getElement().isF16()),
      levels(isComputed && reduction.getElement().isF32() ? 3 : 2), lanes(lanes),
      windows(isCommon ? 1 : lanes), isCommon(isCommon),
      inDoubles(few > 0 && levels == 2 &&
                (type.isF32() || (reduction.getRounded().isF64() && reduction.getDivisor() == 1))),
      // An element is at most 2^51 units of its level, and 2^53 are a float.
      margin(inDoubles && type.isF64()
                 ? std::max<int64_t>(0, int64_t(llvm::Log2_64_Ceil(uint64_t(few))) - 2)
                 : 0) {
  assert(few <= mostOfFew(type));
  sums = nest.allocate(sumsOfBlock() * lanes, inDoubles ? Type(b.getF64Type()) : b.getI64Type());
  upper = nest.allocate(windows, bitsType());
  lower = nest.allocate(windows, bitsType());
  magics = nest.allocate(levels * windows, type);
  // Before all tiles: what the window has learned from one serves the next. It begins with elements
  // about 1 in its middle. (Of allocations the last one comes first.)
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(upper.getDefiningOp());
  const int64_t bias = type.isF32() ? 127 : 1023;
  const int64_t start = holdsAll ? bias - 1 : bias - height() + 4; // the last bit of f16 is 2^-24
  const int64_t width = std::min(vectorLanes(type), windows);
  for (int64_t first = 0; first < windows; first += width) {
    auto count = VectorType::get({std::min(width, windows - first)}, bitsType());
    setUnits(constant(b, loc, count, start), nest.constant(first));
  }
}

void ExactWindow::clear(AffineExpr first, int64_t width) {
  Value zero = constant(b, loc, VectorType::get({width}, b.getI64Type()), 0);
  for (int64_t level = 0; level < levels; ++level)
    nest.storeTo(sums, at(level, first), zero);
}

/// Of each of `width` lanes what `buffer` has for its window.
Value ExactWindow::load(Value buffer, AffineExpr first, int64_t width) {
  if (!isCommon)
    return nest.loadFrom(buffer, first, width);
  Value window = nest.loadFrom(buffer, first, 1);
  Value scalar = vector::ExtractOp::create(b, loc, window, int64_t(0));
  return vector::BroadcastOp::create(b, loc, VectorType::get({width}, scalar.getType()), scalar);
}

/// The biased exponents of the lower level's M.
Value ExactWindow::unit(AffineExpr first, int64_t width) {
  Value lowest = magic(first, width).back();
  Value bits = BitcastOp::create(b, loc, like(lowest, bitsType()), lowest);
  return ShRUIOp::create(b, loc, bits, constantLike(b, loc, bits, fraction()));
}

/// Sets where windows are, and with that the limits of what they hold. With the biased exponent U
/// of the lower level's M, the unit is that of the last bits of elements of the exponent U.
void ExactWindow::setUnits(Value value, AffineExpr first) {
  auto of = [&](int64_t number) { return constantLike(b, loc, value, number); };
  Value shift = of(fraction());
  // From here on elements are beyond the window; infinities and NaNs always are.
  const int64_t infinity = type.isF32() ? 255 : 2047;
  Value end = AddIOp::create(b, loc, value, of(height() - 1 - margin));
  end = MinSIOp::create(b, loc, end, of(infinity));
  nest.storeTo(upper, first, ShLIOp::create(b, loc, end, shift));
  // Below this they have bits under the unit; compared as `add` has it.
  Value begin = ShLIOp::create(b, loc, AddIOp::create(b, loc, value, of(margin)), shift);
  nest.storeTo(lower, first, AddIOp::create(b, loc, begin, of(mostBits())));
  for (int64_t level = 0; level < levels; ++level) {
    Value exponent = AddIOp::create(b, loc, value, of((levels - 1 - level) * fraction()));
    Value bits = OrIOp::create(b, loc, ShLIOp::create(b, loc, exponent, shift),
                               of(int64_t(1) << (fraction() - 1)));
    nest.storeTo(magics, first + level * windows,
                 BitcastOp::create(b, loc, like(bits, type), bits));
  }
}

SmallVector<Value> ExactWindow::magic(AffineExpr first, int64_t width) {
  SmallVector<Value> numbers;
  for (int64_t level = 0; level < levels; ++level)
    numbers.push_back(load(magics, windowOf(first) + level * windows, width));
  return numbers;
}

SmallVector<Value> ExactWindow::emptyBlock(int64_t width) {
  auto bits = VectorType::get({width}, bitsType());
  Value zero = inDoubles ? Value(ConstantOp::create(
                               b, loc, b.getZeroAttr(VectorType::get({width}, b.getF64Type()))))
                         : constant(b, loc, bits, 0);
  SmallVector<Value> block(sumsOfBlock(), zero);
  block.push_back(constant(b, loc, bits, 0));
  block.push_back(constant(b, loc, bits, mostBits()));
  return block;
}

SmallVector<Value> ExactWindow::add(ValueRange block, Value elements, ValueRange magic) {
  SmallVector<Value> sum(block);
  // Magnitudes by their bits. Of the smallest, a zero is none: with the largest integer added, it
  // becomes that, and all else wraps to negative numbers.
  Type bits = like(elements, bitsType());
  Value most = constant(b, loc, bits, mostBits());
  Value magnitude = AndIOp::create(b, loc, BitcastOp::create(b, loc, bits, elements), most);
  Value &largest = *(sum.end() - 2), &smallest = sum.back();
  largest = MaxSIOp::create(b, loc, largest, magnitude);
  if (!holdsAll)
    smallest = MinSIOp::create(b, loc, smallest, AddIOp::create(b, loc, magnitude, most));

  if (inDoubles) {
    auto add = [&](Value &to, Value x) { to = AddFOp::create(b, loc, to, x); };
    if (type.isF32()) {
      add(sum[0], ExtFOp::create(b, loc, like(elements, b.getF64Type()), elements));
    } else {
      Value upper = AddFOp::create(b, loc, elements, magic[0]);
      upper = SubFOp::create(b, loc, upper, magic[0]);
      add(sum[0], upper);
      add(sum[1], SubFOp::create(b, loc, elements, upper));
    }
    return sum;
  }
  Value rest = elements;
  for (int64_t level = 0; level < levels; ++level) {
    Value fixed = AddFOp::create(b, loc, rest, magic[level]);
    sum[level] = AddIOp::create(b, loc, sum[level], BitcastOp::create(b, loc, bits, fixed));
    if (level + 1 < levels)
      rest = SubFOp::create(b, loc, rest, SubFOp::create(b, loc, fixed, magic[level]));
  }
  return sum;
}

/// For each lane whether all its elements are within its window.
Value ExactWindow::within(ValueRange extrema, AffineExpr first) {
  const int64_t width = widthOf(extrema.front());
  first = windowOf(first);
  Value isBelow = CmpIOp::create(b, loc, CmpIPredicate::slt, extrema[0], load(upper, first, width));
  Value isAbove = CmpIOp::create(b, loc, CmpIPredicate::sge, extrema[1], load(lower, first, width));
  return AndIOp::create(b, loc, isBelow, isAbove);
}

Value ExactWindow::holds(ValueRange extrema, AffineExpr first) {
  return overLanes(b, loc, vector::CombiningKind::AND, within(extrema, first));
}

Value ExactWindow::moveTo(ValueRange extrema, AffineExpr first) {
  Value largest = extrema[0], smallest = extrema[1];
  if (isCommon) {
    largest = single(b, loc, overLanes(b, loc, vector::CombiningKind::MAXSI, largest));
    smallest = single(b, loc, overLanes(b, loc, vector::CombiningKind::MINSI, smallest));
  }
  auto of = [&](int64_t number) { return constantLike(b, loc, largest, number); };
  Value most = of(mostBits());
  Value shift = of(fraction());
  Value isZero = CmpIOp::create(b, loc, CmpIPredicate::eq, smallest, most);
  Value high = ShRUIOp::create(b, loc, largest, shift);
  Value low = ShRUIOp::create(b, loc, SubIOp::create(b, loc, smallest, most), shift);
  low = SelectOp::create(b, loc, isZero, high, low);

  // Between the lowest and the highest unit that will do. That of the lower level must leave no
  // subnormal numbers, which a host may have told the processor to take for zeros, and the M of the
  // higher one must be finite, which leaves out infinities and NaNs.
  Value lowest = SubIOp::create(b, loc, high, of(height() - 2 - margin));
  lowest = MaxSIOp::create(b, loc, lowest, of(fraction() + 1));
  const int64_t largestExponent = type.isF32() ? 254 : 2046;
  Value highest = SubIOp::create(b, loc, low, of(margin));
  highest = MinSIOp::create(b, loc, highest, of(largestExponent - height()));
  Value fits = CmpIOp::create(b, loc, CmpIPredicate::sle, lowest, highest);
  Value middle = ShRUIOp::create(b, loc, AddIOp::create(b, loc, lowest, highest), of(1));
  // Of several windows those stay that hold their elements.
  Value moves = fits;
  AffineExpr window = windowOf(first);
  if (!isCommon) {
    Value stays = within(extrema, first);
    Value leaves = XOrIOp::create(b, loc, stays, constantLike(b, loc, stays, 1));
    moves = AndIOp::create(b, loc, fits, leaves);
    fits = OrIOp::create(b, loc, fits, stays);
  }
  Value before = unit(window, widthOf(largest));
  setUnits(SelectOp::create(b, loc, moves, middle, before), window);
  return overLanes(b, loc, vector::CombiningKind::AND, fits);
}

Value ExactWindow::sumOf(int64_t level, AffineExpr first, int64_t width) {
  return nest.loadFrom(sums, at(level, first), width);
}

/// A sum of bits without those of as many `magic`, whose lower half is zeros.
Value ExactWindow::withoutMagic(Value sum, Value magic, Value additions) {
  Type bits = sum.getType();
  Value shift = constant(b, loc, bits, fraction() - 1);
  Value factor = ShRUIOp::create(b, loc, BitcastOp::create(b, loc, bits, magic), shift);
  Value times = IndexCastOp::create(b, loc, bitsType(), additions);
  times = AndIOp::create(b, loc, times, constant(b, loc, bitsType(), 0xffffff)); // it is no more
  times = vector::BroadcastOp::create(b, loc, bits, times);
  Value product = ShLIOp::create(b, loc, MulIOp::create(b, loc, factor, times), shift);
  return SubIOp::create(b, loc, sum, product);
}

void ExactWindow::take(ValueRange blockSums, Value additions, AffineExpr first, bool isOnly) {
  if (inDoubles) {
    for (int64_t level = 0; level < sumsOfBlock(); ++level)
      nest.storeTo(sums, at(level, first), blockSums[level]);
    return;
  }
  const int64_t width = widthOf(blockSums.front());
  SmallVector<Value> numbers = magic(first, width);
  for (int64_t level = 0; level < levels; ++level) {
    Value fixed = widen(b, loc, withoutMagic(blockSums[level], numbers[level], additions));
    if (!isOnly)
      fixed = AddIOp::create(b, loc, sumOf(level, first, width), fixed);
    nest.storeTo(sums, at(level, first), fixed);
  }
}

void ExactWindow::takeTogether(ValueRange blockSums, Value additions, int64_t elements,
                               AffineExpr place) {
  const int64_t width = widthOf(blockSums.front());
  SmallVector<Value> numbers = magic(place, width);
  for (int64_t level = 0; level < levels; ++level) {
    // An element is up to 2^(p - 1) units; of f32 only few add up in 32 bits.
    Value fixed = withoutMagic(blockSums[level], numbers[level], additions);
    if (type.isF32() && elements >= 512)
      fixed = widen(b, loc, fixed);
    fixed = single(b, loc, overLanes(b, loc, vector::CombiningKind::ADD, fixed));
    nest.storeTo(sums, at(level, place), widen(b, loc, fixed));
  }
}

void ExactWindow::takeLines(ArrayRef<SmallVector<Value>> lines, Value additions, AffineExpr first) {
  const auto width = int64_t(lines.size());
  Value lanes = ConstantIndexOp::create(b, loc, widthOf(lines.front().front()));
  additions = MulIOp::create(b, loc, additions, lanes);
  SmallVector<Value> numbers = magic(first, width);
  SmallVector<Value> folded =
      foldLines(b, loc, SmallVector<SmallVector<Value>>(lines), [&](ValueRange x, ValueRange y) {
        SmallVector<Value> sums;
        for (auto [left, right] : llvm::zip_equal(x, y))
          if (inDoubles)
            sums.push_back(AddFOp::create(b, loc, left, right));
          else
            sums.push_back(AddIOp::create(b, loc, left, right));
        return sums;
      });
  if (inDoubles) {
    for (int64_t level = 0; level < sumsOfBlock(); ++level)
      nest.storeTo(sums, at(level, first), folded[level]);
    return;
  }
  for (int64_t level = 0; level < levels; ++level)
    nest.storeTo(sums, at(level, first),
                 widen(b, loc, withoutMagic(folded[level], numbers[level], additions)));
}

Value ExactWindow::isAnyTaken(AffineExpr first, int64_t width) {
  Value all = sumOf(0, first, width);
  for (int64_t level = 1; level < levels; ++level)
    all = OrIOp::create(b, loc, all, sumOf(level, first, width));
  Value isTaken = CmpIOp::create(b, loc, CmpIPredicate::ne, all, constantLike(b, loc, all, 0));
  return overLanes(b, loc, vector::CombiningKind::OR, isTaken);
}

void ExactWindow::flush(AffineExpr first, int64_t width, Value limbs, AffineExpr place,
                        int64_t step) {
  ir::LimbsOp::create(
      b, loc, "add_fixed", type, {limbs, sums, magics},
      {nest.index(place), nest.index(at(0, first)), nest.index(lowestMagicOf(first))},
      {width, step, levels, lanes, isCommon ? 0 : 1});
}

} // namespace tsum
