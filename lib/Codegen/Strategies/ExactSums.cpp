// SPDX-License-Identifier: Apache-2.0

#include "ExactSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsum {

static Value truth(OpBuilder &b, Location loc, bool value) {
  return arith::ConstantIntOp::create(b, loc, value, 1);
}

/// What `then` gives, or `otherwise`; these have no value each, or as many as there are `types`.
static SmallVector<Value> choose(OpBuilder &b, Location loc, Value condition, TypeRange types,
                                 llvm::function_ref<SmallVector<Value>()> then,
                                 llvm::function_ref<SmallVector<Value>()> otherwise) {
  auto branch = scf::IfOp::create(b, loc, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  auto fill = [&](Block *block, llvm::function_ref<SmallVector<Value>()> values) {
    b.setInsertionPointToStart(block);
    SmallVector<Value> yielded = values();
    if (!types.empty()) // else there is a yield
      scf::YieldOp::create(b, loc, yielded);
  };
  fill(branch.thenBlock(), then);
  fill(branch.elseBlock(), otherwise);
  return branch.getResults();
}

static void ifTrue(OpBuilder &b, Location loc, Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  then();
}

ExactSums::ExactSums(ReductionLoops &loops, int64_t windowLanes, int64_t limbLanes, bool isCommon,
                     int64_t blockSize, int64_t few)
    : loops(loops), nest(loops.nest), b(loops.b), loc(loops.loc) {
  for (auto [each, value] : llvm::zip(loops.accumulators.each(), loops.values)) {
    ir::ReductionAttr reduction = each.reduction();
    Type type = reduction.getBlockType();
    Part part{ExactWindow(nest, reduction, !isa<BlockArgument>(value), windowLanes, isCommon, few),
              nest.allocate(limbLanes * words(), b.getI64Type()), nest.allocate(blockSize, type),
              nest.allocate(limbLanes, reduction.getResultType()), Value()};
    if (reduction.getFromNodes() || reduction.getToNodes())
      part.node = nest.allocate(nodeWords(), b.getI64Type());
    parts.push_back(part);
  }
  usesLimbs = nest.allocate(limbLanes, b.getI64Type());
}

ValueRange ExactSums::valuesOf(ValueRange block, size_t part) const {
  if (block.size() == 2 * parts.size()) // the extrema alone
    return block.slice(2 * part, 2);
  size_t first = 0;
  for (const Part &before : ArrayRef(parts).take_front(part))
    first += before.window.valuesOfBlock();
  return block.slice(first, parts[part].window.valuesOfBlock());
}

//===-- Limbs ---------------------------------------------------------------------------------===//

Value ExactSums::usesLimbsOf(const Lanes &lanes) {
  Value used = memref::LoadOp::create(b, loc, usesLimbs, nest.index(lanes.first));
  Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, used, none);
}

void ExactSums::setUsesLimbs(const Lanes &lanes, bool value) {
  Value constant = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  memref::StoreOp::create(b, loc, constant, usesLimbs, nest.index(lanes.first));
}

void ExactSums::clear(const Lanes &lanes) {
  for (Part &part : parts)
    part.window.clear(lanes.first, lanes.count);
  setUsesLimbs(lanes, false);
}

int64_t ExactSums::limbBytes(int64_t elementBytes) {
  return 8 * (elementBytes == 4 ? exact::Limbs<float>::words : exact::Limbs<double>::words);
}

int64_t ExactSums::words() const { return limbBytes(loops.accumulators.blockBytes()) / 8; }

int64_t ExactSums::nodeWords() const {
  return int64_t(loops.accumulators.front().nodeTypes().size());
}

void ExactSums::clearLimbs(const Lanes &lanes) {
  constexpr int64_t width = 8; // of which limbs are a multiple
  Value zeros =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(VectorType::get({width}, b.getI64Type())));
  for (Part &part : parts)
    nest.loop(lanes.results * words() / width, [&](AffineExpr iv) {
      nest.storeTo(part.limbs, lanes.first * words() + iv * width, zeros);
    });
}

void ExactSums::openLimbs(const Lanes &lanes) {
  Value isClosed = arith::XOrIOp::create(b, loc, usesLimbsOf(lanes), truth(b, loc, true));
  ifTrue(b, loc, isClosed, [&] {
    clearLimbs(lanes);
    setUsesLimbs(lanes, true);
  });
}

