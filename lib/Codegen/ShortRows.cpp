// SPDX-License-Identifier: Apache-2.0
//
// Elementwise ops on short rows, such as the colors of pixels:
//
//   for each group of as many rows as a vector has lanes
//     load what has one element for each row        // one vector
//     for each vector of the group, as many as a row has elements
//       shuffle of that each element as often as a row has it here
//       the body
//
// What has one element for each column repeats with the vectors of each group: it is loaded and
// shuffled before the loop.

#include "ShortRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsum {

namespace {

/// Whether `generic` shifts bits by numbers of other elements: LLVM 22 does not come to an end with
/// shifts of bytes by what is shuffled.
bool shiftsByElements(linalg::GenericOp generic) {
  return llvm::any_of(*generic.getBody(), [](Operation &op) {
    return isa<arith::ShLIOp, arith::ShRSIOp, arith::ShRUIOp>(op) &&
           !matchPattern(op.getOperand(1), m_Constant());
  });
}

class ShortRows {
public:
  explicit ShortRows(LoopNest &nest) : nest(nest), rowDim(nest.rank() - 2) {}

  /// Whether rows are short, and where all operands lie so that this pays.
  bool match(bool isInPlace) {
    constexpr int64_t registerBytes = 32; // AVX2's, as for Cover
    constexpr int64_t vectorBytes = 64, fewestRows = 4, mostCode = 256;
    if (rowDim < 0 || llvm::any_of(nest.extents, ShapedType::isDynamic))
      return false;
    const int64_t element = nest.widestElement();
    if (columns() < 2 ||
        nest.cover(nest.rank() - 1, vectorBytes, element).width * element >= registerBytes ||
        columns() * nest.instructions() > mostCode || shiftsByElements(nest.generic) ||
        !nest.generic.getBody()->getOps<linalg::IndexOp>().empty())
      return false;
    groups = nest.cover(rowDim, vectorBytes, element);
    // What is overwritten cannot be computed twice, as where the last group begins earlier.
    while (isInPlace && nest.extents[rowDim] % groups.width != 0)
      groups = {groups.width / 2, nest.extents[rowDim] / (groups.width / 2)};
    auto isDenseOutput = [&](OpOperand &operand) { return isDense(operand); };
    auto isKnownInput = [&](OpOperand *operand) {
      return isDense(*operand) || isOfRows(*operand) || isOfColumns(*operand);
    };
    return groups.width >= fewestRows &&
           llvm::all_of(nest.generic.getDpsInitsMutable(), isDenseOutput) &&
           llvm::all_of(nest.generic.getDpsInputOperands(), isKnownInput);
  }

  void emit() {
    SmallVector<int64_t> outer = llvm::to_vector(llvm::seq(rowDim));
    nest.overDims(outer, {}, [&](ValueRange) -> SmallVector<Value> {
      nest.position.back() = nest.constant(0);
      emitRows();
      return {};
    });
  }

private:
  int64_t columns() const { return nest.extents.back(); }
  int64_t lanes() const { return groups.width; }

  bool isDense(OpOperand &operand) {
    return nest.stride(operand, nest.rank() - 1) == 1 && nest.stride(operand, rowDim) == columns();
  }
  bool isOfRows(OpOperand &operand) { return nest.stride(operand, nest.rank() - 1) == 0; }
  bool isOfColumns(OpOperand &operand) { return nest.stride(operand, rowDim) == 0; }

  void emitRows() {
    // What each group takes its lanes from: nothing of what is dense.
    const auto inputs = nest.generic.getDpsInputOperands();
    SmallVector<Value> ofColumns(inputs.size());
    for (auto [number, operand] : llvm::enumerate(inputs))
      if (!isDense(*operand) && !isOfRows(*operand))
        ofColumns[number] = nest.loadLine(*operand, nest.rank() - 1, columns());
    nest.overVectors(rowDim, groups, [&](AffineExpr) {
      SmallVector<Value> ofGroup = ofColumns;
      for (auto [number, operand] : llvm::enumerate(inputs))
        if (!isDense(*operand) && isOfRows(*operand))
          ofGroup[number] = nest.loadLine(*operand, rowDim, lanes());
      for (int64_t vector = 0; vector < columns(); ++vector)
        emitVector(vector * lanes(), inputs, ofGroup);
    });
    nest.source = nullptr;
  }

  /// The elements of a group from its number `first` on.
  void emitVector(int64_t first, ArrayRef<OpOperand *> inputs, ArrayRef<Value> ofGroup) {
    // Behind the end of a row the next one begins.
    nest.position.back() = nest.constant(first);
    nest.source = [&](const LaneTile &tile) {
      SmallVector<Value> values;
      for (auto [operand, known] : llvm::zip_equal(inputs, ofGroup)) {
        if (!known) {
          values.push_back(nest.loadLine(*operand, nest.rank() - 1, tile.size()));
          continue;
        }
        auto places = llvm::map_to_vector(llvm::seq(tile.size()), [&](int64_t lane) {
          const int64_t element = first + lane;
          return isOfRows(*operand) ? element / columns() : element % columns();
        });
        values.push_back(vector::ShuffleOp::create(nest.b, nest.loc, known, known, places));
      }
      return values;
    };
    const LaneTile tile{/*rowDim=*/-1, 1, lanes()};
    nest.store(nest.evaluate(nest.generic.getBody()->getTerminator()->getOperands(), tile), tile);
    nest.position.back() = nest.constant(0);
  }

  LoopNest &nest;
  const int64_t rowDim;
  LoopNest::Cover groups{};
};

} // namespace

bool emitShortRows(LoopNest &nest, bool isInPlace) {
  ShortRows rows(nest);
  if (!rows.match(isInPlace))
    return false;
  rows.emit();
  return true;
}

} // namespace tsum
