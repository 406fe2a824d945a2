// SPDX-License-Identifier: Apache-2.0
//
// Exact sums; the order of the additions is free. Blocks of elements are added in fixed point (see
// ExactWindow.h), and what no window holds in limbs (see ExactAccumulator.h):
//
//   for each block
//     add its elements to integers, by the window of the last block
//     if they were not within the window
//       hand the sums on to limbs; move the window, and add the block again
//       if no window holds it
//         add its elements to limbs
//
// Results whose limbs nothing went to are rounded from the integers.

#include "Strategy.h"

#include "../ExactAccumulator.h"
#include "../ExactWindow.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of limbs that results side by side may have: as much as L1 holds, though few are touched.
constexpr int64_t maxLimbBytes = 112 * 1024;
/// Elements that each lane takes of a block, which may be read twice and should lie in L1 then; and
/// where vectors that lie side by side are blocks of their own.
constexpr int64_t blockElements = ExactWindow::mostOfBlock, blockOfColumns = 32;

class Emitter {
public:
  explicit Emitter(ReductionLoops &loops)
      : loops(loops), nest(loops.nest), b(loops.b), loc(loops.loc), kept(loops.kept),
        type(loops.values.front().getType()), width(ExactAccumulator::vectorLanes(type)) {
    for (int64_t dim = 0; dim < nest.rank(); ++dim)
      if (nest.isReduced(dim))
        reduced.push_back(dim);
  }

  void emit() {
    if (loops.isInner() && !isNarrow()) {
      if (paddedElements() <= blockElements * width)
        emitRows();
      else
        emitLine();
    } else {
      emitColumns();
    }
  }

private:
  /// The most elements along `dim`.
  int64_t most(int64_t dim) {
    return dim == loops.line ? loops.mostElements() : nest.extents[dim];
  }

  /// Whether elements of several short rows are shuffled out of whole loads.
  bool isNarrow() { return most(loops.line) <= narrowLine && !kept.empty(); }

  /// Those of a row, in whole vectors.
  int64_t paddedElements() {
    int64_t elements = int64_t(llvm::alignTo(uint64_t(most(loops.line)), uint64_t(width)));
    for (int64_t dim : ArrayRef(reduced).drop_back())
      elements *= most(dim);
    return elements;
  }

  //===-- State -------------------------------------------------------------------------------===//

  /// Sums of each value of the body.
  struct Part {
    ExactWindow window;
    ExactAccumulator limbs;
  };

  void allocate(int64_t windowLanes, int64_t limbLanes, bool isCommon) {
    for (size_t n = 0; n < loops.values.size(); ++n)
      parts.push_back(
          {{nest, type, windowLanes, isCommon}, {nest, type, limbLanes}});
    usesLimbs = nest.allocate(limbLanes, b.getI64Type());
  }

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value truth(bool value) { return arith::ConstantIntOp::create(b, loc, value, 1); }

  void ifTrue(Value condition, llvm::function_ref<void()> then) {
    auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    then();
  }

  SmallVector<Value> choose(Value condition, TypeRange types,
                            llvm::function_ref<SmallVector<Value>()> then,
                            llvm::function_ref<SmallVector<Value>()> otherwise) {
    auto branch = scf::IfOp::create(b, loc, types, condition, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    auto fill = [&](Block *block, llvm::function_ref<SmallVector<Value>()> values) {
      b.setInsertionPointToStart(block);
      SmallVector<Value> yielded = values();
      if (!yielded.empty()) // else there is a yield
        scf::YieldOp::create(b, loc, yielded);
    };
    fill(branch.thenBlock(), then);
    fill(branch.elseBlock(), otherwise);
    return branch.getResults();
  }

  /// The lanes of results that a block goes to.
  struct Lanes {
    AffineExpr first;
    int64_t windows; ///< of fixed point
    int64_t limbs;   ///< as many, or 1: then all go to one result
    bool areOne() const { return limbs < windows; }
  };

  void clearSums(const Lanes &lanes) {
    for (Part &part : parts)
      part.window.clear(lanes.first, lanes.windows);
  }

  void clear(const Lanes &lanes) {
    clearSums(lanes);
    Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    memref::StoreOp::create(b, loc, none, usesLimbs, nest.index(lanes.first));
  }

  Value usesLimbsOf(const Lanes &lanes) {
    Value used = memref::LoadOp::create(b, loc, usesLimbs, nest.index(lanes.first));
    Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, used, none);
  }

