// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tsum {

/// A line of so few elements side by side is loaded in whole vectors of several lines, out of which
/// those of each place are shuffled.
constexpr int64_t narrowLine = 8;

/// The elements that a vector holds: `rows` neighbours along dimension `rowDim`, of each the next
/// `columns` along the innermost dimension. Rows follow one another in the vector; or, if
/// `evenFirst`, elements with even numbers precede those with odd ones.
struct LaneTile {
  int64_t rowDim = -1;
  int64_t rows = 1;
  int64_t columns = 1;
  bool evenFirst = false;
  /// Of how many rows there are elements, if not of all: the lanes of the others hold zeros. Only
  /// of tiles that `loadsPartly`.
  int64_t present = 0;

  int64_t size() const { return rows * columns; }

  /// The lane that holds an element.
  int64_t laneOf(int64_t element) const {
    return evenFirst ? element / 2 + (element % 2) * (size() / 2) : element;
  }
};

/// Writes loops over the iteration space of a linalg.generic on buffers, and its body on vectors
/// inside them.
///
/// `position` is where in the iteration space the code at the insertion point works: an affine
/// expression for each dimension, in the induction variables of the loops around it, or in minima
/// of them.
class LoopNest {
public:
  LoopNest(mlir::OpBuilder &builder, mlir::linalg::GenericOp generic);

  mlir::OpBuilder &b;
  const mlir::Location loc;
  mlir::linalg::GenericOp generic;
  const llvm::SmallVector<int64_t> extents;
  const llvm::SmallVector<mlir::utils::IteratorType> kinds;
  llvm::SmallVector<mlir::AffineExpr> position;

  int64_t rank() const { return extents.size(); }
  bool isReduced(int64_t dim) const { return kinds[dim] == mlir::utils::IteratorType::reduction; }
  mlir::AffineExpr constant(int64_t value) { return b.getAffineConstantExpr(value); }

  /// Of a dimension whose extent is known at run time only: that extent.
  mlir::Value extentOf(int64_t dim);

  // Loops.