void ExactSums::flushIntegers(const Lanes &lanes) {
  for (Part &part : parts) {
    part.window.flush(lanes.first, lanes.count, part.limbs, lanes.first * words(),
                      lanes.areOne() ? 0 : words());
    part.window.clear(lanes.first, lanes.count);
  }
}

void ExactSums::flush(const Lanes &lanes) {
  openLimbs(lanes);
  flushIntegers(lanes);
}

void ExactSums::flushIfAny(const Lanes &lanes) {
  Value isAny = truth(b, loc, false);
  for (Part &part : parts)
    isAny = arith::OrIOp::create(b, loc, isAny, part.window.isAnyTaken(lanes.first, lanes.count));
  ifTrue(b, loc, isAny, [&] { flush(lanes); });
}

//===-- Blocks --------------------------------------------------------------------------------===//

/// Whether the windows hold the block, and what adding it gave. If they do not at first, they move
/// to where they do, if they can.
SmallVector<Value> ExactSums::tryBlock(const Lanes &lanes, const Block &block, bool isOnly) {
  auto with = [&](bool holds, ValueRange values) {
    SmallVector<Value> results = {truth(b, loc, holds)};
    llvm::append_range(results, values);
    return results;
  };
  auto ofAll = [&](ValueRange values, auto test) {
    Value all = truth(b, loc, true);
    for (auto [n, part] : llvm::enumerate(parts))
      all = arith::AndIOp::create(b, loc, all, test(part.window, valuesOf(values, n).take_back(2)));
    return all;
  };
  auto isHeld = [&](ValueRange values) {
    return ofAll(values, [&](ExactWindow &window, ValueRange extrema) {
      return window.holds(extrema, lanes.first);
    });
  };
  auto moveWindows = [&](ValueRange values) {
    if (!isOnly)
      flushIfAny(lanes);
    return ofAll(values, [&](ExactWindow &window, ValueRange extrema) {
      return window.moveTo(extrema, lanes.first);
    });
  };
  auto typesWith = [&](ValueRange values) {
    SmallVector<Type> types = {b.getI1Type()};
    llvm::append_range(types, values.getTypes());
    return types;
  };
  // Where elements are few, rows of 3 take 1.2 times as long by a loop.
  if (block.added || parts.front().window.addsDoubles()) {
    SmallVector<Value> values = block.added ? block.added() : block.add();
    SmallVector<Type> types = typesWith(values);
    return choose(
        b, loc, isHeld(values), types, [&] { return with(true, values); },
        [&] {
          return choose(
              b, loc, moveWindows(values), types, [&] { return with(true, block.add()); },
              [&] { return with(false, values); });
        });
  }
  // Twice at most, by code that is compiled once. What it gives has types once it is there.
  Value isFirst = truth(b, loc, true), isNot = truth(b, loc, false);
  auto untyped = scf::WhileOp::create(b, loc, TypeRange(), ValueRange(isFirst));
  OpBuilder::InsertionGuard guard(b);
  mlir::Block *before = b.createBlock(&untyped.getBefore(), {}, b.getI1Type(), loc);
  SmallVector<Value> values = block.add();
  Value holds = isHeld(values);
  SmallVector<Value> again = choose(
      b, loc, holds, b.getI1Type(), [&] { return SmallVector<Value>{isNot}; },
      [&] {
        Value fits = moveWindows(values);
        return SmallVector<Value>{
            arith::AndIOp::create(b, loc, fits, before->getArgument(0)).getResult()};
      });
  SmallVector<Type> types = typesWith(values);
  values.insert(values.begin(), holds);
  scf::ConditionOp::create(b, loc, again.front(), values);

  b.setInsertionPoint(untyped);
  auto loop = scf::WhileOp::create(b, loc, types, ValueRange(isFirst));
  loop.getBefore().takeBody(untyped.getBefore());
  untyped.erase();
  b.createBlock(&loop.getAfter(), {}, types, SmallVector<Location>(types.size(), loc));
  scf::YieldOp::create(b, loc, isNot);
  return loop.getResults();
}

