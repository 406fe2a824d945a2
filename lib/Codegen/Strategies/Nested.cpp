// SPDX-License-Identifier: Apache-2.0
//
// Nodes of short lines, which one loop folds and merges as memory has them. Along the line of the
// nodes:
//
//   for each result
//     for each 16 lines
//       fold them, merge the 16 nodes, merge theirs with those before
//
// And where columns of nodes are kept:
//
//   for each 8 lines of the nodes
//     for each of them, and each 16 columns
//       fold the lines
//     merge the nodes of the 8, merge theirs with those before

#include "NodeTree.h"
#include "ShortLines.h"
#include "Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tsum {

namespace {

/// A part of what another op gives, without dimensions that were dropped.
OffsetSizeAndStrideOpInterface viewOf(Value value) {
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>())
    return slice.getSourceType().getRank() == slice.getType().getRank() && slice.hasUnitStride()
               ? slice
               : OffsetSizeAndStrideOpInterface();
  auto view = value.getDefiningOp<memref::SubViewOp>();
  return view && view.getSourceType().getRank() == view.getType().getRank() && view.hasUnitStride()
             ? view
             : OffsetSizeAndStrideOpInterface();
}

/// The buffer that `value` is a part of, or is.
Value baseOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

Value sourceOf(Value value) {
  auto view = viewOf(value);
  return view ? view->getOperand(0) : value;
}

/// Whether `user` has `value` for its shape only.
bool takesShapeOf(Operation *user, Value value) {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  return generic && llvm::all_of(generic->getOpOperands(), [&](OpOperand &operand) {
           return operand.get() != value ||
                  (generic.isDpsInput(&operand) &&
                   generic.getMatchingBlockArgument(&operand).use_empty());
         });
}

/// Whether nobody but `reader` reads what `giver` writes to `value`. Others may have it before, or
/// after it is filled anew.
bool isReadBy(Value value, linalg::GenericOp giver, linalg::GenericOp reader) {
  auto isFilledBefore = [&](Operation *user) {
    return llvm::any_of(value.getUsers(), [&](Operation *fill) {
      return isa<linalg::FillOp>(fill) && fill->getBlock() == reader->getBlock() &&
             reader->isBeforeInBlock(fill) && fill->isBeforeInBlock(user);
    });
  };
  auto mayUse = [&](Operation *user) {
    if (user == giver || user == reader || isa<linalg::FillOp, memref::DeallocOp>(user) ||
        takesShapeOf(user, value))
      return true;
    // Some are loops already.
    Operation *beside = reader->getBlock()->findAncestorOpInBlock(*user);
    return isa<MemRefType>(value.getType()) && beside &&
           (beside->isBeforeInBlock(giver) || isFilledBefore(beside));
  };
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    const bool isView = user->getNumResults() == 1 && viewOf(user->getResult(0));
    return isView ? llvm::all_of(user->getUsers(), mayUse) : mayUse(user);
  });
}

/// The reduction before `nodes` that writes to `value`, which is a buffer, or gives it.
linalg::GenericOp giverOf(Value value, linalg::GenericOp nodes) {
  if (isa<TensorType>(value.getType()))
    return value.getDefiningOp<linalg::GenericOp>();
  linalg::GenericOp giver;
  if (isa_and_nonnull<memref::AllocaOp, memref::AllocOp>(value.getDefiningOp()))
    for (Operation *user : value.getUsers())
      if (auto generic = dyn_cast<linalg::GenericOp>(user);
          generic && llvm::is_contained(generic.getOutputs(), value) &&
          generic->getBlock() == nodes->getBlock() && generic->isBeforeInBlock(nodes) &&
          (!giver || giver->isBeforeInBlock(generic)))
        giver = generic;
  return giver;
}

/// The lines whose nodes a loop nest merges: evaluated in its loops.
class Lines {
public:
  Lines(LoopNest &nodes, linalg::GenericOp generic)
      : nodes(nodes), nest(nodes.b, generic), loops(nest, *Accumulators::of(generic)),
        lines(loops, ShortLines::atOnce), operand(*nodes.generic.getDpsInputOperand(0)) {
    for (OpOperand *input : nodes.generic.getDpsInputOperands())
      outputs.push_back(llvm::find(generic.getOutputs(), sourceOf(input->get())) -
                        generic.getOutputs().begin());
  }

  /// Emits `body`, in which the nest's inputs are the nodes of lines.
  void within(llvm::function_ref<void()> body) {
    SmallVector<OpFoldResult> begin;
    if (auto view = viewOf(operand.get()))
      begin = view.getMixedOffsets();
    offsets.assign(rank(), nodes.constant(0));
    place(begin, 0, [&] {
      nodes.source = [this](const LaneTile &tile) { return nodesAt(tile); };
      body();
      nodes.source = nullptr;
    });
  }

