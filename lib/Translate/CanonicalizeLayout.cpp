// SPDX-License-Identifier: Apache-2.0

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/Layout.h"
#include "tsum/Graph/StandIn.h"
#include "tsum/Translate/GraphToTsum.h"
#include "tsum/Translate/Passes.h"
#include "tsum/Translate/TsumToGraph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

using namespace mlir;

namespace tsum {

#define GEN_PASS_DEF_TSUMCANONICALIZELAYOUTPASS
#include "tsum/Translate/Passes.h.inc"

namespace {

/// Buffers are no larger than the addresses that a process has.
constexpr int64_t mostBytes = int64_t(1) << 46;

/// The canonical graphs of one function, as functions beside it.
class Canonical {
public:
  explicit Canonical(func::FuncOp function) : function(function), b(function) {}

  LogicalResult run() {
    SmallVector<Tensor> arguments;
    for (BlockArgument argument : function.getArguments()) {
      FailureOr<Tensor> tensor = standInFor(argument);
      if (failed(tensor))
        return failure();
      arguments.push_back(*tensor);
    }
    if (failed(checkSizes()))
      return failure();
    FailureOr<std::vector<Tensor>> results = tsumToGraph(function, arguments);
    if (failed(results))
      return failure();
    std::vector<Node::Ptr> outputs;
    for (auto [number, result] : llvm::enumerate(*results)) {
      outputs.push_back(result.node());
      resultNames.emplace(result.node(), "result" + std::to_string(number));
    }
    evaluate_by(outputs, [this](const Canonicalized &step) { add(step); });
    if (steps.empty()) // it returns its arguments
      return success();
    const StringRef name = function.getName();
    for (auto [number, step] : llvm::enumerate(steps))
      step.setName(steps.size() == 1 ? name.str() : (name + "_" + Twine(number)).str());
    function.erase();
    return success();
  }

private:
  /// What is known about some memory: where it begins, and whose it is.
  struct Memory {
    std::string name;
    const std::byte *first;
  };

  FailureOr<Tensor> standInFor(BlockArgument argument) {
    const unsigned number = argument.getArgNumber();
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto dtype = type ? ir::getDType(type.getElementType()) : std::nullopt;
    if (!dtype || !type.hasStaticShape())
      return function.emitError("argument ")
             << number << " is " << argument.getType()
             << " (layouts are known of tensors of static shape and tsum's element types)";
    const Shape shape = type.getShape();
    if (failed(checkSize(type)))
      return failure();
    ByteStrides strides = row_major_strides(shape, *dtype);
    if (auto given = function.getArgAttrOfType<DenseI64ArrayAttr>(
            number, ir::TsumDialect::getStridesAttrName()))
      for (auto [stride, elements, extent] : llvm::zip_equal(strides, given.asArrayRef(), shape)) {
        int64_t reach;
        if (extent <= 1)
          continue; // its stride is never taken
        if (llvm::MulOverflow(elements, size_of(*dtype), stride) ||
            llvm::MulOverflow(stride, extent - 1, reach) || reach > mostBytes || reach < -mostBytes)
          return function.emitError("argument ") << number << " reaches over more than 2^46 bytes";
      }
    auto [low, high] = byte_range(shape, strides, *dtype);
    if (high - low > mostBytes)
      return function.emitError("argument ") << number << " reaches over more than 2^46 bytes";
    auto addresses = reserve_addresses(high - low);
    auto name = function.getArgAttrOfType<StringAttr>(number, ir::TsumDialect::getNameAttrName());
    const std::byte *first = addresses.get() - low;
    memories.emplace(addresses, Memory{name ? name.str() : "arg" + std::to_string(number), first});
    return borrow(first, *dtype, shape, strides, addresses);
  }

