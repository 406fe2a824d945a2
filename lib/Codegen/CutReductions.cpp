// SPDX-License-Identifier: Apache-2.0

#include "ChooseCut.h"

#include "tsum/Codegen/Passes.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tsum {
#define GEN_PASS_DEF_TSUMCUTREDUCTIONSPASS
#include "tsum/Codegen/Passes.h.inc"

namespace {

/// Makes two kernels of one.
class Cutter {
public:
  Cutter(func::FuncOp kernel, Cut cut) : kernel(kernel), cut(cut) {}

  /// Cuts the kernel of `launch`, among the kernels of `symbols`. Returns the launch of what comes
  /// first and that of the kernel, which reads it.
  std::pair<ir::LaunchOp, ir::LaunchOp> run(ir::LaunchOp launch, SymbolTable &symbols) {
    func::FuncOp pieces = makePieces();
    symbols.insert(pieces);
    SmallVector<unsigned> left = mergePieces(pieces);
    OpBuilder b(launch);
    auto symbolOf = [&](func::FuncOp function) {
      SymbolRefAttr whole = launch.getKernelAttr();
      return SymbolRefAttr::get(whole.getRootReference(), FlatSymbolRefAttr::get(function));
    };
    auto operandsOf = [&](ArrayRef<unsigned> arguments) {
      return llvm::map_to_vector(arguments,
                                 [&](unsigned number) { return launch.getInputs()[number]; });
    };
    auto first = ir::LaunchOp::create(b, launch.getLoc(), pieces.getResultTypes(), symbolOf(pieces),
                                      operandsOf(read));
    SmallVector<Value> inputs = first.getResults();
    llvm::append_range(inputs, operandsOf(left));
    auto second =
        ir::LaunchOp::create(b, launch.getLoc(), launch.getResultTypes(), symbolOf(kernel), inputs);
    launch.replaceAllUsesWith(second.getResults());
    launch.erase();
    return {first, second};
  }

private:
  Block &body() { return kernel.getBody().front(); }

