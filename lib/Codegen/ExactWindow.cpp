// SPDX-License-Identifier: Apache-2.0

#include "ExactWindow.h"

#include "ExactAccumulator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::arith;

namespace tsum {

/// Bits of a level, of which elements take one less: M has the leading 1 and the one of its half.
static constexpr int64_t levelBits = 51;

/// What of a format the window needs. Its unit is 2^(U - 1075) for the biased exponent U of M.
struct ExactWindow::Format {
  int fraction;        ///< bits of the significand that are stored
  int64_t infinity;    ///< the biased exponent of infinity
  int64_t atLeast;     ///< U - E: so that elements of the biased exponent E do not exceed a window
  int64_t atMost;      ///< U - E: so that their last bits are in it
  int64_t highestUnit; ///< so that all M are finite
  int64_t firstUnit;   ///< elements about 1 are in the middle
};

const ExactWindow::Format &ExactWindow::format() const {
  // Elements of the exponent E are less than 2^(E - 126), or 2^(E - 1022), and multiples of
  // 2^(E - 150), or 2^(E - 1075).
  static constexpr Format single{23, 255, 1075 - 126 - levelBits, 1075 - 150, 2046, 1031};
  static constexpr Format wide{52, 2047, 1075 - 1022 - 2 * levelBits, 0, 2046 - levelBits, 989};
  return type.isF32() ? single : wide;
}

static Value splat(OpBuilder &b, Location loc, Type type, int64_t value) {
  const unsigned bits = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  return createScalarOrSplatConstant(b, loc, type, APInt(bits, uint64_t(value), /*isSigned=*/false, /*implicitTrunc=*/true));
}

/// `value` or vectors of it.
static Type like(Value lanes, Type element) {
  auto vector = dyn_cast<VectorType>(lanes.getType());
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

ExactWindow::ExactWindow(LoopNest &nest, Type type, int64_t lanes, bool isCommon)
    : nest(nest), b(nest.b), loc(nest.loc), type(type), lanes(lanes), isCommon(isCommon) {
  const int64_t windows = isCommon ? 1 : lanes;
  Type bits = b.getIntegerType(type.getIntOrFloatBitWidth());
  sums = nest.allocate(levels() * lanes, b.getI64Type());
  upper = nest.allocate(windows, bits);
  lower = nest.allocate(windows, bits);
  units = nest.allocate(windows, b.getI64Type());
  // Before all tiles: what the window has learned from one serves the next.
  OpBuilder::InsertionGuard guard(b);
  Operation *last = upper.getDefiningOp(); // each allocation comes before those made earlier
  b.setInsertionPointAfter(last);
  const int64_t width = std::min(ExactAccumulator::vectorLanes(type), windows);
  for (int64_t first = 0; first < windows; first += width) {
    const int64_t count = std::min(width, windows - first);
    setUnit(splat(b, loc, VectorType::get({count}, b.getI64Type()), format().firstUnit),
            nest.constant(first));
  }
}

void ExactWindow::clear(AffineExpr first, int64_t width) {
  Value zero = splat(b, loc, VectorType::get({width}, b.getI64Type()), 0);
  for (int64_t level = 0; level < levels(); ++level)
    nest.storeTo(sums, at(level, first), zero);
}

/// A value of each window, for `width` lanes.
Value ExactWindow::spread(Value window, int64_t width) {
  if (!isCommon)
    return window;
  Type element = getElementTypeOrSelf(window);
  Value scalar = vector::ExtractOp::create(b, loc, window, int64_t(0));
  return vector::BroadcastOp::create(b, loc, VectorType::get({width}, element), scalar);
}

/// The units of the windows of `width` lanes.
Value ExactWindow::unit(AffineExpr first, int64_t width) {
  return nest.loadFrom(units, windowOf(first), isCommon ? 1 : width);
}

/// Sets where windows are, and the limits of what they hold.
void ExactWindow::setUnit(Value unit, AffineExpr first) {
  const Format &f = format();
  Type words = unit.getType();
  Type bits = like(unit, b.getIntegerType(type.getIntOrFloatBitWidth()));
  auto asBits = [&](Value exponent) -> Value {
    Value shifted = ShLIOp::create(b, loc, exponent, splat(b, loc, words, f.fraction));
    return bits == words ? shifted : TruncIOp::create(b, loc, bits, shifted).getResult();
  };
  // Exponents from here on are beyond the window; infinities and NaNs always are.
  Value end = SubIOp::create(b, loc, unit, splat(b, loc, words, f.atLeast - 1));
  end = MinSIOp::create(b, loc, end, splat(b, loc, words, f.infinity));
  nest.storeTo(upper, first, asBits(end));
  // Below these, elements have bits under the unit: subnormal ones, of any size, if normal ones do.
  Value begin = SubIOp::create(b, loc, unit, splat(b, loc, words, f.atMost));
  Value isAny = CmpIOp::create(b, loc, CmpIPredicate::sle, begin, splat(b, loc, words, 1));
  Value least = SelectOp::create(b, loc, isAny, splat(b, loc, bits, 1), asBits(begin));
  const auto most = int64_t(bits == words ? INT64_MAX : INT32_MAX);
  nest.storeTo(lower, first, AddIOp::create(b, loc, least, splat(b, loc, bits, most)));
  nest.storeTo(units, first, unit);
}

SmallVector<Value> ExactWindow::magic(AffineExpr first, int64_t width) {
  Value lowest = unit(first, width);
  SmallVector<Value> values;
  for (int64_t level = 0; level < levels(); ++level) {
    Type words = lowest.getType();
    Value exponent = AddIOp::create(
        b, loc, lowest, splat(b, loc, words, (levels() - 1 - level) * levelBits));
    Value bits = ShLIOp::create(b, loc, exponent, splat(b, loc, words, 52));
    bits = OrIOp::create(b, loc, bits, splat(b, loc, words, int64_t(1) << 51));
    Value number = BitcastOp::create(b, loc, like(bits, b.getF64Type()), bits);
    values.push_back(spread(number, width));
  }
  return values;
}

SmallVector<Value> ExactWindow::emptySums(int64_t width) {
  return SmallVector<Value>(levels(), splat(b, loc, VectorType::get({width}, b.getI64Type()), 0));
}

SmallVector<Value> ExactWindow::emptyBlock(int64_t width) {
  SmallVector<Value> block = emptySums(width);
  const auto bits = VectorType::get({width}, b.getIntegerType(type.getIntOrFloatBitWidth()));
  block.push_back(splat(b, loc, bits, 0));
  block.push_back(splat(b, loc, bits, type.isF32() ? int64_t(INT32_MAX) : INT64_MAX));
  return block;
}

SmallVector<Value> ExactWindow::add(ValueRange block, Value elements, ValueRange magic) {
  SmallVector<Value> sum(block);
  // Magnitudes by their bits. Of the smallest a zero is none: plus the largest integer it wraps to
  // that, and all else to negative numbers.
  Type bits = like(elements, b.getIntegerType(type.getIntOrFloatBitWidth()));
  const int64_t most = type.isF32() ? int64_t(INT32_MAX) : INT64_MAX;
  Value magnitude = BitcastOp::create(b, loc, bits, elements);
  magnitude = AndIOp::create(b, loc, magnitude, splat(b, loc, bits, most));
  Value &largest = sum[levels()], &smallest = sum[levels() + 1];
  largest = MaxSIOp::create(b, loc, largest, magnitude);
  Value shifted = AddIOp::create(b, loc, magnitude, splat(b, loc, bits, most));
  smallest = MinSIOp::create(b, loc, smallest, shifted);

  Value rest = elements;
  if (type.isF32())
    rest = ExtFOp::create(b, loc, like(elements, b.getF64Type()), elements);
  for (int64_t level = 0; level < levels(); ++level) {
    Value fixed = AddFOp::create(b, loc, rest, magic[level]);
    Value word = BitcastOp::create(b, loc, like(fixed, b.getI64Type()), fixed);
    sum[level] = AddIOp::create(b, loc, sum[level], word);
    if (level + 1 < levels())
      rest = SubFOp::create(b, loc, rest, SubFOp::create(b, loc, fixed, magic[level]));
  }
  return sum;
}

/// Whether any lane is true.
static Value any(OpBuilder &b, Location loc, Value mask) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, mask);
}

