// SPDX-License-Identifier: Apache-2.0

#include "tsum/Translate/TsumToGraph.h"

#include "tsum/Dialect/Tsum/IR/Tsum.h"
#include "tsum/Graph/Node.h"
#include "tsum/Ops/Make.h"
#include "tsum/ops.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsum {

namespace {

Shape shapeOf(RankedTensorType type) { return type.getShape(); }

DType dtypeOf(RankedTensorType type) { return *ir::getDType(type.getElementType()); }

/// The functions of the API throw, and nothing may throw across this code. Nothing does: they are
/// given operands of the types that the dialect's verifiers let pass, which ask for no less than
/// the API's own checks.
class Importer {
public:
  FailureOr<std::vector<Tensor>> run(func::FuncOp function, ArrayRef<Tensor> arguments) {
    if (failed(checkArguments(function, arguments)))
      return failure();
    for (auto [value, tensor] : llvm::zip_equal(function.getArguments(), arguments))
      tensors.insert({value, tensor});
    Block &body = function.getBody().front();
    for (Operation &op : body.without_terminator()) {
      FailureOr<Tensor> result = create(&op);
      if (failed(result))
        return failure();
      tensors.insert({op.getResult(0), *result});
    }
    std::vector<Tensor> results;
    for (Value result : body.getTerminator()->getOperands())
      results.push_back(tensorOf(result));
    return results;
  }

private:
  static LogicalResult checkArguments(func::FuncOp function, ArrayRef<Tensor> arguments) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("must have a body of one block to be evaluated");
    if (!isa<func::ReturnOp>(function.getBody().front().getTerminator()))
      return function.emitOpError("does not end in 'func.return'");
    if (function.getNumArguments() != arguments.size())
      return function.emitError() << arguments.size() << " arguments are given, and '"
                                  << function.getName() << "' takes " << function.getNumArguments();
    for (auto [index, argument, tensor] : llvm::enumerate(function.getArguments(), arguments))
      if (!matches(argument.getType(), tensor)) {
        InFlightDiagnostic error = emitError(argument.getLoc()) << "argument " << index;
        if (!tensor.name().empty())
          error << " ('" << StringRef(tensor.name()) << "')";
        std::string shape = tensor.rank() == 0 ? "" : to_string(tensor.shape());
        return error << " is " << StringRef(name_of(tensor.dtype())) << shape
                     << ", and the function takes " << argument.getType();
      }
    return success();
  }

  static bool matches(Type type, const Tensor &tensor) {
    auto expected = dyn_cast<RankedTensorType>(type);
    return expected && ir::getDType(expected.getElementType()) == tensor.dtype() &&
           succeeded(verifyCompatibleShape(expected.getShape(), ArrayRef<int64_t>(tensor.shape())));
  }

  const Tensor &tensorOf(Value value) const { return tensors.find(value)->second; }

  /// What types do not say of dynamic extents: that the operands of `op` have one shape, which the
  /// API would let broadcast, and that memory has room for the result.
  LogicalResult checkExtents(Operation *op) const {
    if (!op->hasTrait<OpTrait::Elementwise>() || op->getNumOperands() == 0)
      return success();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    const ArrayRef<int64_t> shape = tensorOf(op->getOperand(0)).shape();
    for (Value operand : op->getOperands())
      if (const ArrayRef<int64_t> other = tensorOf(operand).shape(); other != shape)
        return op->emitOpError() << "has operands of shape " << to_string(shape) << " and "
                                 << to_string(other) << " (they must be equal)";
    return checkIsAddressable(op, type.clone(shape));
  }

  static LogicalResult checkIsAddressable(Operation *op, RankedTensorType type) {
    if (ir::isAddressable(type))
      return success();
    return op->emitOpError() << "has the result " << type << ", of 2^63 bytes or more";
  }