  using Body =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::AffineExpr, mlir::ValueRange)>;

  /// Emits `body` for 0 <= iv < count, in a loop if count > 1, carrying values from one iteration
  /// to the next.
  llvm::SmallVector<mlir::Value> loop(int64_t count, mlir::ValueRange carried, Body body);
  void loop(int64_t count, llvm::function_ref<void(mlir::AffineExpr)> body);

  /// The same for a count that is known at run time only.
  llvm::SmallVector<mlir::Value> loop(mlir::Value count, mlir::ValueRange carried, Body body);
  void loop(mlir::Value count, llvm::function_ref<void(mlir::AffineExpr)> body);

  /// Emits `body` with an expression for a value that is known at run time only.
  void withPlace(mlir::Value value, llvm::function_ref<void(mlir::AffineExpr)> body);

  /// Loops over the given dimensions, outermost first, carrying values.
  llvm::SmallVector<mlir::Value>
  overDims(llvm::ArrayRef<int64_t> dims, mlir::ValueRange carried,
           llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> body);

  /// Vectors of one width, a power of two, that cover a dimension. Where they do not divide the
  /// extent, the last one begins earlier: what it has in common with the one before is computed
  /// twice, to the same values.
  struct Cover {
    int64_t width, count;
  };

  /// Covers `dim` with vectors of at most `mostBytes`, for elements of `elementBytes`.
  Cover cover(int64_t dim, int64_t mostBytes, int64_t elementBytes) const;

  /// Covers `dim` with steps of `width` and a shorter last one, whose widths `body` gets.
  void overSteps(int64_t dim, int64_t width, llvm::function_ref<void(int64_t)> body);

  /// Emits `body` at each vector along `dim`, with its number.
  void overVectors(int64_t dim, Cover vectors, llvm::function_ref<void(mlir::AffineExpr)> body);

  /// Works inside the loops around the insertion point of another nest.
  void workIn(const LoopNest &other) { ivs = other.ivs; }

  /// A place as a value.
  mlir::Value index(mlir::AffineExpr place);

  // The body.

  /// Bytes of the widest value that the body computes.
  int64_t widestElement();

  /// About how many instructions the body takes for each register of elements, loads included.
  int64_t instructions();

  /// Gives the elements of the inputs in place of memory, if there is one.
  std::function<llvm::SmallVector<mlir::Value>(const LaneTile &)> source;

  /// The values `scalars` of the body, computed for the elements of `tile` at the current position.
  llvm::SmallVector<mlir::Value> evaluate(mlir::ValueRange scalars, const LaneTile &tile);

  // Memory, in LoopNestMemory.cpp.

  /// Elements between neighbours along `dim`: 0 if `operand` does not extend along it.
  int64_t stride(mlir::OpOperand &operand, int64_t dim);

  /// Whether all inputs give the elements of `tile` without a load for each, if `tile` has a power
  /// of two of them.
  bool loadsVectors(const LaneTile &tile);

  /// Whether inputs give some elements of `tile`, a single column, by one load that leaves out the
  /// others.
  bool loadsPartly(const LaneTile &tile);

  /// Whether the elements of `tile` are neighbours that the body extends from 16 to 32 bits, as
  /// those of bf16: a mask and a shift make two registers of one, the even elements and the odd
  /// ones, where lanes in order take a shuffle and a shift each.
  bool extendsHalves(const LaneTile &tile);

  /// Where loads of neighbours ask memory for others as well: so many places further along `dim`,
  /// if there is one.
  struct Prefetch {
    int64_t dim = -1, distance = 0;
  };
  Prefetch prefetched;

  /// Outputs whose stores, of whole cache lines, go past the caches. They must be aligned to lines.
  llvm::SmallPtrSet<mlir::OpOperand *, 2> streamed;

  /// `count` neighbours along `dim` from the position on, or the first `present` of them.
  mlir::Value loadLine(mlir::OpOperand &operand, int64_t dim, int64_t count, int64_t present = 0);

  /// Stores one vector to each output.
  void store(mlir::ValueRange values, const LaneTile &tile);

  /// A buffer of `size` elements on the stack, for as long as the kernel runs.
  mlir::Value allocate(int64_t size, mlir::Type type);
  mlir::Value loadFrom(mlir::Value buffer, mlir::AffineExpr index, int64_t lanes);
  void storeTo(mlir::Value buffer, mlir::AffineExpr index, mlir::Value value);

private:
  mlir::Value indexLanes(int64_t dim, const LaneTile &tile);
  mlir::Value extendEvenFirst(mlir::Value halves);

  mlir::AffineMap indicesOf(mlir::OpOperand &operand);
  std::optional<llvm::SmallVector<mlir::Value>> indexValues(mlir::AffineMap indices);
  mlir::Value loadVector(mlir::Value buffer, mlir::AffineMap indices, int64_t count);
  void storeVector(mlir::Value value, mlir::Value buffer, mlir::AffineMap indices);
  mlir::Value load(mlir::OpOperand &operand, const LaneTile &tile);
  void store(mlir::Value value, mlir::OpOperand &operand, const LaneTile &tile);
  void prefetchNextTile(mlir::OpOperand &operand, int64_t count);
  void prefetchAhead(mlir::OpOperand &operand, int64_t count);
  void prefetch(mlir::OpOperand &operand, llvm::ArrayRef<mlir::AffineExpr> place, int64_t count);
  mlir::Value loadContiguous(mlir::OpOperand &operand, int64_t count);
  mlir::Value loadPartly(mlir::OpOperand &operand, int64_t count, int64_t present);
  mlir::Value deinterleave(mlir::OpOperand &operand, int64_t count);
  mlir::Value loadStrided(mlir::OpOperand &operand, int64_t dim, int64_t count);
  bool isInterleaved(mlir::OpOperand &operand, int64_t dim);

  /// Of the loops around the insertion point, and minima of them.
  llvm::SmallVector<mlir::Value> ivs;
};

} // namespace tsum
