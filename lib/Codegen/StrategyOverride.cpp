// SPDX-License-Identifier: Apache-2.0

#include "StrategyOverride.h"

#include "Accumulators.h"

#include "tsum/Graph/SummationTree.h"

using namespace mlir;

namespace tsum {

static constexpr StringRef strategies[] = {"inner", "narrow", "outer"};

LogicalResult verifyStrategy(func::FuncOp kernel, StringRef wanted) {
  if (wanted.empty() || llvm::is_contained(strategies, wanted))
    return success();
  return kernel.emitError("there is no strategy '")
         << wanted << "' (the strategies: " << llvm::join(llvm::ArrayRef(strategies), ", ") << ")";
}

/// Why `reduction` cannot run by `wanted`; empty if it can.
static std::string obstacle(linalg::GenericOp reduction, StringRef wanted) {
  FailureOr<Accumulators> accumulators = Accumulators::match(reduction);
  if (succeeded(accumulators) && accumulators->each().front().isExact())
    return "exact sums run in one way";
  const bool isInner = reduction.getIteratorTypesArray().back() == utils::IteratorType::reduction;
  if (wanted == "outer")
    return isInner ? "the innermost dimension is reduced" : "";
  if (!isInner)
    return "the innermost dimension is kept";
  if (wanted == "narrow" && reduction.getNumParallelLoops() == 0)
    return "no dimension is kept";
  // A line is one block there.
  if (wanted == "narrow" && reduction.getStaticLoopRanges().back() > block_rows)
    return ("the innermost dimension has more than " + Twine(block_rows) + " elements").str();
  return "";
}

StringRef overrideStrategy(linalg::GenericOp reduction, StringRef chosen, StringRef wanted) {
  if (wanted.empty() || wanted == chosen)
    return chosen;
  std::string reason = obstacle(reduction, wanted);
  if (reason.empty())
    return wanted;
  reduction.emitRemark("runs as ") << chosen << " and not as " << wanted << ": " << reason;
  return chosen;
}

int64_t overrideLanes(StringRef strategy, int64_t lanes) {
  constexpr int64_t fewest = 8; // of a line that has more than one
  if (strategy == "narrow")
    return 1;
  return strategy == "inner" ? std::max(lanes, fewest) : lanes;
}

} // namespace tsum
