// SPDX-License-Identifier: Apache-2.0
#ifndef TSUM_DIALECT_TSUM_IR_TSUMDIALECT
#define TSUM_DIALECT_TSUM_IR_TSUMDIALECT

include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/DialectBase.td"

def Tsum_Dialect : Dialect {
  let name = "tsum";
  let cppNamespace = "::tsum::ir";
  let summary = "Reductions and elementwise operations on tensors";
  let description = [{
    A `tsum` function is an expression graph: pure operations on tensors, with the
    names and the semantics of the C++ API. Integers wrap in their own width and are signed unless
    the type says unsigned (`i32`, `ui8`); `i1` is a boolean. Floats are IEEE 754: no operation has
    fast-math freedom.

    Extents may be dynamic, as those of an input are that leaves them open. Types say what is known:
    where two of them must be equal, both are `?` or the same number, and what stands behind two `?`
    of one operation is equal at run time, 1 as well, which repeats nothing. Kernels are made of
    functions of static shape: one for each of the shapes that a function is called with.

    Kernels are made of functions without views (`transpose`, `slice`) and complex numbers. On the
    way there the graph resolves both: views are strides of the data, and a complex tensor is a pair
    of real ones.

    ```mlir
    func.func @variance(%x: tensor<4x8xf32>, %mean: tensor<4xf32>) -> tensor<4xf32> {
      %m = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
      %d = tsum.subtract %x, %m : tensor<4x8xf32>
      %s = tsum.square %d : tensor<4x8xf32>
      %r = tsum.reduce_sum %s axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
      return %r : tensor<4xf32>
    }
    ```

    Function arguments may carry

    * `tsum.strides`, an `array<i64>`: the distances in elements between neighbours along each
      dimension of the argument's data; without it the data is row-major;
    * `tsum.name`, a string: what the user calls the argument;
    * `tsum.offset`, an integer: how many elements of the buffer lie before its element 0, in what
      `tsum-canonicalize-layout` makes.

    So may function results in what that pass makes. What passes leave on functions and operations
    for later ones, such as `tsum.rows`, is verified as well; lib/Dialect/Tsum/IR/Attributes.cpp
    lists it.
  }];

  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;

  let extraClassDeclaration = [{
    void registerAttributes();
    static constexpr ::llvm::StringLiteral getStrategyAttrName() { return "tsum.strategy"; }
    static constexpr ::llvm::StringLiteral getPieceAttrName() { return "tsum.piece"; }
    static constexpr ::llvm::StringLiteral getStridesAttrName() { return "tsum.strides"; }
    static constexpr ::llvm::StringLiteral getOffsetAttrName() { return "tsum.offset"; }
    static constexpr ::llvm::StringLiteral getNameAttrName() { return "tsum.name"; }

    // Of functions, and of launches.
    static constexpr ::llvm::StringLiteral getMemoryAttrName() { return "tsum.memory"; }
    static constexpr ::llvm::StringLiteral getRecomputedAttrName() { return "tsum.recomputed"; }

    // Of kernels.
    static constexpr ::llvm::StringLiteral getCutAttrName() { return "tsum.cut"; }
    static constexpr ::llvm::StringLiteral getJoinedAttrName() { return "tsum.joined"; }
    static constexpr ::llvm::StringLiteral getRowsAttrName() { return "tsum.rows"; }
    static constexpr ::llvm::StringLiteral getColumnsAttrName() { return "tsum.columns"; }
    static constexpr ::llvm::StringLiteral getTilesAttrName() { return "tsum.tiles"; }
  }];
}

/// A dtype of the API: floats and signed integers are MLIR's types of the same name, `u8` is `ui8`,
/// `boolean` is `i1`, `complex64` is `complex<f32>`.
class Tsum_DType<string dtypeName, string dtypeKind> {
  string kind = dtypeKind;
  string name = !cond(!eq(kind, "Unsigned") : "ui" # !substr(dtypeName, 1),
                      !eq(kind, "Bool") : "i1",
                      !eq(dtypeName, "complex64") : "complex<f32>",
                      !eq(dtypeName, "complex128") : "complex<f64>",
                      true : dtypeName);
  Type type = !cast<Type>(!if(!eq(kind, "Complex"), "Tsum_" # dtypeName, !toupper(name)));
}
def Tsum_complex64 : Complex<F32>;
def Tsum_complex128 : Complex<F64>;

// Generated from tsum/DTypes.def.
include "tsum/Dialect/Tsum/IR/DTypes.td"

class Tsum_Tensor<list<Tsum_DType> dtypes>
    : RankedTensorOf<!foreach(dtype, dtypes, dtype.type),
                     [CPred<"::tsum::ir::isAddressable($_self)">]> {
  list<string> dtypeNames = !foreach(dtype, dtypes, dtype.name);
  let summary = "tensor of " # !interleave(!foreach(dtype, dtypes, dtype.name), "/") #
                " with less than 2^63 bytes";
}

class Tsum_TensorOfKinds<list<string> kinds>
    : Tsum_Tensor<!filter(dtype, Tsum_DTypes,
                          !ne(!size(!filter(kind, kinds, !eq(kind, dtype.kind))), 0))>;

// One per member of tsum::Domain.
def Tsum_Any : Tsum_Tensor<Tsum_DTypes>;
def Tsum_Numeric : Tsum_TensorOfKinds<["Float", "Signed", "Unsigned", "Complex"]>;
def Tsum_Real : Tsum_TensorOfKinds<["Float", "Signed", "Unsigned"]>;
def Tsum_Inexact : Tsum_TensorOfKinds<["Float", "Complex"]>;
def Tsum_Float : Tsum_TensorOfKinds<["Float"]>;
def Tsum_Integer : Tsum_TensorOfKinds<["Signed", "Unsigned"]>;
def Tsum_Bits : Tsum_TensorOfKinds<["Signed", "Unsigned", "Bool"]>;
def Tsum_Bool : Tsum_TensorOfKinds<["Bool"]>;
// And for the parts of complex numbers, and these.
def Tsum_Part : Tsum_Tensor<!filter(dtype, Tsum_DTypes, !or(!eq(dtype.name, "f32"),
                                                            !eq(dtype.name, "f64")))>;
def Tsum_Complex : Tsum_TensorOfKinds<["Complex"]>;

#endif // TSUM_DIALECT_TSUM_IR_TSUMDIALECT
