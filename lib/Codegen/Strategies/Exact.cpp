// SPDX-License-Identifier: Apache-2.0

//
// Exact sums, in limbs; the order of the additions is free.

#include "Strategy.h"

#include "../ExactAccumulator.h"

#include <algorithm>

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of limbs that results side by side may have: of L1, or little more.
constexpr int64_t maxLimbBytes = 32 * 1024;

class Emitter {
public:
  Emitter(LoopNest &nest, Value value, ir::ReductionAttr reduction)
      : nest(nest), value(value), type(value.getType()), reduction(reduction),
        width(ExactAccumulator::vectorLanes(type)) {
    for (int64_t dim = 0; dim < nest.rank(); ++dim)
      (nest.isReduced(dim) ? reduced : kept).push_back(dim);
  }

  void emit() {
    const bool isInner = nest.isReduced(nest.rank() - 1);
    const bool isNarrow = isInner && nest.extents.back() <= narrowLine && !kept.empty();
    const bool isAlong = isInner && !isNarrow;
    const int64_t laneDim = isAlong ? -1 : kept.pop_back_val();
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (isAlong)
        emitAlong();
      else
        emitAcross(laneDim, isNarrow);
      return {};
    });
  }

private:
  /// Lanes run along the innermost dimension, which is reduced.
  void emitAlong() {
    const int64_t line = nest.extents.back();
    ExactAccumulator sums(nest, type, std::min(width, std::max<int64_t>(line, 1)));
    sums.clear(sums.lanes());
    overReduced(0, width, sums, [&](int64_t count) {
      sums.add(nest.evaluate(value, LaneTile{nest.rank() - 1, count, 1}).front(), nest.constant(0));
    });
    sums.fold();
    nest.store(sums.finish(nest.constant(0), 1, reduction), LaneTile{});
  }

  /// Each lane has a result of its own; lanes run along `laneDim`, which is kept.
  void emitAcross(int64_t laneDim, bool isNarrow) {
    const int64_t most = maxLimbBytes / (8 * ExactAccumulator::limbCount(type));
    nest.overSteps(laneDim, isNarrow ? width : most, [&](int64_t lanes) {
      const AffineExpr start = nest.position[laneDim];
      auto tileAt = [&](AffineExpr first, int64_t count) {
        nest.position[laneDim] = start + first;
        return isNarrow ? LaneTile{laneDim, count, 1} : LaneTile{reduced.back(), 1, count};
      };
      ExactAccumulator sums(nest, type, lanes);
      sums.clear(lanes);
      overReduced(0, 1, sums, [&](int64_t) {
        sums.overLanes(lanes, [&](AffineExpr first, int64_t count) {
          sums.add(nest.evaluate(value, tileAt(first, count)).front(), first);
        });
      });
      sums.carry(lanes);
      sums.overLanes(lanes, [&](AffineExpr first, int64_t count) {
        nest.store(sums.finish(first, count, reduction), tileAt(first, count));
      });
    });
  }

  /// How many elements along a dimension are added at once: along the innermost `step`.
  int64_t stepOf(int64_t dim, int64_t step) { return dim == nest.rank() - 1 ? step : 1; }

  /// Calls `body` at all places of the reduced dimensions from the `level`th on, of the innermost
  /// one with how many elements it is to take, at most `step`; and carries in time.
  void overReduced(size_t level, int64_t step, ExactAccumulator &sums,
                   llvm::function_ref<void(int64_t)> body) {
    const int64_t dim = reduced[level];
    const int64_t size = stepOf(dim, step), extent = nest.extents[dim];
    int64_t adds = 1; // to a lane, at one place of `dim`
    for (int64_t inner : ArrayRef(reduced).drop_front(level + 1))
      adds *= llvm::divideCeil(nest.extents[inner], stepOf(inner, step));
    auto visit = [&](AffineExpr at, int64_t count) {
      nest.position[dim] = at;
      if (level + 1 < reduced.size())
        overReduced(level + 1, step, sums, body);
      else
        body(count);
    };
    // Elements side by side, of which each lane takes all: loads of whole vectors know where in
    // these they are.
    if (size == 1 && dim == nest.rank() - 1) {
      for (int64_t place = 0; place < extent; ++place)
        visit(nest.constant(place), 1);
      return;
    }
    const int64_t count = extent / size;
    const int64_t between =
        std::max<int64_t>(1, ExactAccumulator::addsBetweenCarries / std::max<int64_t>(adds, 1));
    nest.loop(count / between, [&](AffineExpr iv) {
      nest.loop(between, [&](AffineExpr next) { visit((iv * between + next) * size, size); });
      if (adds < ExactAccumulator::addsBetweenCarries)
        sums.carry(sums.lanes());
    });
    nest.loop(count % between,
              [&](AffineExpr iv) { visit((iv + count / between * between) * size, size); });
    if (int64_t rest = extent % size)
      visit(nest.constant(extent - rest), rest);
  }

  LoopNest &nest;
  Value value;
  Type type;
  const ir::ReductionAttr reduction;
  const int64_t width; // of vectors
  SmallVector<int64_t> kept, reduced;
};

class Exact final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Exact; }

  std::string obstacle(const ReductionShape &shape) const override {
    return shape.isExact ? "" : "it is not exact";
  }

  int64_t cost(const ReductionShape &) const override { return 1; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t) const override {
    constexpr int64_t bytes = 16 * 1024;
    if (shape.isInner() && (shape.elements() > narrowLine || shape.innerKept < 0))
      return 1;
    return bytes / shape.blockBytes;
  }

  void emit(ReductionLoops &loops) const override {
    Emitter(loops.nest, loops.values.front(), loops.accumulators.front().reduction()).emit();
  }
};

} // namespace

const Strategy &exactStrategy() {
  static const Exact strategy;
  return strategy;
}

} // namespace tsum