  /// Addresses are reserved for all tensors, so that all of them together are bounded.
  LogicalResult checkSize(RankedTensorType type) {
    if (llvm::is_contained(type.getShape(), 0))
      return success();
    auto dtype = ir::getDType(type.getElementType());
    int64_t bytes = dtype ? size_of(*dtype) : 1;
    for (int64_t extent : type.getShape())
      if (llvm::MulOverflow(bytes, extent, bytes) || bytes > mostBytes)
        return function.emitError() << type << " has more than 2^46 bytes";
    totalBytes += bytes;
    if (totalBytes > mostBytes)
      return function.emitError("its tensors have more than 2^46 bytes together");
    return success();
  }

  LogicalResult checkSizes() {
    WalkResult result = function.walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && failed(checkSize(tensor)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  void add(const Canonicalized &canonical) {
    OwningOpRef<ModuleOp> module = graphToTsum(canonical.graph, b.getContext());
    auto step = *module->getOps<func::FuncOp>().begin();
    step->remove();
    b.insert(step);
    for (auto [number, argument] : llvm::enumerate(canonical.arguments))
      describe(step, number, argument);
    std::map<std::int32_t, std::shared_ptr<const std::byte>> buffers; // by value of the graph
    for (auto [number, result] : llvm::enumerate(canonical.results))
      describe(step, number, buffers[canonical.graph.outputs[number]], result);
    steps.push_back(step);
  }

  void describe(func::FuncOp step, unsigned number, const Canonicalized::Argument &argument) {
    auto set = [&](StringRef name, Attribute value) { step.setArgAttr(number, name, value); };
    auto memory = memories.find(argument.storage->owner);
    if (memory == memories.end()) // a constant, or packed since its strides cannot be reshaped
      return set(ir::TsumDialect::getNameAttrName(), b.getStringAttr("copy"));
    set(ir::TsumDialect::getNameAttrName(), b.getStringAttr(memory->second.name));
    auto type = cast<RankedTensorType>(step.getArgumentTypes()[number]);
    const int64_t offset =
        (argument.data - memory->second.first) / size_of(*ir::getDType(type.getElementType()));
    if (offset != 0)
      set(ir::TsumDialect::getOffsetAttrName(), b.getI64IntegerAttr(offset));
  }

  /// Gives the node addresses, too, from which later steps tell that they read it.
  void describe(func::FuncOp step, unsigned number, std::shared_ptr<const std::byte> &addresses,
                const Canonicalized::Result &result) {
    const std::string own = "step" + std::to_string(steps.size()) + "_" + std::to_string(number);
    auto known = resultNames.find(result.node);
    const std::string name = known == resultNames.end() ? own : known->second;
    step.setResultAttr(number, ir::TsumDialect::getNameAttrName(), b.getStringAttr(name));

    const int64_t size = size_of(result.node->dtype);
    if (result.offset != 0 || !is_packed(result.node->shape, result.strides, result.node->dtype)) {
      auto strides =
          llvm::map_to_vector(result.strides, [&](int64_t bytes) { return bytes / size; });
      step.setResultAttr(number, ir::TsumDialect::getStridesAttrName(),
                         b.getDenseI64ArrayAttr(strides));
    }
    if (result.offset != 0)
      step.setResultAttr(number, ir::TsumDialect::getOffsetAttrName(),
                         b.getI64IntegerAttr(result.offset / size));

    if (!addresses) {
      addresses = reserve_addresses(result.bytes);
      memories.emplace(addresses, Memory{name, addresses.get()});
    }
    result.node->set_values(std::make_shared<const Storage>(
        Storage{addresses, addresses.get() + result.offset, result.strides}));
  }

  func::FuncOp function;
  OpBuilder b;
  int64_t totalBytes = 0; // of the tensors of the function
  std::map<std::shared_ptr<const void>, Memory, std::owner_less<>> memories;
  std::map<Node::Ptr, std::string> resultNames;
  SmallVector<func::FuncOp> steps;
};

struct TsumCanonicalizeLayoutPass final
    : impl::TsumCanonicalizeLayoutPassBase<TsumCanonicalizeLayoutPass> {
  void runOnOperation() override {
    for (func::FuncOp function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (failed(Canonical(function).run()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tsum