  FailureOr<Tensor> create(Operation *op) const {
    if (failed(checkExtents(op)))
      return failure();
    return llvm::TypeSwitch<Operation *, FailureOr<Tensor>>(op)
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  .Case([&](ir::CLASS##Op op) { return tsum::NAME(tensorOf(op.getX())); })
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  .Case([&](ir::CLASS##Op op) { return tsum::NAME(tensorOf(op.getX()), tensorOf(op.getY())); })
#include "tsum/Elementwise.def"
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  .Case([&](ir::CLASS##Op op) { return reduction(op, tsum::NAME); })
#include "tsum/Reductions.def"
        .Case([&](ir::CastOp op) { return cast(tensorOf(op.getInput()), dtypeOf(op.getType())); })
        .Case([&](ir::WhereOp op) {
          return where(tensorOf(op.getCondition()), tensorOf(op.getX()), tensorOf(op.getY()));
        })
        .Case([&](ir::IotaOp op) {
          return make_iota(dtypeOf(op.getType()), shapeOf(op.getType()), op.getOffset(),
                           op.getSteps().vec());
        })
        .Case([&](ir::ReshapeOp op) { return reshapeOf(op); })
        .Case([&](ir::BroadcastOp op) { return broadcast(op); })
        .Case([&](ir::TransposeOp op) {
          return transpose(tensorOf(op.getInput()), op.getPermutation().vec());
        })
        .Case([&](ir::SliceOp op) {
          return make_slice(tensorOf(op.getInput()), op.getStarts().vec(), op.getSteps().vec(),
                            shapeOf(op.getType()));
        })
        .Case([&](ir::ComplexOp op) {
          return complex(tensorOf(op.getReal()), tensorOf(op.getImag()));
        })
        .Case([&](ir::RealOp op) { return real(tensorOf(op.getX())); })
        .Case([&](ir::ImagOp op) { return imag(tensorOf(op.getX())); })
        .Case([&](ir::ConstantOp op) { return constantOf(op); })
        .Default([](Operation *op) {
          return op->emitOpError("is no node of an expression graph (tsum ops are, but for "
                                 "launches and parts of reductions)");
        });
  }

  FailureOr<Tensor> reduction(ir::ReductionOpInterface op,
                              Tensor (*reduce)(const Tensor &, const Axes &, bool,
                                               std::string_view)) const {
    std::vector<int64_t> axes(op.getAxes());
    llvm::sort(axes);
    const Tensor input = inOrderOf(op.getAxes(), axes, tensorOf(op.getInput()));
    if (op.getExact()) // a sum, as the verifier has seen
      return make_exact_sum(input, axes, op.getKeepdims(), static_cast<int64_t>(op.getDivisor()),
                            dtypeOf(cast<RankedTensorType>(op->getResult(0).getType())));
    const bool isSum = isa<ir::ReduceSumOp>(op);
    const Tensor reduced =
        isSum ? reduce_sum(input, axes,
                           {.keepdims = op.getKeepdims(), .accuracy = Accuracy::standard})
              : reduce(input, axes, op.getKeepdims(), {});
    return op.getNode() ? make_node_part(reduced, int(*op.getNode())) : reduced;
  }

  /// `input` with its dimensions `axes` where `ascending` has them. The graph knows the order of a
  /// reduction by that of its operand's dimensions.
  static Tensor inOrderOf(ArrayRef<int64_t> axes, ArrayRef<int64_t> ascending,
                          const Tensor &input) {
    if (axes == ascending)
      return input;
    auto permutation = llvm::to_vector(llvm::seq(input.rank()));
    for (auto [to, from] : llvm::zip_equal(ascending, axes))
      permutation[to] = from;
    return transpose(input, std::vector<int64_t>(permutation.begin(), permutation.end()));
  }

  /// Of dynamic extents, which are the operand's other than 1, in their order.
  Tensor reshapeOf(ir::ReshapeOp op) const {
    const Tensor &input = tensorOf(op.getInput());
    Shape shape = shapeOf(op.getType());
    const ArrayRef<int64_t> from = op.getInput().getType().getShape();
    size_t next = 0;
    for (int64_t &extent : shape)
      if (extent != 1 && !op.getType().hasStaticShape()) {
        while (from[next] == 1)
          ++next;
        extent = input.shape()[next++];
      }
    return reshape(input, std::move(shape));
  }

  /// The API aligns dimensions at the last: extents of 1 take the places of the new ones.
  FailureOr<Tensor> broadcast(ir::BroadcastOp op) const {
    const Tensor &input = tensorOf(op.getInput());
    Shape aligned(op.getType().getRank(), 1), shape = shapeOf(op.getType());
    for (auto [dim, target] : llvm::enumerate(op.getDims()))
      aligned[target] = shape[target] = input.shape()[dim];
    if (failed(checkIsAddressable(op, op.getType().clone(shape))))
      return failure();
    return broadcast_to(reshape(input, std::move(aligned)), std::move(shape));
  }

  static FailureOr<Tensor> constantOf(ir::ConstantOp op) {
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!elements)
      return op.emitOpError("has a value that is not written out (as dense<...>)");
    RankedTensorType type = op.getType();
    return visit_dtype(dtypeOf(type), [&]<class T>(T) -> Tensor {
      // Not a vector: that of booleans is none of elements.
      const int64_t size = elements.isSplat() ? 1 : elements.getNumElements();
      auto values = std::make_unique<T[]>(size);
      T *to = values.get();
      if constexpr (FloatElement<T>)
        for (const APFloat &value : llvm::make_range(elements.value_begin<APFloat>(),
                                                     elements.value_begin<APFloat>() + size))
          *to++ = static_cast<T>(value.convertToDouble());
      else if constexpr (ComplexElement<T>)
        for (const std::complex<APFloat> &value :
             llvm::make_range(elements.value_begin<std::complex<APFloat>>(),
                              elements.value_begin<std::complex<APFloat>>() + size))
          *to++ = T(static_cast<typename T::value_type>(value.real().convertToDouble()),
                    static_cast<typename T::value_type>(value.imag().convertToDouble()));
      else
        for (const APInt &value :
             llvm::make_range(elements.value_begin<APInt>(), elements.value_begin<APInt>() + size))
          *to++ = static_cast<T>(value.getZExtValue());
      std::span<const T> span(values.get(), size);
      return elements.isSplat() ? broadcast_to(constant<T>(span, {}), shapeOf(type))
                                : constant<T>(span, shapeOf(type));
    });
  }

  llvm::DenseMap<Value, Tensor> tensors;
};

} // namespace

FailureOr<std::vector<Tensor>> tsumToGraph(func::FuncOp function, ArrayRef<Tensor> arguments) {
  return Importer().run(function, arguments);
}

} // namespace tsum
