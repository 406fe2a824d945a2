// SPDX-License-Identifier: Apache-2.0

#include "SplitReductions.h"

#include "tsum/Graph/SummationTree.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace tsum {

namespace {

/// Bytes of all data that is read of a piece: L1 keeps these, what is computed from them and as
/// much of the next piece. (f32, value and gradient of a mean square of a difference of 1024x4096:
/// 0.62 ms with 8 KB, 0.78 with 16; of sum(tanh(x)^2) 0.98 and 0.99.)
constexpr int64_t pieceBytes = 8 * 1024;
/// Bytes of a row for whose node it is worth while not to read it again, unless it takes long to
/// compute. (f32, of what is above the largest of each row, in one kernel beside two: 0.90 of the
/// time for rows of 1000 to 4000, 1.3 to 1.5 for 16 and 100. Of a softmax 0.4 to 0.8 for any.)
constexpr int64_t minRowBytes = 1024;
/// How many kernels a reduction may be compared with.
constexpr size_t maxCandidates = 16;

/// What a node is of: so many neighbours along dimension `dim`, and all that lies behind them; one
/// for each index of the dimensions before. A `size` of 1 is a row.
struct Part {
  int64_t dim, size;
};

/// A reduction to one result that has been taken apart.
struct Split {
  ir::ReductionOpInterface whole; ///< which nothing reads any more
  SmallVector<Value, 2> nodes;    ///< of what has no order the results
  Operation *merged = nullptr;
};

class ReductionSplitter {
public:
  explicit ReductionSplitter(const KernelPlan &plan) : plan(plan) {
    for (const PlannedKernel &kernel : plan.kernels())
      byShape[shapeOf(kernel.results.front())].push_back(&kernel);
  }

  SmallVector<Split> run() {
    SmallVector<std::pair<ir::ReductionOpInterface, Part>> found;
    for (const PlannedKernel &kernel : plan.kernels()) {
      if (kernel.lines || !shapeOf(kernel.results.front()).empty() || kernel.loops.empty())
        continue;
      llvm::SetVector<Value> inputs;
      for (Operation *op : plan.opsOf(kernel, inputs))
        if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op))
          if (std::optional<Part> part = partsOf(reduction, kernel))
            found.emplace_back(reduction, *part);
    }
    return llvm::map_to_vector(found, [](auto each) { return split(each.first, each.second); });
  }

