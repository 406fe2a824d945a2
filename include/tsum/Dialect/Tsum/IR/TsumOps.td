// SPDX-License-Identifier: Apache-2.0
#ifndef TSUM_DIALECT_TSUM_IR_TSUMOPS
#define TSUM_DIALECT_TSUM_IR_TSUMOPS

include "tsum/Dialect/Tsum/IR/TsumDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tsum_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tsum_Dialect, mnemonic, !listconcat([Pure], traits)>;

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

/// The algebraic laws that hold bit for bit in every dtype. Addition, say, commutes but does not
/// associate.
class Tsum_Laws<string mnemonic> {
  list<Trait> traits = !cond(
      !eq(mnemonic, "negative") : [Involution],
      !eq(mnemonic, "abs") : [Idempotent],
      !or(!eq(mnemonic, "add"), !eq(mnemonic, "multiply")) : [Commutative],
      !or(!eq(mnemonic, "maximum"), !eq(mnemonic, "minimum")) : [Commutative, Idempotent],
      true : []);
}

class Tsum_ElementwiseOp<string mnemonic, Type domain, string text>
    : Tsum_Op<mnemonic, !listconcat([Elementwise, SameOperandsAndResultType],
                                    Tsum_Laws<mnemonic>.traits)> {
  let summary = "elementwise " # mnemonic;
  let description = text;
  let results = (outs domain:$result);
}

class Tsum_UnaryOp<string mnemonic, Type domain, string text>
    : Tsum_ElementwiseOp<mnemonic, domain, text> {
  let arguments = (ins domain:$x);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

class Tsum_BinaryOp<string mnemonic, Type domain, string text>
    : Tsum_ElementwiseOp<mnemonic, domain, text> {
  let arguments = (ins domain:$x, domain:$y);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($result)";
}

// Generated from tsum/Elementwise.def.
include "tsum/Dialect/Tsum/IR/ElementwiseOps.td"

def Tsum_CastOp : Tsum_Op<"cast", [SameOperandsAndResultShape, Elementwise]> {
  let summary = "converts each element to another type";
  let description = [{
    To a float: rounded to nearest, ties to even. To an integer from an integer: modulo 2^n. To an
    integer from a float: towards zero, saturated at the integer's range, NaN to 0.

    ```mlir
    %r = tsum.cast %x : tensor<4xui8> -> tensor<4xf32>
    ```

    Folds to its operand where the types are equal, and a cast of a cast to one cast where the
    first one loses nothing that the second would have kept.
  }];
  let arguments = (ins Tsum_Numeric:$input);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

def Tsum_ReduceSumOp
    : Tsum_Op<"reduce_sum", [InferTypeOpAdaptor]> {
  let summary = "sums over axes";
  let description = [{
    The result has `input`'s element type and its shape without `axes`, or with extent 1 there if
    `keepdims`. The axes are ascending. A sum over no axes is `input`, an empty sum is +0.

    ```mlir
    %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
    %k = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
    ```

    A `partial` sum is one of several parts of a long sum: it is not rounded, so that the result of
    floats is f64, the type of the accumulators, and it stays apart from the sum that reads it.

    ```mlir
    %p = tsum.reduce_sum %x axes = [1] partial : tensor<64x65536xf32> -> tensor<64xf64>
    ```

    Extents of 1 take no part: a sum over such axes alone is a reshape (and keeps -0). The order in
    which floats are added is a function of the operand's other extents and of which of them are
    reduced, and docs/numerics.md states it; a rewrite that would change it is for integers only,
    which wrap and need no order. So only integer sums merge with the sum they read, and
    move before a broadcast, where each repeated axis that is summed becomes a factor.
  }];
  let arguments = (ins Tsum_Numeric:$input, DenseI64ArrayAttr:$axes, UnitAttr:$keepdims,
                   UnitAttr:$partial);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = [{
    $input `axes` `=` $axes (`keepdims` $keepdims^)? (`partial` $partial^)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Shape operations and data
//===----------------------------------------------------------------------===//

def Tsum_BroadcastOp : Tsum_Op<"broadcast", [SameOperandsAndResultElementType]> {
  let summary = "repeats a tensor along new dimensions";
  let description = [{
    Dimension i of `input` is dimension `dims[i]` of the result, of the same extent; `dims` is
    ascending. `input` is repeated along the others.

    ```mlir
    %r = tsum.broadcast %x dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
    ```

    An extent of 1 is not stretched: `tsum.reshape` it away first.
  }];
  let arguments = (ins Tsum_Numeric:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = "$input `dims` `=` $dims attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_ReshapeOp : Tsum_Op<"reshape", [SameOperandsAndResultElementType]> {
  let summary = "gives the elements, in row-major order, another shape";
  let description = [{
    ```mlir
    %r = tsum.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
    ```
  }];
  let arguments = (ins Tsum_Numeric:$input);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_ConstantOp
    : Tsum_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a tensor known at compile time";
  let description = [{
    ```mlir
    %r = tsum.constant dense<[1, 2, 3]> : tensor<3xi32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

def Tsum_LaunchOp
    : Tsum_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "computes a tensor by running a kernel";
  let description = [{
    What remains of a function once its work is in kernels: runs all tiles of `kernel`, in any order
    and on any number of threads. Whatever stage the kernel has been lowered to, its first arguments
    are `inputs`, in order.

    ```mlir
    %r = tsum.launch @kernels::@f_0(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<Tsum_Numeric>:$inputs);
  let results = (outs Tsum_Numeric:$result);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $result)";
}

#endif // TSUM_DIALECT_TSUM_IR_TSUMOPS