  /// Makes limbs ready, if they were not.
  void openLimbs(const Lanes &lanes) {
    Value isClosed = arith::XOrIOp::create(b, loc, usesLimbsOf(lanes), truth(true));
    ifTrue(isClosed, [&] {
      for (Part &part : parts)
        part.limbs.clear(lanes.first, lanes.limbs);
      Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
      memref::StoreOp::create(b, loc, one, usesLimbs, nest.index(lanes.first));
    });
  }

  /// Hands on what was added in fixed point.
  void flush(const Lanes &lanes) {
    openLimbs(lanes);
    for (Part &part : parts) {
      part.window.flush(part.limbs, lanes.first, lanes.windows, lanes.areOne());
      part.limbs.carry(lanes.first, lanes.limbs);
    }
  }

  void flushIfAny(const Lanes &lanes) {
    Value isAny = truth(false);
    for (Part &part : parts)
      isAny = arith::OrIOp::create(b, loc, isAny,
                                   part.window.isAnyTaken(lanes.first, lanes.windows));
    ifTrue(isAny, [&] { flush(lanes); });
  }

  //===-- Blocks ------------------------------------------------------------------------------===//

  /// How a block is added.
  struct BlockAdder {
    /// Of what `add` gives for each part: the last two are extrema.
    SmallVector<Type> types;
    /// Adds the elements by the windows as they are.
    llvm::function_ref<SmallVector<Value>()> add;
    /// Takes what `add` gave.
    llvm::function_ref<void(ValueRange)> take;
    /// Adds the elements to limbs.
    llvm::function_ref<void()> addToLimbs;
    /// Whether it is the first one of its results.
    bool isFirst = false;
  };

  ValueRange valuesOf(ValueRange all, size_t part) {
    const size_t each = all.size() / parts.size();
    return all.slice(part * each, each);
  }

  void addBlock(const Lanes &lanes, const BlockAdder &block) {
    SmallVector<Type> types = {b.getI1Type()};
    for (size_t n = 0; n < parts.size(); ++n)
      llvm::append_range(types, block.types);
    Value isFirst = truth(true);
    auto attempts = scf::WhileOp::create(
        b, loc, types, isFirst,
        [&](OpBuilder &, Location, ValueRange arguments) {
          SmallVector<Value> values = block.add();
          Value holds = truth(true);
          for (auto [n, part] : llvm::enumerate(parts))
            holds = arith::AndIOp::create(
                b, loc, holds,
                part.window.holds(valuesOf(values, n).take_back(2), lanes.first));
          Value fails = arith::XOrIOp::create(b, loc, holds, truth(true));
          Value mayMove = arith::AndIOp::create(b, loc, fails, arguments.front());
          SmallVector<Value> moved = choose(
              mayMove, b.getI1Type(),
              [&] {
                if (!block.isFirst)
                  flushIfAny(lanes);
                Value fits = truth(true);
                for (auto [n, part] : llvm::enumerate(parts))
                  fits = arith::AndIOp::create(
                      b, loc, fits,
                      part.window.moveTo(valuesOf(values, n).take_back(2), lanes.first));
                return SmallVector<Value>{fits};
              },
              [&] { return SmallVector<Value>{truth(false)}; });
          SmallVector<Value> results = {holds};
          llvm::append_range(results, values);
          scf::ConditionOp::create(b, loc, moved.front(), results);
        },
        [&](OpBuilder &, Location, ValueRange) {
          scf::YieldOp::create(b, loc, ValueRange{truth(false)});
        });
    SmallVector<Value> results = attempts.getResults();
    choose(
        results.front(), TypeRange(),
        [&] {
          block.take(ArrayRef(results).drop_front());
          return SmallVector<Value>();
        },
        [&] {
          openLimbs(lanes);
          block.addToLimbs();
          for (Part &part : parts)
            part.limbs.carry(lanes.first, lanes.limbs);
          return SmallVector<Value>();
        });
  }