void ExactSums::addBlock(const Lanes &lanes, const Block &block) {
  SmallVector<Value> values = tryBlock(lanes, block, /*isOnly=*/false);
  choose(
      b, loc, values.front(), TypeRange(),
      [&] {
        block.take(ArrayRef(values).drop_front());
        return SmallVector<Value>();
      },
      [&] {
        openLimbs(lanes);
        block.addToLimbs();
        return SmallVector<Value>();
      });
}

SmallVector<Value> ExactSums::resultsOf(const Block &block, const Lanes &lanes, int64_t elements) {
  SmallVector<Value> values = tryBlock(lanes, block, /*isOnly=*/true);
  return choose(
      b, loc, values.front(), resultTypes(lanes),
      [&] {
        block.take(ArrayRef(values).drop_front());
        if (canRound(elements))
          return roundFixed(lanes, elements);
        clearLimbs(lanes);
        flushIntegers(lanes);
        return roundLimbs(lanes);
      },
      [&] { return block.sum(); });
}

SmallVector<SmallVector<Value>> ExactSums::magic(AffineExpr first, int64_t width) {
  return llvm::map_to_vector(parts, [&](Part &part) { return part.window.magic(first, width); });
}

SmallVector<Value> ExactSums::emptyBlock(int64_t width) {
  SmallVector<Value> block;
  for (Part &part : parts)
    llvm::append_range(block, part.window.emptyBlock(width));
  return block;
}

SmallVector<Value> ExactSums::extremaOf(ValueRange block) {
  SmallVector<Value> extrema;
  for (size_t n = 0; n < parts.size(); ++n)
    llvm::append_range(extrema, valuesOf(block, n).take_back(2));
  return extrema;
}

SmallVector<Value> ExactSums::emptyBlockWith(ValueRange extrema, int64_t width) {
  SmallVector<Value> block;
  for (auto [n, part] : llvm::enumerate(parts)) {
    llvm::append_range(block, ValueRange(part.window.emptyBlock(width)).drop_back(2));
    llvm::append_range(block, valuesOf(extrema, n));
  }
  return block;
}

SmallVector<Value> ExactSums::add(ValueRange block, ValueRange elements,
                                  ArrayRef<SmallVector<Value>> magic) {
  SmallVector<Value> sums;
  for (auto [n, part] : llvm::enumerate(parts))
    llvm::append_range(sums, part.window.add(valuesOf(block, n), elements[n], magic[n]));
  return sums;
}

void ExactSums::take(ValueRange block, Value additions, AffineExpr first, bool isOnly) {
  for (auto [n, part] : llvm::enumerate(parts))
    part.window.take(valuesOf(block, n).drop_back(2), additions, first, isOnly);
}

void ExactSums::takeTogether(ValueRange block, Value additions, int64_t elements,
                             AffineExpr place) {
  for (auto [n, part] : llvm::enumerate(parts))
    part.window.takeTogether(valuesOf(block, n).drop_back(2), additions, elements, place);
}

void ExactSums::takeLines(ArrayRef<SmallVector<Value>> blocks, Value additions, AffineExpr first) {
  for (auto [n, part] : llvm::enumerate(parts))
    part.window.takeLines(
        llvm::map_to_vector(
            blocks,
            [&](const auto &block) { return llvm::to_vector(valuesOf(block, n).drop_back(2)); }),
        additions, first);
}

//===-- Collected elements --------------------------------------------------------------------===//

Value ExactSums::collect(ValueRange elements, Value place) {
  int64_t width = 0;
  for (auto [part, values] : llvm::zip_equal(parts, elements)) {
    width = cast<VectorType>(values.getType()).getDimSize(0);
    nest.withPlace(place, [&](AffineExpr at) { nest.storeTo(part.elements, at, values); });
  }
  return arith::AddIOp::create(b, loc, place, arith::ConstantIndexOp::create(b, loc, width));
}

void ExactSums::addCollected(Value end, const Lanes &lanes) {
  Value begin = nest.index(nest.constant(0));
  for (Part &part : parts)
    ir::LimbsOp::create(b, loc, "add", cast<MemRefType>(part.elements.getType()).getElementType(),
                        {part.limbs, part.elements, part.elements},
                        {nest.index(lanes.first * words()), begin, end},
                        {lanes.count, lanes.areOne() ? 0 : words()});
}

