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
         all_of(operation->operands(),
                [&](Value *operand) { return isMadeOf(operand, counted, loop, depth - 1); });
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

/// An address that depends on the counter of a loop.
struct Address {
  Value *base, *index;
  Type *element;
  int64_t step; ///< in bytes, or 0

  /// Equal for addresses that are: those with a step may count by indices of their own.
  std::tuple<Value *, int64_t, Value *, Type *> key() const {
    return {base, step, step ? nullptr : index, step ? nullptr : element};
  }
};

std::optional<Address> asAddress(Instruction &instruction, const CountedLoop &counted,
                                 const Loop &loop) {
  auto *address = dyn_cast<GetElementPtrInst>(&instruction);
  if (!address || address->getNumIndices() != 1 || !address->getType()->isPointerTy() ||
      !loop.isLoopInvariant(address->getPointerOperand()))
    return std::nullopt;
  Value *index = address->getOperand(1);
  if (loop.isLoopInvariant(index) || !isMadeOf(index, counted, loop))
    return std::nullopt;
  Type *element = address->getSourceElementType();
  const int64_t bytes = instruction.getDataLayout().getTypeAllocSize(element).getFixedValue();
  return Address{address->getPointerOperand(), index, element,
                 stepOf(index, counted.counter) * bytes};
}

/// A pointer that is `address` in each iteration.
PHINode *carry(const Address &address, const CountedLoop &counted, const Loop &loop) {
  auto at = [&](Value *number, BasicBlock *end) -> Value * {
    IRBuilder<> b(end->getTerminator());
    Value *index = rebuild(address.index, number, counted, loop, b);
    return match(index, m_Zero()) ? address.base
                                  : b.CreateGEP(address.element, address.base, index);
  };
  Value *first = at(counted.counter->getIncomingValueForBlock(counted.entry), counted.entry);
  IRBuilder<> b(counted.counter);
  PHINode *pointer = b.CreatePHI(address.base->getType(), 2);
  Value *next;
  if (address.step) {
    b.SetInsertPoint(counted.latch->getTerminator());
    next = b.CreatePtrAdd(pointer, b.getInt64(uint64_t(address.step)));
  } else {
    next = at(counted.counter->getIncomingValueForBlock(counted.latch), counted.latch);
  }
  pointer->addIncoming(first, counted.entry);
  pointer->addIncoming(next, counted.latch);
  return pointer;
}

void advancePointers(const Loop &loop, const CountedLoop &counted) {
  using Uses = std::pair<Address, SmallVector<Instruction *, 2>>;
  MapVector<decltype(Address().key()), Uses> addresses;
  for (BasicBlock *block : loop.blocks())
    for (Instruction &instruction : *block)
      if (auto address = asAddress(instruction, counted, loop)) {
        Uses &uses = addresses[address->key()];
        uses.first = *address;
        uses.second.push_back(&instruction);
      }
  if (addresses.size() > mostPointers)
    return;
  // Each index may be that of several addresses, and is gone with the last of them.
  SmallVector<WeakTrackingVH> replaced;
  for (auto &[key, uses] : addresses) {
    PHINode *pointer = carry(uses.first, counted, loop);
    for (Instruction *use : uses.second) {
      use->replaceAllUsesWith(pointer);
      replaced.push_back(use);
    }
  }
  RecursivelyDeleteTriviallyDeadInstructions(replaced);
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
