// SPDX-License-Identifier: Apache-2.0

#include "JoinOps.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsum {

linalg::GenericOp join(IRRewriter &rewriter, linalg::GenericOp a, linalg::GenericOp b) {
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> maps, outputMaps;
  SmallVector<std::pair<BlockArgument, unsigned>> places; // of arguments, among the inputs
  for (linalg::GenericOp generic : {a, b}) {
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      const AffineMap map = generic.getMatchingIndexingMap(operand);
      unsigned place = 0;
      while (place < inputs.size() && (inputs[place] != operand->get() || maps[place] != map))
        ++place;
      if (place == inputs.size()) {
        inputs.push_back(operand->get());
        maps.push_back(map);
      }
      places.emplace_back(generic.getMatchingBlockArgument(operand), place);
    }
    llvm::append_range(outputs, generic.getDpsInits());
    llvm::append_range(
        outputMaps, ArrayRef(generic.getIndexingMapsArray()).take_back(generic.getNumDpsInits()));
  }
  llvm::append_range(maps, outputMaps);
  SmallVector<Type> types(a.getResultTypes()); // none on buffers
  llvm::append_range(types, b.getResultTypes());

  rewriter.setInsertionPoint(b);
  auto joined = linalg::GenericOp::create(
      rewriter, rewriter.getFusedLoc({a.getLoc(), b.getLoc()}), types, inputs, outputs, maps,
      b.getIteratorTypesArray(), [&](OpBuilder &builder, Location loc, ValueRange elements) {
        IRMapping mapping;
        for (auto [argument, place] : places)
          mapping.map(argument, elements[place]);
        ValueRange results = elements.drop_front(inputs.size());
        SmallVector<Value> yielded;
        for (linalg::GenericOp generic : {a, b}) {
          for (BlockArgument output : generic.getRegionOutputArgs()) {
            mapping.map(output, results.front());
            results = results.drop_front();
          }
          for (Operation &op : generic.getBody()->without_terminator())
            builder.clone(op, mapping);
          for (Value value : generic.getBody()->getTerminator()->getOperands())
            yielded.push_back(mapping.lookupOrDefault(value));
        }
        linalg::YieldOp::create(builder, loc, yielded);
      });
  rewriter.replaceOp(a, joined.getResults().take_front(a.getNumResults()));
  rewriter.replaceOp(b, joined.getResults().take_back(b.getNumResults()));
  return joined;
}

} // namespace tsum