void ExactSums::sumCollected(int64_t results, int64_t elements, int64_t step, int64_t resultStep,
                             AffineExpr first) {
  for (auto [part, each] : llvm::zip_equal(parts, loops.accumulators.each())) {
    ir::ReductionAttr reduction = each.reduction();
    ir::LimbsOp::create(b, loc, "sum", reduction.getBlockType(), {part.elements, part.rounded},
                        {nest.index(nest.constant(0)), nest.index(first)},
                        {results, elements, step, resultStep, reduction.getDivisor(),
                         static_cast<int64_t>(roundingOf(reduction))});
  }
}

SmallVector<Value> ExactSums::collectedSums(int64_t results) {
  return llvm::map_to_vector(
      parts, [&](Part &part) { return nest.loadFrom(part.rounded, nest.constant(0), results); });
}

//===-- Results -------------------------------------------------------------------------------===//

SmallVector<Type> ExactSums::resultTypes(const Lanes &lanes) {
  return llvm::map_to_vector(nest.generic.getDpsInits(), [&](Value output) -> Type {
    return VectorType::get({lanes.results}, getElementTypeOrSelf(output));
  });
}

bool ExactSums::canRound(int64_t elements) const {
  return ExactWindow::canRound(loops.accumulators.front().blockTypes().front(), elements);
}

SmallVector<Value> ExactSums::roundFixed(const Lanes &lanes, int64_t elements) {
  SmallVector<Value> results;
  for (auto [part, each] : llvm::zip_equal(parts, loops.accumulators.each()))
    results.push_back(
        part.window.round(lanes.first, lanes.count, lanes.areOne(), elements, each.reduction()));
  return results;
}

SmallVector<Value> ExactSums::roundLimbs(const Lanes &lanes) {
  SmallVector<Value> results;
  for (auto [part, each] : llvm::zip_equal(parts, loops.accumulators.each())) {
    ir::ReductionAttr reduction = each.reduction();
    ir::LimbsOp::create(
        b, loc, "round", reduction.getBlockType(), {part.limbs, part.rounded},
        {nest.index(lanes.first * words()), nest.index(nest.constant(0))},
        {lanes.results, reduction.getDivisor(), static_cast<int64_t>(roundingOf(reduction))});
    results.push_back(nest.loadFrom(part.rounded, nest.constant(0), lanes.results));
  }
  return results;
}

void ExactSums::storeNodes(const Lanes &lanes, int64_t laneDim) {
  flush(lanes);
  const AffineExpr start = laneDim < 0 ? nest.constant(0) : nest.position[laneDim];
  nest.loop(lanes.results, [&](AffineExpr lane) {
    if (laneDim >= 0)
      nest.position[laneDim] = start + lane;
    SmallVector<Value> words;
    for (Part &part : parts) {
      ir::LimbsOp::create(
          b, loc, "store_node", loops.accumulators.front().blockTypes().front(),
          {part.limbs, part.node},
          {nest.index((lanes.first + lane) * this->words()), nest.index(nest.constant(0))},
          ArrayRef<int64_t>());
      for (int64_t word = 0; word < nodeWords(); ++word)
        words.push_back(nest.loadFrom(part.node, nest.constant(word), 1));
    }
    nest.store(words, LaneTile{});
  });
}

void ExactSums::addNodes(ValueRange words) {
  for (Part &part : parts) {
    for (int64_t word = 0; word < nodeWords(); ++word)
      nest.storeTo(part.node, nest.constant(word), words[word]);
    words = words.drop_front(nodeWords());
    Value first = nest.index(nest.constant(0));
    ir::LimbsOp::create(b, loc, "add_node", loops.accumulators.front().blockTypes().front(),
                        {part.limbs, part.node}, {first, first}, ArrayRef<int64_t>());
  }
}

SmallVector<Value> ExactSums::results(const Lanes &lanes, int64_t elements) {
  auto fromLimbs = [&] {
    flush(lanes);
    return roundLimbs(lanes);
  };
  if (!canRound(elements))
    return fromLimbs();
  return choose(b, loc, usesLimbsOf(lanes), resultTypes(lanes), fromLimbs,
                [&] { return roundFixed(lanes, elements); });
}

} // namespace tsum