  static void eraseDeadOps(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

  /// A function of the arguments `numbers`, and behind them none.
  static void copyArguments(func::FuncOp from, ArrayRef<unsigned> numbers, func::FuncOp to,
                            unsigned before, Block *entry, IRMapping &mapping) {
    for (auto [place, number] : llvm::enumerate(numbers)) {
      mapping.map(from.getArgument(number), entry->getArgument(before + place));
      const StringRef name = ir::TsumDialect::getStridesAttrName();
      if (Attribute strides = from.getArgAttr(number, name))
        to.setArgAttr(before + place, name, strides);
    }
  }

  /// The types of what the cut reduction gives: nodes, of what has no order its results.
  SmallVector<Type> nodeTypes() {
    if (cut.isApart)
      return llvm::map_to_vector(cut.root.getResultTypes(),
                                 [](Type type) { return getElementTypeOrSelf(type); });
    SmallVector<Type> types;
    for (Operation &op : *cut.root.getBody())
      if (auto accumulate = dyn_cast<ir::AccumulateOp>(op)) {
        if (accumulate.getReduction().hasNodes())
          llvm::append_range(types, accumulate.getReduction().getNodeTypes());
        else
          llvm::append_range(types, accumulate.getResultTypes());
      }
    return types;
  }

  /// A fill of `shape` with what changes nothing, for each of the results of a reduction.
  static Value identityTensor(OpBuilder &b, Location loc, ArrayRef<int64_t> shape, Type element,
                              Value fill, bool isError) {
    Value empty = tensor::EmptyOp::create(b, loc, shape, element);
    if (isError || fill.getType() != element) {
      Attribute value;
      const bool isOne = matchPattern(fill, m_Constant(&value)) && !isError &&
                         cast<FloatAttr>(value).getValue().isExactlyValue(1.0);
      TypedAttr neutral = b.getZeroAttr(element);
      if (isOne)
        neutral = b.getFloatAttr(element, 1.0);
      fill = arith::ConstantOp::create(b, loc, neutral);
    }
    return linalg::FillOp::create(b, loc, fill, empty).getResult(0);
  }

  /// A reduction like the root, of `inputs` by `maps`, with results of `types`; its parts are
  /// `from` nodes or elements, as `accumulate` of the root with other flags.
  linalg::GenericOp reduceLike(OpBuilder &b, ValueRange inputs, ArrayRef<AffineMap> inputMaps,
                               AffineMap resultMap, ArrayRef<utils::IteratorType> loops,
                               ArrayRef<int64_t> shape, bool fromNodes, bool toNodes,
                               IRMapping *mapping) {
    Location loc = cut.root.getLoc();
    SmallVector<ir::AccumulateOp> parts(cut.root.getBody()->getOps<ir::AccumulateOp>());
    SmallVector<Value> inits;
    SmallVector<Type> types;
    SmallVector<ir::ReductionAttr> reductions;
    unsigned output = 0;
    for (ir::AccumulateOp part : parts) {
      ir::ReductionAttr reduction = part.getReduction();
      const bool hasNodes = reduction.hasNodes();
      auto fillOp = cut.root.getDpsInits()[output].getDefiningOp<linalg::FillOp>();
      Value fill = mapping ? mapping->lookupOrDefault(fillOp.getInputs().front())
                           : b.clone(*fillOp.getInputs().front().getDefiningOp())->getResult(0);
      SmallVector<Type> elements(part.getResultTypes());
      if (hasNodes && toNodes)
        elements = llvm::to_vector_of<Type>(reduction.getNodeTypes());
      for (auto [number, element] : llvm::enumerate(elements)) {
        inits.push_back(identityTensor(b, loc, shape, element, fill, number > 0));
        types.push_back(inits.back().getType());
      }
      reductions.push_back(reduction.between(hasNodes && (fromNodes || reduction.getFromNodes()),
                                             hasNodes && (toNodes || reduction.getToNodes())));
      output += part.getNumResults();
    }
    SmallVector<AffineMap> maps(inputMaps);
    maps.append(inits.size(), resultMap);
    return linalg::GenericOp::create(
        b, loc, types, inputs, inits, maps, loops,
        [&](OpBuilder &b, Location loc, ValueRange elements) {
          ValueRange taken = elements.take_front(inputs.size());
          ValueRange outputs = elements.drop_front(inputs.size());
          IRMapping bodyMapping;
          if (mapping)
            bodyMapping = *mapping;
          if (!fromNodes) {
            for (auto [number, argument] : llvm::enumerate(cut.root.getRegionInputArgs()))
              bodyMapping.map(argument, taken[number]);
            for (Operation &op : cut.root.getBody()->without_terminator())
              if (!isa<ir::AccumulateOp>(op))
                b.clone(op, bodyMapping);
          }
          SmallVector<Value> yielded;
          for (auto [part, reduction] : llvm::zip_equal(parts, reductions)) {
            SmallVector<Value> values;
            if (!fromNodes) {
              for (Value value : part.getValues())
                values.push_back(bodyMapping.lookupOrDefault(value));
            } else {
              const size_t count = reduction.hasNodes() ? reduction.getNodeTypes().size() : 1;
              values = taken.take_front(count);
              taken = taken.drop_front(count);
              Type block = reduction.getBlockType(); // extrema of f16 were widened
              if (!reduction.hasNodes() && values.front().getType() != block)
                values = {arith::TruncFOp::create(b, loc, block, values.front())};
            }
            const size_t count = reduction.hasNodes() && reduction.getToNodes()
                                     ? reduction.getNodeTypes().size()
                                     : 1;
            auto accumulate =
                ir::AccumulateOp::create(b, loc, reduction, values, outputs.take_front(count));
            outputs = outputs.drop_front(count);
            llvm::append_range(yielded, accumulate.getResults());
          }
          linalg::YieldOp::create(b, loc, yielded);
        });
  }

  func::FuncOp makePieces() {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.omitUsesFromAbove = false; // constants that the body reads
    (void)getBackwardSlice(cut.root.getOperation(), &slice, options);
    slice = topologicalSort(slice);
    for (Value argument : body().getArguments())
      if (llvm::any_of(argument.getUsers(), [&](Operation *user) {
            return user == cut.root.getOperation() || slice.contains(user);
          }))
        read.push_back(cast<BlockArgument>(argument).getArgNumber());

    OpBuilder b(kernel);
    auto shape = cast<RankedTensorType>(cut.root.getResultTypes().front()).getShape();
    SmallVector<int64_t> nodeShape(shape);
    if (cut.piece)
      nodeShape.insert(nodeShape.begin(), cut.piece.getCount());
    SmallVector<Type> results = llvm::map_to_vector(nodeTypes(), [&](Type element) -> Type {
      return RankedTensorType::get(nodeShape, element);
    });
    SmallVector<Type> inputs = llvm::map_to_vector(
        read, [&](unsigned number) { return kernel.getArgument(number).getType(); });
    const StringRef what = cut.isApart ? "apart" : "pieces";
    auto pieces = func::FuncOp::create(b, kernel.getLoc(), (kernel.getName() + "_" + what).str(),
                                       b.getFunctionType(inputs, results));
    pieces->setAttr(ir::TsumDialect::getCutAttrName(), b.getStringAttr(what));
    Block *entry = pieces.addEntryBlock();
    IRMapping mapping;
    copyArguments(kernel, read, pieces, 0, entry, mapping);
    b.setInsertionPointToEnd(entry);
    for (Operation *op : slice)
      b.clone(*op, mapping);
    SmallVector<Value> nodes;
    if (cut.piece || cut.root.getNumResults() != results.size() ||
        !llvm::equal(cut.root.getResultTypes(), results)) {
      auto rootInputs = llvm::map_to_vector(
          cut.root.getDpsInputs(), [&](Value input) { return mapping.lookupOrDefault(input); });
      auto maps = cut.root.getIndexingMapsArray();
      auto root = reduceLike(b, rootInputs, ArrayRef(maps).take_front(rootInputs.size()),
                             maps.back(), cut.root.getIteratorTypesArray(), shape,
                             /*fromNodes=*/false, /*toNodes=*/true, &mapping);
      nodes = root.getResults();
    } else {
      nodes = b.clone(*cut.root, mapping)->getResults();
    }
    if (cut.piece)
      nodes = ir::PiecesOp::create(b, cut.root.getLoc(), TypeRange(results), cut.piece, nodes)
                  .getResults();
    func::ReturnOp::create(b, kernel.getLoc(), nodes);
    eraseDeadOps(*entry);
    return pieces;
  }

  /// Rewrites the kernel to one of the nodes and of those of its arguments whose numbers it
  /// returns.
  SmallVector<unsigned> mergePieces(func::FuncOp pieces) {
    Block &entry = body();
    const unsigned before = entry.getNumArguments();
    SmallVector<Value> nodes;
    for (Type type : pieces.getResultTypes())
      nodes.push_back(entry.addArgument(type, kernel.getLoc()));
    OpBuilder b(cut.root);
    if (cut.piece) {
      const int64_t rank = cast<RankedTensorType>(nodes.front().getType()).getRank();
      SmallVector<AffineMap> maps(nodes.size(), b.getMultiDimIdentityMap(rank));
      AffineMap kept = b.getMultiDimIdentityMap(rank).dropResult(0);
      SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
      loops.front() = utils::IteratorType::reduction;
      auto shape = cast<RankedTensorType>(cut.root.getResultTypes().front()).getShape();
      auto merged = reduceLike(b, nodes, maps, kept, loops, shape, /*fromNodes=*/true,
                               /*toNodes=*/false, nullptr);
      cut.root.replaceAllUsesWith(merged.getResults());
    } else {
      cut.root.replaceAllUsesWith(nodes);
    }
    eraseDeadOps(entry);

    // Nodes come first, then what else is read.
    SmallVector<unsigned> left;
    SmallVector<Attribute> strides;
    for (unsigned number = 0; number < before; ++number)
      if (!entry.getArgument(number).use_empty()) {
        left.push_back(number);
        strides.push_back(kernel.getArgAttr(number, ir::TsumDialect::getStridesAttrName()));
      }
    for (unsigned number : left) {
      Value moved = entry.addArgument(entry.getArgument(number).getType(), kernel.getLoc());
      entry.getArgument(number).replaceAllUsesWith(moved);
    }
    entry.eraseArguments(0, before);
    kernel.removeArgAttrsAttr();
    kernel.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), kernel.getResultTypes()));
    for (auto [place, stride] : llvm::enumerate(strides))
      if (stride)
        kernel.setArgAttr(unsigned(nodes.size() + place), ir::TsumDialect::getStridesAttrName(),
                          stride);
    return left;
  }

  func::FuncOp kernel;
  Cut cut;
  SmallVector<unsigned> read; // arguments of the kernel that the pieces are computed from
};