  /// Adds a vector of elements of each part to a block.
  SmallVector<Value> addElements(ValueRange block, ValueRange elements,
                                 ArrayRef<SmallVector<Value>> magic) {
    SmallVector<Value> sums;
    for (auto [n, part] : llvm::enumerate(parts))
      llvm::append_range(sums, part.window.add(valuesOf(block, n), elements[n], magic[n]));
    return sums;
  }

  SmallVector<SmallVector<Value>> magicOf(AffineExpr first, int64_t lanes) {
    return llvm::map_to_vector(parts,
                               [&](Part &part) { return part.window.magic(first, lanes); });
  }

  SmallVector<Value> emptyBlock(int64_t lanes) {
    SmallVector<Value> block;
    for (Part &part : parts)
      llvm::append_range(block, part.window.emptyBlock(lanes));
    return block;
  }

  SmallVector<Type> typesOf(ValueRange block) {
    return llvm::to_vector(valuesOf(block, 0).getTypes());
  }

  void takeSums(ValueRange block, Value additions, AffineExpr first) {
    for (auto [n, part] : llvm::enumerate(parts))
      part.window.take(valuesOf(block, n).drop_back(2), additions, first);
  }

  //===-- Loops over the reduced dimensions ---------------------------------------------------===//

  /// How many steps of `step` elements there are along a dimension, as a value.
  Value stepsOf(int64_t dim, int64_t step) {
    if (dim == loops.line)
      return loops.countOf(step);
    return constant(nest.extents[dim] / step);
  }

  using Visit = llvm::function_ref<SmallVector<Value>(ValueRange)>;

  /// `visit` at all places of the reduced dimensions from the `level`th on, along the innermost one
  /// at each `step`th.
  SmallVector<Value> overReduced(size_t level, int64_t step, ValueRange carried, Visit visit) {
    if (level == reduced.size())
      return visit(carried);
    const int64_t dim = reduced[level];
    const int64_t size = level + 1 == reduced.size() ? step : 1;
    auto inside = [&](AffineExpr place, ValueRange values) {
      nest.position[dim] = place;
      return overReduced(level + 1, step, values, visit);
    };
    // Whole vectors of short rows are loaded where it is known which elements are wanted.
    if (dim == nest.rank() - 1 && size == 1 && isNarrow() && !loops.isPiece()) {
      SmallVector<Value> values(carried);
      for (int64_t place = 0; place < nest.extents[dim]; ++place)
        values = inside(nest.constant(place), values);
      return values;
    }
    return nest.loop(stepsOf(dim, size), carried, [&](AffineExpr iv, ValueRange values) {
      return inside(iv * size, values);
    });
  }

  /// A part of the reduced dimensions: those from `level` on, of which `level` itself in runs of
  /// `length` steps.
  struct Chunks {
    size_t level = 0;
    int64_t length = 1;
    bool isOne = false; ///< a single chunk is all
  };

  Chunks chunksOf(int64_t additions, int64_t step) {
    int64_t inside = 1;
    for (size_t level = reduced.size(); level-- > 0;) {
      const int64_t size = level + 1 == reduced.size() ? step : 1;
      const int64_t steps = most(reduced[level]) / size;
      if (inside * steps > additions)
        return {level, std::max<int64_t>(1, additions / inside), false};
      inside *= steps;
    }
    return {0, std::max<int64_t>(1, most(reduced[0]) / (reduced.size() == 1 ? step : 1)), true};
  }