/// Whether all lanes are.
static Value all(OpBuilder &b, Location loc, Value mask) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::AND, mask);
}

static int64_t widthOf(Value vector) { return cast<VectorType>(vector.getType()).getDimSize(0); }

/// For each lane whether all its elements are within its window.
Value ExactWindow::within(ValueRange extrema, AffineExpr first) {
  const int64_t width = widthOf(extrema.front());
  auto limit = [&](Value buffer) {
    return spread(nest.loadFrom(buffer, windowOf(first), isCommon ? 1 : width), width);
  };
  Value isBelowEnd = CmpIOp::create(b, loc, CmpIPredicate::slt, extrema[0], limit(upper));
  Value isAboveBegin = CmpIOp::create(b, loc, CmpIPredicate::sge, extrema[1], limit(lower));
  return AndIOp::create(b, loc, isBelowEnd, isAboveBegin);
}

Value ExactWindow::holds(ValueRange extrema, AffineExpr first) {
  return all(b, loc, within(extrema, first));
}

Value ExactWindow::moveTo(ValueRange extrema, AffineExpr first) {
  const Format &f = format();
  Value largest = extrema[0], smallest = extrema[1];
  if (isCommon) {
    auto overLanes = [&](Value lanes, vector::CombiningKind kind) -> Value {
      Value one = vector::ReductionOp::create(b, loc, kind, lanes);
      return vector::FromElementsOp::create(b, loc, VectorType::get({1}, one.getType()), one);
    };
    largest = overLanes(largest, vector::CombiningKind::MAXSI);
    smallest = overLanes(smallest, vector::CombiningKind::MINSI);
  }
  const auto words = cast<VectorType>(like(largest, b.getI64Type()));
  auto constant = [&](int64_t value) { return splat(b, loc, words, value); };
  // The biased exponents; subnormal numbers are as fine as those of the smallest normal ones.
  auto exponentOf = [&](Value magnitude) -> Value {
    if (magnitude.getType() != words)
      magnitude = ExtUIOp::create(b, loc, words, magnitude);
    Value exponent = ShRUIOp::create(b, loc, magnitude, constant(f.fraction));
    return MaxSIOp::create(b, loc, exponent, constant(1));
  };
  const int64_t most = type.isF32() ? int64_t(INT32_MAX) : INT64_MAX;
  Value none = splat(b, loc, smallest.getType(), most);
  Value isZero = CmpIOp::create(b, loc, CmpIPredicate::eq, smallest, none);
  Value high = exponentOf(largest);
  Value low = exponentOf(SubIOp::create(b, loc, smallest, none));
  low = SelectOp::create(b, loc, isZero, high, low);

  // Between the lowest and the highest unit that will do.
  Value lowest = AddIOp::create(b, loc, high, constant(f.atLeast));
  lowest = MaxSIOp::create(b, loc, lowest, constant(1));
  Value highest = AddIOp::create(b, loc, low, constant(f.atMost));
  highest = MinSIOp::create(b, loc, highest, constant(f.highestUnit));
  Value fits = CmpIOp::create(b, loc, CmpIPredicate::sle, lowest, highest);
  Value isFinite = CmpIOp::create(b, loc, CmpIPredicate::slt, high, constant(f.infinity));
  fits = AndIOp::create(b, loc, fits, isFinite);
  Value middle = ShRUIOp::create(b, loc, AddIOp::create(b, loc, lowest, highest), constant(1));
  // Of several windows those stay that hold their elements.
  Value moves = fits;
  if (!isCommon) {
    Value stays = within(extrema, first);
    moves = AndIOp::create(b, loc, fits, XOrIOp::create(b, loc, stays, splat(b, loc, stays.getType(), 1)));
    fits = OrIOp::create(b, loc, fits, stays);
  }
  Value before = unit(first, widthOf(largest));
  setUnit(SelectOp::create(b, loc, moves, middle, before), windowOf(first));
  return all(b, loc, fits);
}