  /// About how many instructions a vector of nodes takes.
  int64_t instructions() {
    return isNarrow({loops.kept.back(), ShortLines::atOnce, 1})
               ? 4 * nest.extents[loops.line] * nest.instructions()
               : lines.instructions(ShortLines::atOnce);
  }

private:
  AffineMap results() { return nest.generic.getIndexingMapsArray().back(); }
  int64_t rank() { return results().getNumResults(); }

  /// The dimension of the lines that dimension `dim` of the nodes is.
  int64_t lineDim(int64_t dim) {
    const AffineMap map = nodes.generic.getMatchingIndexingMap(&operand);
    for (int64_t place = 0; place < rank(); ++place)
      if (map.getDimPosition(place) == dim)
        return results().getDimPosition(place);
    return loops.kept.back();
  }

  void place(ArrayRef<OpFoldResult> begin, size_t dim, llvm::function_ref<void()> body) {
    if (dim == begin.size())
      return body();
    Value value = getValueOrCreateConstantIndexOp(nodes.b, nodes.loc, begin[dim]);
    nodes.withPlace(value, [&](AffineExpr offset) {
      offsets[dim] = offset;
      place(begin, dim + 1, body);
    });
  }

  /// Whether a few elements a line are shuffled out of whole loads.
  bool isNarrow(const LaneTile &tile) {
    return tile.size() > 1 && tile.present == 0 && nest.extents[loops.line] <= narrowLine - 2 &&
           nest.loadsVectors(tile);
  }

  SmallVector<Value> nodesAt(const LaneTile &tile) {
    nest.workIn(nodes);
    const AffineMap map = nodes.generic.getMatchingIndexingMap(&operand);
    for (int64_t dim = 0; dim < rank(); ++dim)
      nest.position[results().getDimPosition(dim)] =
          offsets[dim] + nodes.position[map.getDimPosition(dim)];
    const int64_t count = tile.size();
    const LaneTile across{lineDim(tile.columns > 1 ? nodes.rank() - 1 : tile.rowDim), count, 1,
                          false, tile.present};
    SmallVector<Value> blocks =
        isNarrow(across) ? foldNarrowLines(loops, across)
                         : lines.fold(across.rowDim, count, tile.present ? tile.present : count);
    SmallVector<Value> given = loops.accumulators.finish(
        nest.b, nest.loc, loops.accumulators.toNodes(nest.b, nest.loc, blocks));
    return llvm::map_to_vector(outputs, [&](size_t output) { return given[output]; });
  }

  LoopNest &nodes, nest;
  ReductionLoops loops;
  ShortLines lines;
  OpOperand &operand;          ///< of the nodes, as all are
  SmallVector<size_t> outputs; ///< of the lines, that the nodes read
  SmallVector<AffineExpr> offsets;
};

class Nested final : public Strategy {
public:
  ir::Strategy kind() const override { return ir::Strategy::Nested; }

  std::string obstacle(const ReductionShape &shape) const override {
    if (!shape.takesNodes)
      return "it merges no nodes";
    return shape.mergesLines ? "" : "it merges nodes of other things than short lines of its own";
  }

  /// Of fewer lines side by side, nodes go through memory as fast.
  int64_t cost(const ReductionShape &shape) const override {
    constexpr int64_t few = 12;
    return (shape.isInner() ? shape.elements() : shape.columns()) < few ? 2 : 0;
  }

  int64_t resultsPerTile(const ReductionShape &shape, int64_t bytes) const override {
    constexpr int64_t tileBytes = 8 * 1024, columns = 256;
    return shape.isInner() ? std::max<int64_t>(1, tileBytes / std::max<int64_t>(bytes, 1))
                           : columns;
  }

  void emit(ReductionLoops &loops) const override {
    Lines lines(loops.nest, linesOf(loops.nest.generic));
    lines.within([&] {
      if (loops.isInner())
        emitAlong(loops, lines);
      else
        loops.overOuterKept([&] { emitColumns(loops); });
    });
  }

private:
  static void emitAlong(ReductionLoops &loops, Lines &lines) {
    constexpr int64_t instructions = 512, vectorsAtOnce = 16, width = NodeTree::nodesOfVector;
    const int64_t most = std::clamp<int64_t>(instructions / lines.instructions(), 2, vectorsAtOnce);
    NodeTree tree(loops, width * int64_t(llvm::bit_floor(uint64_t(most))), width * most,
                  /*isPartial=*/true);
    loops.nest.overDims(loops.kept, {}, [&](ValueRange) -> SmallVector<Value> {
      loops.storeResults(tree.line({loops.line, width, 1}), {-1, 1, 1});
      return {};
    });
  }

