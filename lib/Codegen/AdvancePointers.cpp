// SPDX-License-Identifier: Apache-2.0

#include "AdvancePointers.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace tsum {

namespace {

/// Pointers that a loop may carry. With more, they would be kept in memory, and be read, advanced
/// and written in each iteration.
constexpr size_t mostPointers = 8;

/// A loop that counts from some number on by one.
struct CountedLoop {
  PHINode *counter;
  BasicBlock *entry, *latch;
};

std::optional<CountedLoop> asCountedLoop(const Loop &loop) {
  BasicBlock *entry = loop.getLoopPredecessor(), *latch = loop.getLoopLatch();
  if (!entry || !latch)
    return std::nullopt;
  for (PHINode &phi : loop.getHeader()->phis())
    if (match(phi.getIncomingValueForBlock(latch), m_Add(m_Specific(&phi), m_One())))
      return CountedLoop{&phi, entry, latch};
  return std::nullopt;
}

/// How much `index` grows when `counter` does by one, or 0 where that is not always the same.
int64_t stepOf(Value *index, Value *counter) {
  const APInt *factor;
  if (index == counter)
    return 1;
  if (match(index, m_Mul(m_Specific(counter), m_APInt(factor))))
    return factor->getSExtValue();
  if (match(index, m_Shl(m_Specific(counter), m_APInt(factor))))
    return int64_t(1) << factor->getZExtValue();
  return 0;
}

/// Whether `index` is made of `counter`, by a few operations that may be done anywhere.
bool isMadeOf(Value *index, const CountedLoop &counted, const Loop &loop, int depth = 4) {
  if (index == counted.counter || loop.isLoopInvariant(index))
    return true;
  auto *operation = dyn_cast<Instruction>(index);
  return operation && depth > 0 && !isa<PHINode>(operation) &&
         isSafeToSpeculativelyExecute(operation) && !operation->mayReadFromMemory() &&
         all_of(operation->operands(), [&](Value *operand) {
           return isa<Constant>(operand) || isMadeOf(operand, counted, loop, depth - 1);
         });
}

/// What `index` is where the counter is `number`, computed where `b` inserts.
Value *rebuild(Value *index, Value *number, const CountedLoop &counted, const Loop &loop,
               IRBuilder<> &b) {
  if (index == counted.counter)
    return number;
  if (loop.isLoopInvariant(index))
    return index;
  Instruction *copy = cast<Instruction>(index)->clone();
  for (Use &operand : copy->operands())
    operand = rebuild(operand, number, counted, loop, b);
  b.Insert(copy);
  if (Constant *folded = ConstantFoldInstruction(copy, copy->getDataLayout())) {
    copy->eraseFromParent();
    return folded;
  }
  return copy;
}

void advancePointers(const Loop &loop, const CountedLoop &counted) {
  const DataLayout &layout = loop.getHeader()->getDataLayout();
  using Place = std::tuple<Value *, Value *, Type *>; // base, index, element
  SmallMapVector<Place, SmallVector<GetElementPtrInst *, 2>, 4> addresses;
  for (BasicBlock *block : loop.blocks())
    for (Instruction &instruction : *block)
      if (auto *address = dyn_cast<GetElementPtrInst>(&instruction);
          address && address->getNumIndices() == 1 && address->getType()->isPointerTy() &&
          loop.isLoopInvariant(address->getPointerOperand())) {
        Value *index = address->getOperand(1);
        if (!loop.isLoopInvariant(index) && isMadeOf(index, counted, loop))
          addresses[{address->getPointerOperand(), index, address->getSourceElementType()}]
              .push_back(address);
      }
  if (addresses.size() > mostPointers)
    return;

  for (auto &[place, equal] : addresses) {
    auto [base, index, element] = place;
    auto at = [&](Value *number, BasicBlock *end) {
      IRBuilder<> b(end->getTerminator());
      Value *offset = rebuild(index, number, counted, loop, b);
      return match(offset, m_Zero()) ? base : b.CreateGEP(element, base, offset);
    };
    Value *first = at(counted.counter->getIncomingValueForBlock(counted.entry), counted.entry);
    IRBuilder<> b(counted.counter);
    PHINode *pointer = b.CreatePHI(base->getType(), 2);
    Value *next;
    if (int64_t step = stepOf(index, counted.counter)) {
      b.SetInsertPoint(counted.latch->getTerminator());
      next = b.CreatePtrAdd(
          pointer, b.getInt64(uint64_t(step) * layout.getTypeAllocSize(element).getFixedValue()));
    } else {
      next = at(counted.counter->getIncomingValueForBlock(counted.latch), counted.latch);
    }
    pointer->addIncoming(first, counted.entry);
    pointer->addIncoming(next, counted.latch);
    for (GetElementPtrInst *address : equal) {
      address->replaceAllUsesWith(pointer);
      RecursivelyDeleteTriviallyDeadInstructions(address);
    }
  }
}

} // namespace

PreservedAnalyses AdvancePointersPass::run(Function &function, FunctionAnalysisManager &analyses) {
  for (Loop *loop : analyses.getResult<LoopAnalysis>(function).getLoopsInPreorder())
    if (std::optional<CountedLoop> counted = asCountedLoop(*loop))
      advancePointers(*loop, *counted);
  PreservedAnalyses preserved;
  preserved.preserveSet<CFGAnalyses>();
  return preserved;
}

} // namespace tsum