private:
  /// Of what a node should be, if `reduction` should be taken apart.
  std::optional<Part> partsOf(ir::ReductionOpInterface reduction,
                              const PlannedKernel &kernel) const {
    const RankedTensorType type = reduction.getInput().getType();
    const std::optional<DType> dtype = ir::getDType(type.getElementType());
    if (!dtype || reduction.getExact() || reduction.getNode() || reduction.getKeepdims() ||
        type.getRank() == 0 || type.getNumElements() == 0 ||
        int64_t(reduction.getAxes().size()) != type.getRank())
      return std::nullopt;
    if (is_ordered(reduction.getOpKind(), *dtype, /*is_exact=*/false)
            ? !llvm::is_sorted(reduction.getAxes())
            : *dtype == DType::f16 || *dtype == DType::bf16) // which are rounded at the end
      return std::nullopt;
    if (const int64_t dim = dimOfRowsRead(reduction, kernel); dim >= 0 && suitRows(reduction, dim))
      return Part{dim, 1};
    const PlannedKernel *beside = kernelBeside(reduction, kernel);
    if (!beside)
      return std::nullopt;
    if (!beside->lines)
      return piecesOf(reduction, kernel, *beside);
    const int64_t dim = beside->lines->keptCount() - 1;
    return beside->lines->areRows() && dim >= 0 && suitRows(reduction, dim)
               ? std::optional(Part{dim, 1})
               : std::nullopt;
  }

  /// Pieces that caches keep, of rows that are not longer than they should be.
  static std::optional<Part> piecesOf(ir::ReductionOpInterface reduction,
                                      const PlannedKernel &kernel, const PlannedKernel &beside) {
    llvm::SmallSetVector<Value, 8> read;
    for (const PlannedKernel *each : {&kernel, &beside})
      for (Value input : each->inputs)
        if (shapeOf(input) == shapeOf(reduction.getInput()) &&
            !llvm::is_contained(beside.results, input))
          read.insert(input);
    int64_t bytes = 0; // of one element of all that is read
    for (Value input : read)
      bytes += elementBytes(input);
    bytes = std::max(bytes, elementBytes(reduction.getInput()));

    const ArrayRef<int64_t> shape = shapeOf(reduction.getInput());
    int64_t dim = 0;
    while (rowElements(shape, dim) > maxRowBytes / elementBytes(reduction.getInput()))
      ++dim;
    const int64_t rows = pieceBytes / bytes / rowElements(shape, dim);
    auto size = int64_t(llvm::bit_floor(uint64_t(std::max<int64_t>(1, rows))));
    if (dim + 1 == int64_t(shape.size()))
      size = std::max<int64_t>(size, block_elements);
    return size < shape[dim] ? std::optional(Part{dim, size}) : std::nullopt;
  }

  /// The elements of a row, which has all dimensions behind `dim`.
  static int64_t rowElements(ArrayRef<int64_t> shape, int64_t dim) {
    int64_t elements = 1;
    for (int64_t extent : shape.drop_front(dim + 1))
      elements *= extent;
    return elements;
  }

  /// Whether a kernel on rows, which have all dimensions behind `dim`, should give their nodes.
  bool suitRows(ir::ReductionOpInterface reduction, int64_t dim) const {
    const int64_t elements = rowElements(shapeOf(reduction.getInput()), dim);
    const int64_t bytes = elements * elementBytes(reduction.getInput());
    return elements > 1 && bytes <= maxRowBytes &&
           (bytes >= minRowBytes || plan.takesLong(reduction.getInput()));
  }

  /// The last dimension before rows of which `kernel` reads what another one reduces them to, rows
  /// that `reduction` takes; -1 if there are none.
  int64_t dimOfRowsRead(ir::ReductionOpInterface reduction, const PlannedKernel &kernel) const {
    const ArrayRef<int64_t> shape = shapeOf(reduction.getInput());
    for (Value input : kernel.inputs) {
      const PlannedKernel *other = plan.kernelOf(input);
      const auto kept = int64_t(shapeOf(input).size());
      if (!other || kept == 0 || kept >= int64_t(shape.size()) ||
          shapeOf(input) != shape.take_front(size_t(kept)))
        continue;
      const auto axes = llvm::to_vector(llvm::seq(kept, int64_t(shape.size())));
      if (other->loops.contains({shape, axes}) && plan.shareData(kernel, *other))
        return kept - 1;
    }
    return -1;
  }

  /// A kernel that writes something of each element, or row, that `reduction` takes, from the same
  /// data and not from its result; or null.
  const PlannedKernel *kernelBeside(ir::ReductionOpInterface reduction,
                                    const PlannedKernel &kernel) const {
    auto sameShape = byShape.find(reduction.getInput().getType().getShape());
    if (sameShape == byShape.end())
      return nullptr;
    SetVector<Operation *> readers;
    for (const PlannedKernel *other : ArrayRef(sameShape->second).take_front(maxCandidates)) {
      const bool isRead =
          llvm::any_of(other->results, [&](Value v) { return kernel.inputs.contains(v); });
      if ((!other->lines && !other->loops.empty()) || (!isRead && !plan.shareData(kernel, *other)))
        continue;
      if (readers.empty()) {
        getForwardSlice(reduction.getOperation(), &readers);
        readers.insert(reduction);
      }
      if (llvm::none_of(other->results,
                        [&](Value v) { return readers.contains(v.getDefiningOp()); }))
        return other;
    }
    return nullptr;
  }

  static Split split(ir::ReductionOpInterface whole, Part part) {
    OpBuilder b(whole);
    Location loc = whole.getLoc();
    const RankedTensorType type = whole.getInput().getType();
    const Type element = type.getElementType();
    const auto reduction =
        ir::ReductionAttr::get(b.getContext(), whole.getOpKind(), element, /*fromNodes=*/false,
                               /*toNodes=*/false, /*exact=*/false, /*divisor=*/1, element);
    const auto kept = size_t(part.dim) + 1; // dimensions, of which the last one is cut
    const auto axes = llvm::to_vector(llvm::seq(type.getRank()));
    Split split;
    split.whole = whole;
    auto addNode = [&](std::optional<int64_t> number, Type numberType) {
      IntegerAttr node = number ? b.getI64IntegerAttr(*number) : nullptr;
      if (part.size > 1) {
        const auto piece = ir::PieceAttr::get(b.getContext(), part.size, type.getDimSize(part.dim));
        SmallVector<int64_t> shape = {piece.getCount()};
        llvm::append_range(shape, type.getShape().take_front(kept - 1));
        split.nodes.push_back(ir::ReducePiecesOp::create(
            b, loc, RankedTensorType::get(shape, numberType), reduction, whole.getInput(),
            b.getDenseI64ArrayAttr(ArrayRef(axes).drop_front(kept - 1)), piece, node));
        return;
      }
      // Of rows as they are.
      Operation *row = b.clone(*whole);
      row->setAttr("axes", b.getDenseI64ArrayAttr(ArrayRef(axes).drop_front(kept)));
      if (node)
        row->setAttr("node", node);
      row->getResult(0).setType(
          RankedTensorType::get(type.getShape().take_front(kept), numberType));
      split.nodes.push_back(row->getResult(0));
    };
    if (reduction.isOrdered())
      for (auto [number, numberType] : llvm::enumerate(reduction.getNodeTypes()))
        addNode(int64_t(number), numberType);
    else
      addNode(std::nullopt, element);

    // In the order in which the dimensions nest: pieces come first, and are of the last one.
    SmallVector<int64_t> left(ArrayRef<int64_t>(axes).take_front(kept));
    if (part.size > 1)
      std::rotate(left.begin(), left.begin() + 1, left.end());
    if (reduction.isOrdered()) {
      split.merged = ir::MergeNodesOp::create(b, loc, whole->getResult(0).getType(), reduction,
                                              split.nodes, b.getDenseI64ArrayAttr(left));
    } else {
      split.merged = b.clone(*whole);
      split.merged->setOperand(0, split.nodes.front());
      split.merged->setAttr("axes", b.getDenseI64ArrayAttr(left));
    }
    whole->replaceAllUsesWith(split.merged);
    return split;
  }

  const KernelPlan &plan;
  llvm::DenseMap<ArrayRef<int64_t>, SmallVector<const PlannedKernel *, 2>> byShape;
};

/// Whether a kernel computes the nodes beside rows, or from what it knows of them.
bool isOfUse(const Split &split, const KernelPlan &plan) {
  const PlannedKernel *kernel = plan.kernelOf(split.nodes.front());
  return kernel && kernel->lines && kernel->lines->keptCount() > 0 &&
         llvm::all_of(split.nodes, [&](Value node) { return plan.kernelOf(node) == kernel; });
}

} // namespace

KernelPlan planWithSplitReductions(func::FuncOp function) {
  KernelPlan plan(function);
  const SmallVector<Split> splits = ReductionSplitter(plan).run();
  if (splits.empty())
    return plan;
  plan = KernelPlan(function);
  bool changed = false;
  for (Split split : splits) {
    if (isOfUse(split, plan))
      continue;
    split.merged->replaceAllUsesWith(split.whole);
    changed = true;
  }
  return changed ? KernelPlan(function) : std::move(plan);
}

} // namespace tsum