struct TsumCutReductionsPass final : impl::TsumCutReductionsPassBase<TsumCutReductionsPass> {
  using TsumCutReductionsPassBase::TsumCutReductionsPassBase;

  void runOnOperation() override {
    SmallVector<ir::LaunchOp> launches;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](ir::LaunchOp launch) { launches.push_back(launch); });
    SymbolTableCollection symbols;
    llvm::MapVector<func::FuncOp, SmallVector<ir::LaunchOp, 1>> kernels;
    for (ir::LaunchOp launch : launches)
      if (auto kernel = dyn_cast_or_null<func::FuncOp>(
              symbols.lookupNearestSymbolFrom(launch, launch.getKernelAttr())))
        kernels[kernel].push_back(launch);
    for (auto &[kernel, launches] : kernels) {
      // One that runs twice, which no pass makes, would be cut for both.
      if (kernel.isExternal() || kernel.getNumResults() == 0 || launches.size() > 1)
        continue;
      if (failed(ir::verifyIsTensorKernel(kernel)) ||
          failed(cut(kernel, launches.front(), symbols.getSymbolTable(kernel->getParentOp()))))
        return signalPassFailure();
    }
  }

private:
  LogicalResult cut(func::FuncOp kernel, ir::LaunchOp launch, SymbolTable &kernels) {
    FailureOr<std::optional<Cut>> place = chooseCut(kernel, strategy);
    if (failed(place) || !*place)
      return place;
    auto [first, second] = Cutter(kernel, **place).run(launch, kernels);
    if (!(*place)->isApart)
      return success();
    auto apart = kernels.lookup<func::FuncOp>(first.getKernelAttr().getLeafReference());
    return failure(failed(cut(apart, first, kernels)) || failed(cut(kernel, second, kernels)));
  }
};

} // namespace
} // namespace tsum