Value ExactWindow::sumOf(int64_t level, AffineExpr first, int64_t width) {
  return nest.loadFrom(sums, at(level, first), width);
}

void ExactWindow::take(ValueRange blockSums, Value additions, AffineExpr first) {
  const int64_t width = widthOf(blockSums.front());
  SmallVector<Value> numbers = magic(first, width);
  for (int64_t level = 0; level < levels(); ++level) {
    auto words = cast<VectorType>(blockSums[level].getType());
    // The bits of M are 13, and 51 zeros.
    Value bits = BitcastOp::create(b, loc, words, numbers[level]);
    Value shift = splat(b, loc, words, 51);
    Value times = IndexCastOp::create(b, loc, b.getI64Type(), additions);
    times = AndIOp::create(b, loc, times, splat(b, loc, b.getI64Type(), 0xffff));
    Value product = MulIOp::create(b, loc, ShRUIOp::create(b, loc, bits, shift),
                                   vector::BroadcastOp::create(b, loc, words, times));
    Value fixed =
        SubIOp::create(b, loc, blockSums[level], ShLIOp::create(b, loc, product, shift));
    Value sum = AddIOp::create(b, loc, sumOf(level, first, width), fixed);
    nest.storeTo(sums, at(level, first), sum);
  }
}

Value ExactWindow::isAnyTaken(AffineExpr first, int64_t width) {
  Value all = sumOf(0, first, width);
  for (int64_t level = 1; level < levels(); ++level)
    all = OrIOp::create(b, loc, all, sumOf(level, first, width));
  return any(b, loc, CmpIOp::create(b, loc, CmpIPredicate::ne, all, splat(b, loc, all.getType(), 0)));
}

void ExactWindow::flush(ExactAccumulator &limbs, AffineExpr first, int64_t width, bool toFirst) {
  Value lowest = spread(unit(first, width), width);
  for (int64_t level = 0; level < levels(); ++level) {
    Value exponent = AddIOp::create(
        b, loc, lowest, splat(b, loc, lowest.getType(), (levels() - 1 - level) * levelBits));
    limbs.addFixed(sumOf(level, first, width), exponent, first, toFirst);
  }
  clear(first, width);
}

Value ExactWindow::round(AffineExpr first, int64_t width, bool toOdd) {
  Value lowest = spread(unit(first, width), width);
  return ExactAccumulator::roundFixed(b, loc, sumOf(levels() - 1, first, width),
                                      levels() > 1 ? sumOf(0, first, width) : Value(), lowest,
                                      toOdd);
}

} // namespace tsum