  /// Emits `body` for each chunk, with how to visit its places and how many there are.
  void overChunks(
      const Chunks &chunks, int64_t step,
      llvm::function_ref<void(llvm::function_ref<SmallVector<Value>(ValueRange, Visit)>, Value)>
          body,
      size_t level = 0) {
    const int64_t dim = reduced[level];
    const int64_t size = level + 1 == reduced.size() ? step : 1;
    if (level < chunks.level) {
      nest.loop(stepsOf(dim, size), [&](AffineExpr iv) {
        nest.position[dim] = iv * size;
        overChunks(chunks, step, body, level + 1);
      });
      return;
    }
    Value steps = stepsOf(dim, size);
    auto inside = [&](AffineExpr start, Value length) {
      Value additions = length;
      for (size_t inner = level + 1; inner < reduced.size(); ++inner)
        additions = arith::MulIOp::create(
            b, loc, additions, stepsOf(reduced[inner], inner + 1 == reduced.size() ? step : 1));
      body(
          [&](ValueRange carried, Visit visit) {
            if (chunks.isOne)
              return overReduced(level, step, carried, visit);
            return nest.loop(length, carried, [&](AffineExpr iv, ValueRange values) {
              nest.position[dim] = (start + iv) * size;
              return overReduced(level + 1, step, values, visit);
            });
          },
          additions);
    };
    if (chunks.isOne)
      return inside(nest.constant(0), steps);
    Value length = constant(chunks.length);
    std::optional<int64_t> known = getConstantIntValue(steps);
    const bool isEven = known && *known % chunks.length == 0;
    nest.loop(arith::CeilDivUIOp::create(b, loc, steps, length), [&](AffineExpr chunk) {
      AffineExpr start = chunk * chunks.length;
      if (isEven)
        return inside(start, length);
      Value left = arith::SubIOp::create(b, loc, steps, nest.index(start));
      inside(start, arith::MinUIOp::create(b, loc, left, length));
    });
  }

  //===-- Along memory ------------------------------------------------------------------------===//

