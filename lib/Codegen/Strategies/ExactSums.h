// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ReductionLoops.h"

#include "../ExactWindow.h"

namespace tsum {

/// The exact sums of some results side by side, of each value of a reduction's body: integers for
/// what the windows hold, and limbs for all else.
class ExactSums {
public:
  /// Of so many lanes; `limbLanes` is as many, or 1 where all lanes are of one result. `isCommon`
  /// says that all lanes share their window. Blocks, or what of them is collected at a time, have
  /// up to `blockSize` elements; those of a result are one block, of a `few` elements, unless that
  /// is 0.
  ExactSums(ReductionLoops &loops, int64_t windowLanes, int64_t limbLanes, bool isCommon,
            int64_t blockSize, int64_t few = 0);

  /// A vector of the lanes.
  struct Lanes {
    mlir::AffineExpr first;
    int64_t count;
    int64_t results; ///< as many, or 1
    bool areOne() const { return results < count; }
  };

  /// Elements that go to the same lanes, few enough to be read again.
  struct Block {
    /// Adds the elements by the windows as they are: the sums of each value, then its extrema.
    llvm::function_ref<llvm::SmallVector<mlir::Value>()> add;
    /// Takes what `add` gave, of elements that the windows hold.
    llvm::function_ref<void(mlir::ValueRange)> take;
    /// Adds the elements to limbs: of lanes that take several blocks.
    llvm::function_ref<void()> addToLimbs;
    /// The results of the elements, by `sumCollected`: of lanes that take one.
    llvm::function_ref<llvm::SmallVector<mlir::Value>()> sum;
    /// What `add` would give, if that was done already.
    llvm::function_ref<llvm::SmallVector<mlir::Value>()> added = nullptr;
  };

  // Of lanes that take several blocks.

  void clear(const Lanes &lanes);
  void addBlock(const Lanes &lanes, const Block &block);
  /// Hands what was added on to limbs, before integers overflow.
  void flush(const Lanes &lanes);
  /// Bytes of limbs that a sum of elements of so many takes.
  static int64_t limbBytes(int64_t elementBytes);
  /// Makes limbs ready for what goes to them beside the blocks.
  void openLimbs(const Lanes &lanes);
  /// Stores what was added as nodes, lane by lane along `laneDim`, if there is one.
  void storeNodes(const Lanes &lanes, int64_t laneDim);
  /// The results, of up to `elements` each.
  llvm::SmallVector<mlir::Value> results(const Lanes &lanes, int64_t elements);

  /// The results of lanes that take one block, of up to `elements`.
  llvm::SmallVector<mlir::Value> resultsOf(const Block &block, const Lanes &lanes,
                                           int64_t elements);

  // Elements that no window holds, or of which there are too few for one: they are collected first.

  /// Collects vectors, at a place among those collected; gives the next place.
  mlir::Value collect(mlir::ValueRange elements, mlir::Value place);
  /// Adds what was collected, up to the place `end`, to limbs: vectors of these lanes.
  void addCollected(mlir::Value end, const Lanes &lanes);
  /// The sums of what was collected for `results` of so many elements, which lie a `step` behind
  /// each other, and those of the next result a `resultStep`; at places from `first` on.
  void sumCollected(int64_t results, int64_t elements, int64_t step, int64_t resultStep,
                    mlir::AffineExpr first);
  llvm::SmallVector<mlir::Value> collectedSums(int64_t results);

  // Of nodes, to the limbs of the first lane.

  void clearLimbs(const Lanes &lanes);
  void addNodes(mlir::ValueRange words);
  llvm::SmallVector<mlir::Value> roundLimbs(const Lanes &lanes);

  // What blocks do, with vectors of each value.

  llvm::SmallVector<llvm::SmallVector<mlir::Value>> magic(mlir::AffineExpr first, int64_t width);
  llvm::SmallVector<mlir::Value> emptyBlock(int64_t width);
  llvm::SmallVector<mlir::Value> add(mlir::ValueRange block, mlir::ValueRange elements,
                                     llvm::ArrayRef<llvm::SmallVector<mlir::Value>> magic);
  /// Takes the sums of a block, of `additions` to each lane; those are all if it `isOnly` one.
  void take(mlir::ValueRange block, mlir::Value additions, mlir::AffineExpr first, bool isOnly);
  /// Takes those of all lanes together, of `elements` at most, as the only ones at `place`.
  void takeTogether(mlir::ValueRange block, mlir::Value additions, int64_t elements,
                    mlir::AffineExpr place);
  /// Those of several such blocks, of few elements each, at places from `first` on.
  void takeLines(llvm::ArrayRef<llvm::SmallVector<mlir::Value>> blocks, mlir::Value additions,
                 mlir::AffineExpr first);
  /// The extrema alone, and a block of these and no elements.
  llvm::SmallVector<mlir::Value> extremaOf(mlir::ValueRange block);
  llvm::SmallVector<mlir::Value> emptyBlockWith(mlir::ValueRange extrema, int64_t width);

private:
  struct Part {
    ExactWindow window;
    mlir::Value limbs;    ///< those of tsum/Exact/Limbs.h, lane by lane
    mlir::Value elements; ///< that are collected
    mlir::Value rounded;  ///< the results of these, and of limbs
    mlir::Value node;     ///< on the way to, or from, the others
  };

  mlir::ValueRange valuesOf(mlir::ValueRange block, size_t part) const;
  llvm::SmallVector<mlir::Value> tryBlock(const Lanes &lanes, const Block &block, bool isOnly);
  mlir::Value usesLimbsOf(const Lanes &lanes);
  void setUsesLimbs(const Lanes &lanes, bool value);
  void flushIfAny(const Lanes &lanes);
  int64_t words() const;     ///< of the limbs of a sum
  int64_t nodeWords() const; ///< of a node
  void flushIntegers(const Lanes &lanes);
  bool canRound(int64_t elements) const;
  llvm::SmallVector<mlir::Type> resultTypes(const Lanes &lanes);
  llvm::SmallVector<mlir::Value> roundFixed(const Lanes &lanes, int64_t elements);

  ReductionLoops &loops;
  LoopNest &nest;
  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::SmallVector<Part, 1> parts;
  mlir::Value usesLimbs; ///< of the first of a vector's lanes: whether limbs have part of the sums
};

} // namespace tsum