  static void emitColumns(ReductionLoops &loops) {
    LoopNest &nest = loops.nest;
    OpBuilder &b = loops.b;
    constexpr int64_t vector = ShortLines::atOnce;
    const int64_t dim = nest.rank() - 1, count = nest.extents[dim];
    const auto room = int64_t(llvm::alignTo(uint64_t(count), vector));
    // The nodes of some lines are merged at once, as the tree below a node of theirs, in L1. Behind
    // the last column there is room that nobody fills or reads.
    const int64_t most = std::max<int64_t>(1, loops.mostElements());
    const auto lines = std::min<int64_t>(8, int64_t(llvm::bit_ceil(uint64_t(most))));
    const SmallVector<Value> nodes = loops.allocate(loops.accumulators.nodeTypes(), lines * room);
    NodeStack stack(loops, llvm::divideCeil(most, lines), room);
    Value size = arith::ConstantIndexOp::create(b, loops.loc, lines);
    Value all = loops.countOf(1);
    Value groups = b.createOrFold<arith::CeilDivUIOp>(loops.loc, all, size);
    nest.loop(groups, [&](AffineExpr number) {
      Value first = nest.index(number * lines);
      Value left = arith::SubIOp::create(b, loops.loc, all, first);
      Value there = arith::MinUIOp::create(b, loops.loc, left, size);
      nest.loop(there, [&](AffineExpr line) {
        nest.overSteps(dim, vector, [&](int64_t columns) {
          const auto width = int64_t(llvm::bit_ceil(uint64_t(columns)));
          nest.position[loops.line] = number * lines + line;
          loops.store(loops.elements({-1, 1, width, false, columns < width ? columns : 0}), nodes,
                      line * room + nest.position[dim]);
        });
      });
      Value missing = arith::SubIOp::create(b, loops.loc, size, there);
      nest.withPlace(there, [&](AffineExpr end) {
        nest.loop(missing, [&](AffineExpr line) {
          nest.loop(room / vector, [&](AffineExpr column) {
            loops.store(loops.accumulators.neutralNodes(b, loops.loc, vector), nodes,
                        (end + line) * room + column * vector);
          });
        });
      });
      Value level = stack.levelOf(nest.index(number));
      nest.withPlace(level, [&](AffineExpr top) {
        nest.loop(room / vector, [&](AffineExpr column) {
          SmallVector<Value> node = loops.mergeTree(lines, [&](int64_t line) {
            return loops.load(nodes, column * vector + line * room, vector);
          });
          node = nest.loop(level, node, [&](AffineExpr below, ValueRange right) {
            SmallVector<Value> left =
                loops.load(stack.buffers, stack.at(below, column * vector), vector);
            return loops.accumulators.merge(b, loops.loc, left, right);
          });
          loops.store(node, stack.buffers, stack.at(top, column * vector));
        });
      });
    });
    const auto width = int64_t(llvm::bit_floor(uint64_t(std::min(count, ShortLines::atOnce))));
    nest.overVectors(dim, {width, int64_t(llvm::divideCeil(count, width))}, [&](AffineExpr) {
      loops.storeResults(stack.total(groups, nest.position[dim], width), {-1, 1, width});
    });
  }
};

} // namespace

linalg::GenericOp linesOf(linalg::GenericOp nodes) {
  linalg::GenericOp lines;
  SmallVector<OpFoldResult> begin;
  for (OpOperand *input : nodes.getDpsInputOperands()) {
    linalg::GenericOp giver = giverOf(sourceOf(input->get()), nodes);
    auto view = viewOf(input->get());
    SmallVector<OpFoldResult> offsets = view ? view.getMixedOffsets() : SmallVector<OpFoldResult>();
    if (!giver || (lines && (giver != lines || offsets != begin)))
      return {};
    lines = giver;
    begin = offsets;
  }
  if (!lines || lines->getBlock() != nodes->getBlock() || lines.getNumReductionLoops() != 1 ||
      lines.getIteratorTypesArray().back() != utils::IteratorType::reduction)
    return {};
  auto areEqual = [](auto operands, linalg::GenericOp generic) {
    return llvm::all_equal(llvm::map_range(
        operands, [&](OpOperand *operand) { return generic.getMatchingIndexingMap(operand); }));
  };
  SmallVector<OpOperand *> outputs;
  for (OpOperand &output : lines.getDpsInitsMutable())
    outputs.push_back(&output);
  if (!areEqual(outputs, lines) || !areEqual(nodes.getDpsInputOperands(), nodes))
    return {};
  const bool isTensor = lines->getNumResults() > 0;
  const ValueRange given = isTensor ? ValueRange(lines->getResults()) : lines.getOutputs();
  if (!llvm::all_of(given, [&](Value value) { return isReadBy(value, lines, nodes); }))
    return {};
  return lines;
}

bool mayNest(linalg::GenericOp lines, linalg::GenericOp nodes) {
  auto isRead = [&](Value written) {
    return llvm::any_of(lines.getInputs(),
                        [&](Value read) { return baseOf(read) == baseOf(written); });
  };
  for (Operation *op = lines->getNextNode(); op != nodes; op = op->getNextNode()) {
    auto writer = dyn_cast<linalg::LinalgOp>(op);
    if (writer ? llvm::any_of(writer.getDpsInits(), isRead)
               : !isa<memref::AllocaOp, memref::AllocOp>(op) && !isPure(op))
      return false;
  }
  return llvm::none_of(nodes.getOutputs(), isRead);
}

const Strategy &nestedStrategy() {
  static const Nested strategy;
  return strategy;
}

} // namespace tsum