  /// Several rows at once, each of which is one block's.
  void emitRows() {
    const int64_t rowDim = kept.empty() ? -1 : kept.pop_back_val();
    const LoopNest::Cover rows =
        rowDim < 0 ? LoopNest::Cover{1, 1}
                   : nest.cover(rowDim, width * type.getIntOrFloatBitWidth() / 8,
                                type.getIntOrFloatBitWidth() / 8);
    allocate(rows.width, rows.width, /*isCommon=*/true);
    const LaneTile tile = loops.inAnyOrder({loops.line, width, 1});
    const Lanes lanes{nest.constant(0), rows.width, rows.width};
    AffineExpr start = nest.constant(0);
    auto overRows = [&](ValueRange carried, llvm::function_ref<SmallVector<Value>(AffineExpr, ValueRange)> body) {
      return nest.loop(rows.width, carried, [&](AffineExpr row, ValueRange values) {
        if (rowDim >= 0)
          nest.position[rowDim] = start + row;
        return body(row, values);
      });
    };
    // All vectors of a row: whole ones, and one with zeros behind the elements that are left.
    auto overRow = [&](ValueRange carried,
                       llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> visit) {
      const int64_t rest = loops.restOf(width);
      SmallVector<Value> values(carried);
      if (most(loops.line) >= width)
        values = overReduced(0, width, values, [&](ValueRange inside) {
          return visit(loops.elements(tile), inside);
        });
      if (rest == 0)
        return values;
      // The rest, at all places of the others.
      const int64_t line = reduced.pop_back_val();
      values = overReduced(0, 1, values, [&](ValueRange inside) {
        return loops.overRest(width, inside, [&](AffineExpr at, int64_t count) {
          return visit(loops.lanesOf(at, count, tile), inside);
        });
      });
      reduced.push_back(line);
      return values;
    };
    auto extremaOf = [&](ValueRange block) {
      SmallVector<Value> extrema;
      for (size_t n = 0; n < parts.size(); ++n)
        llvm::append_range(extrema, valuesOf(block, n).take_back(2));
      return extrema;
    };
    auto add = [&] {
      SmallVector<SmallVector<Value>> magic = magicOf(nest.constant(0), width);
      Value additions = vectorsOfRow();
      return overRows(extremaOf(emptyBlock(width)), [&](AffineExpr row, ValueRange extrema) {
        SmallVector<Value> block;
        for (auto [n, part] : llvm::enumerate(parts)) {
          llvm::append_range(block, ValueRange(part.window.emptyBlock(width)).drop_back(2));
          llvm::append_range(block, valuesOf(extrema, n));
        }
        block = overRow(block, [&](ValueRange elements, ValueRange sums) {
          return addElements(sums, elements, magic);
        });
        for (auto [n, part] : llvm::enumerate(parts))
          part.window.takeTogether(valuesOf(block, n).drop_back(2), additions, paddedElements(),
                                   row);
        return extremaOf(block);
      });
    };
    auto take = [](ValueRange) {}; // row by row, above
    auto addToLimbs = [&] {
      clearSums(lanes);
      overRows({}, [&](AffineExpr row, ValueRange) {
        overRow({}, [&](ValueRange elements, ValueRange) {
          for (auto [n, part] : llvm::enumerate(parts))
            part.limbs.add(elements[n], row, /*toFirst=*/true);
          return SmallVector<Value>();
        });
        return SmallVector<Value>();
      });
    };
    auto emitGroup = [&] {
      if (rowDim >= 0)
        start = nest.position[rowDim];
      clear(lanes);
      SmallVector<Type> types = llvm::to_vector(
          ValueRange(parts.front().window.emptyBlock(width)).take_back(2).getTypes());
      addBlock(lanes, {types, add, take, addToLimbs, /*isFirst=*/true});
      if (rowDim >= 0)
        nest.position[rowDim] = start;
      finish(lanes, LaneTile{rowDim, rows.width, 1}, paddedElements());
    };
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (rowDim < 0)
        emitGroup();
      else
        nest.overVectors(rowDim, rows, [&](AffineExpr) { emitGroup(); });
      return {};
    });
  }

  /// How many vectors a row has, the last of which may have zeros.
  Value vectorsOfRow() {
    Value vectors = loops.countOf(width);
    if (loops.restOf(width) > 0) {
      SmallVector<Value> more =
          loops.overRest(width, constant(0), [&](AffineExpr, int64_t) -> SmallVector<Value> {
            return {constant(1)};
          });
      vectors = arith::AddIOp::create(b, loc, vectors, more.front());
    }
    int64_t others = 1;
    for (int64_t dim : ArrayRef(reduced).drop_back())
      others *= nest.extents[dim];
    return arith::MulIOp::create(b, loc, vectors, constant(others));
  }

  /// One result of many blocks, whose lanes go together in the end.
  void emitLine() {
    allocate(width, 1, /*isCommon=*/true);
    Value count;
    if (paddedElements() > ExactWindow::mostOfSum(type))
      count = allocateCount();
    const LaneTile tile = loops.inAnyOrder({loops.line, width, 1});
    const Lanes lanes{nest.constant(0), width, 1};
    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      clear(lanes);
      if (count)
        clearCount(count);
      overChunks(chunksOf(blockElements, width), width, [&](auto overBlock, Value additions) {
        if (count)
          countOrFlush(count, additions, [&] { flush(lanes); });
        auto add = [&] {
          SmallVector<SmallVector<Value>> magic = magicOf(nest.constant(0), width);
          return overBlock(emptyBlock(width), [&](ValueRange block) {
            return addElements(block, loops.elements(tile), magic);
          });
        };
        auto take = [&](ValueRange block) { takeSums(block, additions, nest.constant(0)); };
        auto addToLimbs = [&] {
          overBlock({}, [&](ValueRange) {
            addVectorToLimbs(loops.elements(tile), nest.constant(0), /*toFirst=*/true);
            return SmallVector<Value>();
          });
        };
        addBlock(lanes, {typesOf(emptyBlock(width)), add, take, addToLimbs});
      });
      // What is left of each line is little.
      if (loops.restOf(width) > 0) {
        openLimbs(lanes);
        const int64_t line = reduced.pop_back_val();
        overReduced(0, 1, {}, [&](ValueRange) {
          return loops.overRest(width, {}, [&](AffineExpr at, int64_t left) {
            nest.position[loops.line] = at;
            addVectorToLimbs(loops.elements({loops.line, left, 1}), nest.constant(0),
                             /*toFirst=*/true);
            return SmallVector<Value>();
          });
        });
        reduced.push_back(line);
      }
      finish(lanes, LaneTile{}, paddedElements());
      return {};
    });
  }

  void addVectorToLimbs(ValueRange elements, AffineExpr first, bool toFirst) {
    for (auto [n, part] : llvm::enumerate(parts))
      part.limbs.add(elements[n], first, toFirst);
  }

  // How many elements each lane took since sums were handed on.

  Value allocateCount() { return nest.allocate(1, b.getI64Type()); }

  void clearCount(Value count) {
    Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    memref::StoreOp::create(b, loc, none, count, constant(0));
  }

  /// Hands sums on, by `flush`, before `additions` more could make them overflow.
  void countOrFlush(Value count, Value additions, llvm::function_ref<void()> flush) {
    Value zero = constant(0);
    Value more = arith::IndexCastOp::create(b, loc, b.getI64Type(), additions);
    Value before = memref::LoadOp::create(b, loc, count, zero);
    Value after = arith::AddIOp::create(b, loc, before, more);
    Value most =
        arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(ExactWindow::mostOfSum(type)));
    Value isFull = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, after, most);
    ifTrue(isFull, flush);
    Value next = arith::SelectOp::create(b, loc, isFull, more, after);
    memref::StoreOp::create(b, loc, next, count, zero);
  }

  //===-- Across memory -----------------------------------------------------------------------===//

  /// Each lane has a result of its own: neighbours along the last dimension that is kept.
  void emitColumns() {
    const int64_t laneDim = kept.pop_back_val();
    const int64_t elementBytes = type.getIntOrFloatBitWidth() / 8;
    const LoopNest::Cover groups = nest.cover(laneDim, width * elementBytes, elementBytes);
    allocate(groups.width * groups.count, groups.width * groups.count, /*isCommon=*/false);
    const LaneTile tile = loops.isInner() ? LaneTile{laneDim, groups.width, 1}
                                          : LaneTile{-1, 1, groups.width};
    int64_t additions = 1;
    for (int64_t dim : reduced)
      additions *= most(dim);
    const Chunks chunks = chunksOf(groups.count > 1 ? blockOfColumns : blockElements, 1);

    // Of one vector the rows of a block are runs that the processor does not look ahead in.
    if (!chunks.isOne && !loops.isInner())
      nest.prefetched = {reduced[chunks.level], chunks.length};
    auto lanesOf = [&](AffineExpr group) {
      return Lanes{group * groups.width, groups.width, groups.width};
    };
    auto overGroups = [&](llvm::function_ref<void(const Lanes &)> body) {
      nest.overVectors(laneDim, groups, [&](AffineExpr group) { body(lanesOf(group)); });
    };
    auto addBlockTo = [&](const Lanes &lanes, auto overBlock, Value additions) {
      auto add = [&] {
        SmallVector<SmallVector<Value>> magic = magicOf(lanes.first, groups.width);
        return overBlock(emptyBlock(groups.width), [&](ValueRange block) {
          return addElements(block, loops.elements(tile), magic);
        });
      };
      auto take = [&](ValueRange block) { takeSums(block, additions, lanes.first); };
      auto addToLimbs = [&] {
        overBlock({}, [&](ValueRange) {
          addVectorToLimbs(loops.elements(tile), lanes.first, /*toFirst=*/false);
          return SmallVector<Value>();
        });
      };
      addBlock(lanes, {typesOf(emptyBlock(groups.width)), add, take, addToLimbs, chunks.isOne});
    };
    Value count;
    if (additions > ExactWindow::mostOfSum(type))
      count = allocateCount();

    nest.overDims(kept, {}, [&](ValueRange) -> SmallVector<Value> {
      if (chunks.isOne) {
        overGroups([&](const Lanes &lanes) {
          clear(lanes);
          overChunks(chunks, 1, [&](auto overBlock, Value count) {
            addBlockTo(lanes, overBlock, count);
          });
          finish(lanes, tile, additions);
        });
        return {};
      }
      overGroups([&](const Lanes &lanes) { clear(lanes); });
      if (count)
        clearCount(count);
      overChunks(chunks, 1, [&](auto overBlock, Value ofBlock) {
        if (count)
          countOrFlush(count, ofBlock,
                       [&] { overGroups([&](const Lanes &lanes) { flush(lanes); }); });
        overGroups([&](const Lanes &lanes) { addBlockTo(lanes, overBlock, ofBlock); });
      });
      overGroups([&](const Lanes &lanes) { finish(lanes, tile, additions); });
      return {};
    });
  }

  //===-- Results -----------------------------------------------------------------------------===//

  /// Stores the results, of up to `elements` each: rounded from fixed point if it holds them and
  /// nothing went to limbs.
  void finish(const Lanes &lanes, const LaneTile &tile, int64_t elements) {
    for (int64_t dim : reduced)
      nest.position[dim] = nest.constant(0);
    ArrayRef<Accumulator> accumulators = loops.accumulators.each();
    auto types = llvm::map_to_vector(nest.generic.getDpsInits(), [&](Value output) -> Type {
      return VectorType::get({lanes.limbs}, getElementTypeOrSelf(output));
    });
    auto fromLimbs = [&] {
      SmallVector<Value> results;
      flush(lanes);
      for (auto [part, accumulator] : llvm::zip_equal(parts, accumulators))
        results.push_back(
            part.limbs.finish(lanes.first, lanes.limbs, accumulator.reduction()));
      return results;
    };
    auto fromFixed = [&] {
      SmallVector<Value> results;
      for (auto [part, accumulator] : llvm::zip_equal(parts, accumulators))
        results.push_back(part.window.round(lanes.first, lanes.windows, lanes.areOne(), elements,
                                            accumulator.reduction()));
      return results;
    };
    auto isFixed = [&](const Accumulator &accumulator) {
      return ExactWindow::canRound(accumulator.reduction(), elements);
    };
    if (!llvm::all_of(accumulators, isFixed))
      return nest.store(fromLimbs(), tile);
    nest.store(choose(usesLimbsOf(lanes), types, fromLimbs, fromFixed), tile);
  }

  ReductionLoops &loops;
  LoopNest &nest;
  OpBuilder &b;
  Location loc;
  SmallVector<int64_t> kept, reduced;
  Type type;
  const int64_t width; // of vectors
  SmallVector<Part, 1> parts;
  Value usesLimbs; ///< of each result, or the first of its vector: whether its limbs are in use
};

class Exact final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Exact; }

  std::string obstacle(const ReductionShape &shape) const override {
    return shape.isExact ? "" : "it is not exact";
  }

  int64_t cost(const ReductionShape &) const override { return 1; }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const override {
    constexpr int64_t rowBytes = 64 * 1024;
    if (shape.isInner() && (shape.elements() > narrowLine || shape.innerKept < 0))
      return std::max<int64_t>(1, rowBytes / std::max<int64_t>(bytes, 1));
    return maxLimbBytes / (shape.blockBytes == 4 ? 8 * 11 : 8 * 68);
  }

  void emit(ReductionLoops &loops) const override { Emitter(loops).emit(); }
};

} // namespace

const Strategy &exactStrategy() {
  static const Exact strategy;
  return strategy;
}

} // namespace tsum
