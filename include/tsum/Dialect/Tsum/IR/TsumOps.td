// SPDX-License-Identifier: Apache-2.0
#ifndef TSUM_DIALECT_TSUM_IR_TSUMOPS
#define TSUM_DIALECT_TSUM_IR_TSUMOPS

include "tsum/Dialect/Tsum/IR/TsumAttributes.td"
include "tsum/Dialect/Tsum/IR/TsumDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tsum_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tsum_Dialect, mnemonic, !listconcat([Pure], traits)>;

/// Says of a result's dynamic extents which of the operands' they are.
def Tsum_ReifiesShape
    : DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>;

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

/// The algebraic laws that hold bit for bit in every dtype. Addition, say, commutes but does not
/// associate.
class Tsum_Laws<string mnemonic> {
  list<Trait> traits = !cond(
      !or(!eq(mnemonic, "negative"), !eq(mnemonic, "invert"),
          !eq(mnemonic, "logical_not")) : [Involution],
      !or(!eq(mnemonic, "relu"), !eq(mnemonic, "sign"), !eq(mnemonic, "floor"),
          !eq(mnemonic, "ceil"), !eq(mnemonic, "round"), !eq(mnemonic, "trunc")) : [Idempotent],
      !or(!eq(mnemonic, "add"), !eq(mnemonic, "multiply"), !eq(mnemonic, "equal"),
          !eq(mnemonic, "not_equal"), !eq(mnemonic, "logical_xor"),
          !eq(mnemonic, "bitwise_xor")) : [Commutative],
      !or(!eq(mnemonic, "maximum"), !eq(mnemonic, "minimum"), !eq(mnemonic, "logical_and"),
          !eq(mnemonic, "logical_or"), !eq(mnemonic, "bitwise_and"),
          !eq(mnemonic, "bitwise_or")) : [Commutative, Idempotent],
      true : []);
}

/// Which dtypes an op takes, for its documentation.
class Tsum_DTypesText<Tsum_Tensor domain> {
  bit hasSmallFloats = !ne(!size(!filter(name, domain.dtypeNames, !eq(name, "bf16"))), 0);
  string text = "\n\nElement types: " # !interleave(domain.dtypeNames, ", ") # "." #
                !if(hasSmallFloats, " f16 and bf16 are computed in f32 and rounded to nearest.",
                    "");
}

/// The result has the operands' type; or it is boolean or real, of their shape.
class Tsum_ElementwiseOp<string mnemonic, Tsum_Tensor domain, string resultKind, string text,
                         list<Trait> traits = []>
    : Tsum_Op<mnemonic, !listconcat(
          [Elementwise, Tsum_ReifiesShape], Tsum_Laws<mnemonic>.traits, traits,
          !cond(!eq(resultKind, "Bool"):
                    [TypesMatchWith<"the result is boolean, of the operands' shape", "x", "result",
                                    "::tsum::ir::getBooleanType($_self)">],
                !eq(resultKind, "Real"):
                    [TypesMatchWith<"the result is real, of the operand's shape", "x", "result",
                                    "::tsum::ir::getRealType($_self)">],
                // The first lets `?` stand beside a number.
                true: [SameOperandsAndResultType, AllTypesMatch<["x", "result"]>]))> {
  let summary = "elementwise " # mnemonic;
  let description = text # Tsum_DTypesText<domain>.text;
  let results = (outs !cond(!eq(resultKind, "Bool"): Tsum_Bool,
                            !eq(resultKind, "Real"): Tsum_Real,
                            true: domain):$result);
  let hasFolder = !eq(resultKind, "Real");
}

class Tsum_UnaryOp<string mnemonic, Tsum_Tensor domain, string resultKind, string text>
    : Tsum_ElementwiseOp<mnemonic, domain, resultKind, text> {
  let arguments = (ins domain:$x);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Tsum_BinaryOp<string mnemonic, Tsum_Tensor domain, string resultKind, string text>
    : Tsum_ElementwiseOp<mnemonic, domain, resultKind, text,
                         !listconcat(!if(!eq(resultKind, "Bool"), [SameTypeOperands], []),
                                     [AllTypesMatch<["x", "y"]>])> {
  let arguments = (ins domain:$x, domain:$y);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x)";
}

// Generated from tsum/Elementwise.def.
include "tsum/Dialect/Tsum/IR/ElementwiseOps.td"

def Tsum_CastOp
    : Tsum_Op<"cast", [SameOperandsAndResultShape, Elementwise, Tsum_ReifiesShape]> {
  let summary = "converts each element to another type";
  let description = [{
    To a float: rounded to nearest, ties to even; integers to f16 and bf16 by way of f32. To an
    integer from an integer or a boolean: modulo 2^n. To an integer from a float: towards zero,
    saturated at the integer's range, NaN to 0. To a boolean: whether it is not 0. To complex
    numbers with imaginary parts of 0, and from them without the imaginary parts.

    ```mlir
    %r = tsum.cast %x : tensor<4xui8> -> tensor<4xf32>
    ```

    Folds to its operand where the types are equal, and a cast of a cast to one cast where the
    first one loses nothing that the second would have kept.
  }];
  let arguments = (ins Tsum_Any:$input);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_WhereOp
    : Tsum_Op<"where", [Elementwise, Tsum_ReifiesShape, AllTypesMatch<["x", "y", "result"]>,
                        TypesMatchWith<"the condition is boolean, of the result's shape", "result",
                                       "condition", "::tsum::ir::getBooleanType($_self)">]> {
  let summary = "chooses elements by a condition";
  let description = [{
    ```mlir
    %r = tsum.where %c, %x, %y : tensor<4xf32>
    ```
  }];
  let arguments = (ins Tsum_Bool:$condition, Tsum_Any:$x, Tsum_Any:$y);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = "$condition `,` $x `,` $y attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// What all reductions have.
def Tsum_ReductionOpInterface : OpInterface<"ReductionOpInterface"> {
  let cppNamespace = "::tsum::ir";
  let description = "A reduction of one tensor over axes.";
  let methods = [
    InterfaceMethod<"The operand.", "::mlir::TypedValue<::mlir::RankedTensorType>", "getInput">,
    InterfaceMethod<"The reduced dimensions, in the order in which they nest.",
                    "::llvm::ArrayRef<int64_t>", "getAxes">,
    InterfaceMethod<"Whether these stay, with extent 1.", "bool", "getKeepdims">,
    InterfaceMethod<"Whether a sum of floats is rounded once, from its exact value.", "bool",
                    "getExact">,
    InterfaceMethod<"By what that value is divided before.", "uint64_t", "getDivisor">,
    InterfaceMethod<"Which number of its node it gives in place of its result.",
                    "std::optional<uint64_t>", "getNode">,
    InterfaceMethod<"Which reduction it is.", "::tsum::OpKind", "getOpKind">
  ];
}

class Tsum_ReductionOp<string mnemonic, string opKind, Tsum_Tensor domain, string text,
                       string specialValues, string error>
    : Tsum_Op<mnemonic,
              [Tsum_ReifiesShape,
               DeclareOpInterfaceMethods<Tsum_ReductionOpInterface, ["getOpKind"]>]> {
  let summary = text;
  let description = [{
    The result has `input`'s element type and its shape without `axes`, or with extent 1 there if
    `keepdims`. A reduction over no axes is `input`.

    The axes are in the order in which the reduced dimensions nest, outermost first. Sums and
    products of floats add and multiply in that order: over `axes = [1, 0]` of a matrix, first down
    each column and then along the row of what the columns gave, as over `[0, 1]` of its transpose.
    Other reductions give the same for any order.

    ```mlir
    %r = tsum.}] # mnemonic # [{ %x axes = [1] : tensor<4x8x}] # !head(domain.dtypeNames) #
    [{> -> tensor<4x}] # !head(domain.dtypeNames) # [{>
    ```

    Special values: }] # specialValues # [{.

    Error: }] # error # [{.

    Element types: }] # !interleave(domain.dtypeNames, ", ") # [{.

    An `exact` reduction is a sum of floats that is the exact sum, rounded once. `over` says what it
    is divided by before, and the result may have another float type than `input`, narrower or
    wider:

    ```mlir
    %mean = tsum.reduce_sum %x axes = [0] exact over 1000 : tensor<1000xf64> -> tensor<f32>
    ```

    `node 0` gives the node of a sum or product of floats, as f64, in place of what it is rounded
    to; `node 1`, of f64, what rounding the node has lost. They are for partial results, which are
    merged later.

    Extents of 1 take no part: a reduction over such axes alone is a reshape (and keeps -0). The
    order in which floats are added or multiplied is a function of the operand's reduced extents
    other than 1, as `axes` nests them, and docs/numerics.md states it; a rewrite that would change
    it is only for reductions that need no order: all but sums and products of floats.
  }];
  let arguments = (ins domain:$input, DenseI64ArrayAttr:$axes, UnitAttr:$keepdims,
                   UnitAttr:$exact, DefaultValuedAttr<I64Attr, "1">:$divisor,
                   OptionalAttr<I64Attr>:$node);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = [{
    $input `axes` `=` $axes (`keepdims` $keepdims^)? (`exact` $exact^)? (`over` $divisor^)?
    (`node` $node^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration =
      "static constexpr ::tsum::OpKind opKind = ::tsum::OpKind::" # opKind # ";";
}

// Generated from tsum/Reductions.def.
include "tsum/Dialect/Tsum/IR/ReductionOps.td"

//===----------------------------------------------------------------------===//
// Parts of reductions
//===----------------------------------------------------------------------===//

class Tsum_PartOfReductionOp<string mnemonic>
    : Tsum_Op<mnemonic, [DeclareOpInterfaceMethods<Tsum_ReductionOpInterface>]> {
  let hasVerifier = 1;
}

def Tsum_ReducePiecesOp : Tsum_PartOfReductionOp<"reduce_pieces"> {
  let summary = "what a reduction leaves of each piece";
  let description = [{
    What `reduction` leaves of each piece of its outermost dimension, the first of `axes`: number
    `node` of a node, as f64; of what has no order, and so no nodes, its result. The result has a
    new first dimension, of the pieces.

    ```mlir
    %n = tsum.reduce_pieces <reduce_sum f32> %x axes = [0] in <4096 of 10000> node 0
        : tensor<10000xf32> -> tensor<3xf64>
    %r = tsum.merge_nodes <reduce_sum f32> (%n) axes = [0] : (tensor<3xf64>) -> tensor<f32>
    ```

    is `tsum.reduce_sum %x axes = [0]`, to the bit. `tsum-form-kernels` takes a reduction apart so
    where a kernel that writes something of the same data can compute the nodes beside it.
  }];
  let arguments = (ins Tsum_ReductionAttr:$reduction, Tsum_Any:$input, DenseI64ArrayAttr:$axes,
                   Tsum_PieceAttr:$piece, OptionalAttr<I64Attr>:$node);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = [{
    $reduction $input `axes` `=` $axes `in` $piece (`node` $node^)? attr-dict `:`
    type($input) `->` type($result)
  }];
}

def Tsum_MergeNodesOp : Tsum_PartOfReductionOp<"merge_nodes"> {
  let summary = "a reduction of the nodes of its pieces";
  let description = [{
    `nodes` are all numbers of the nodes that `tsum.reduce_pieces` gives of `reduction`, which lie
    along `axes`, and the result is that of the whole.
  }];
  let arguments = (ins Tsum_ReductionAttr:$reduction, Variadic<RankedTensorOf<[F64]>>:$nodes,
                   DenseI64ArrayAttr:$axes);
  let results = (outs Tsum_Float:$result);
  let assemblyFormat = [{
    $reduction ` ` `(` $nodes `)` `axes` `=` $axes attr-dict `:` functional-type($nodes, $result)
  }];
}

//===----------------------------------------------------------------------===//
// Among processes
//===----------------------------------------------------------------------===//

def Tsum_AllReduceOp
    : Tsum_Op<"all_reduce", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a reduction over a dimension that processes have parts of";
  let description = [{
    `input` is this process's part of a tensor whose dimension `divided`, one of `axes`, is divided
    into equal parts among the processes of `grid` along `grid_axes`, in their order. All processes
    get the reduction of the whole tensor: each reduces its part to nodes of the tree over the
    whole, and these merge (docs/numerics.md), so that no bit tells how many processes there are.

    ```mlir
    shard.grid @ranks(shape = 4)
    // Of a tensor<1000x3xf32> that is divided along dimension 0.
    %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [0]
        : tensor<250x3xf32> -> tensor<3xf32>
    ```

    It is what MLIR's `shard-partition` makes of a reduction. The runtime does the same on graphs
    (docs/scaling.md); no pass lowers it.
  }];
  let arguments = (ins Tsum_ReductionAttr:$reduction, Tsum_Any:$input, DenseI64ArrayAttr:$axes,
                   UnitAttr:$keepdims, I64Attr:$divided, FlatSymbolRefAttr:$grid,
                   DenseI16ArrayAttr:$grid_axes);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = [{
    $reduction $input `axes` `=` $axes (`keepdims` $keepdims^)? `divided` `=` $divided `across`
    $grid `axes` `=` $grid_axes attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Shape operations and data
//===----------------------------------------------------------------------===//

def Tsum_BroadcastOp
    : Tsum_Op<"broadcast", [SameOperandsAndResultElementType, Tsum_ReifiesShape]> {
  let summary = "repeats a tensor along new dimensions";
  let description = [{
    Dimension i of `input` is dimension `dims[i]` of the result, of the same extent; `dims` is
    ascending. `input` is repeated along the others.

    ```mlir
    %r = tsum.broadcast %x dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
    ```

    An extent of 1 is not stretched: `tsum.reshape` it away first. How often is written in the type:
    the new extents are static.
  }];
  let arguments = (ins Tsum_Any:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Tsum_Any:$result);
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

    Where extents are dynamic it adds and drops extents of 1 alone.
  }];
  let arguments = (ins Tsum_Any:$input);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_TransposeOp
    : Tsum_Op<"transpose", [SameOperandsAndResultElementType, Tsum_ReifiesShape]> {
  let summary = "puts the dimensions in another order";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of `input`.

    ```mlir
    %r = tsum.transpose %x permutation = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    ```

    Folds to its operand where nothing moves, and with a transpose before it to one.
  }];
  let arguments = (ins Tsum_Any:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = [{
    $input `permutation` `=` $permutation attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_SliceOp : Tsum_Op<"slice", [SameOperandsAndResultElementType]> {
  let summary = "takes elements at regular distances";
  let description = [{
    Element (i, j, ...) of the result is element (starts[0] + i * steps[0], starts[1] + j *
    steps[1], ...) of `input`. A negative step goes backwards; all places lie inside of `input`,
    whose shape is static.

    ```mlir
    // x[1::2, ::-1]
    %r = tsum.slice %x starts = [1, 7] steps = [2, -1] : tensor<4x8xf32> -> tensor<2x8xf32>
    ```

    Folds to its operand where that is all of it, and with a slice before it to one. A step that is
    never taken becomes 1.
  }];
  let arguments = (ins Tsum_Any:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$steps);
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = [{
    $input `starts` `=` $starts `steps` `=` $steps attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tsum_IotaOp : Tsum_Op<"iota"> {
  let summary = "numbers that count along dimensions";
  let description = [{
    The element at (i, j, ...) is `offset + i * steps[0] + j * steps[1] + ...`, modulo 2^n.

    ```mlir
    %r = tsum.iota steps = [8, 1] : tensor<4x8xi32>
    ```
  }];
  let arguments = (ins DenseI64ArrayAttr:$steps, DefaultValuedAttr<I64Attr, "0">:$offset);
  let results = (outs Tsum_Integer:$result);
  let assemblyFormat = "`steps` `=` $steps (`offset` `=` $offset^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
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
  let results = (outs Tsum_Any:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Complex numbers
//===----------------------------------------------------------------------===//

class Tsum_MatchingPart<string part, string whole>
    : TypesMatchWith<"'" # part # "' has the shape of '" # whole # "' and the type of its parts",
                     whole, part, "::tsum::ir::getRealType($_self)">;

def Tsum_ComplexOp : Tsum_Op<"complex", [Elementwise, Tsum_ReifiesShape,
                                         Tsum_MatchingPart<"real", "result">,
                                         Tsum_MatchingPart<"imag", "result">]> {
  let summary = "complex numbers of real and imaginary parts";
  let description = [{
    ```mlir
    %z = tsum.complex %x, %y : tensor<4xcomplex<f32>>
    ```

    Folds to the complex tensor of which both operands are the parts.
  }];
  let arguments = (ins Tsum_Part:$real, Tsum_Part:$imag);
  let results = (outs Tsum_Complex:$result);
  let assemblyFormat = "$real `,` $imag attr-dict `:` type($result)";
  let hasFolder = 1;
}

class Tsum_PartOp<string mnemonic, string text>
    : Tsum_Op<mnemonic, [Elementwise, Tsum_ReifiesShape, Tsum_MatchingPart<"result", "x">]> {
  let summary = text;
  let description = "```mlir\n%r = tsum." # mnemonic # " %z : tensor<4xcomplex<f32>>\n```";
  let arguments = (ins Tsum_Complex:$x);
  let results = (outs Tsum_Part:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasFolder = 1;
}

def Tsum_RealOp : Tsum_PartOp<"real", "the real parts of complex numbers">;
def Tsum_ImagOp : Tsum_PartOp<"imag", "the imaginary parts of complex numbers">;

//===----------------------------------------------------------------------===//
// Inside kernels
//===----------------------------------------------------------------------===//

def Tsum_ElementaryOp : Tsum_Op<"elementary", [SameOperandsAndResultType]> {
  let summary = "an elementary function of scalars or vectors";
  let description = [{
    What becomes of `tsum.exp` and its like in the body of a kernel: a function of include/tsum/Math
    by its name there. The ops of MLIR's math dialect are not these, since their folders ask the
    host's libm, which gives other bits.

    ```mlir
    %y = tsum.elementary "exp"(%x) : vector<64xf32>
    ```
  }];
  let arguments = (ins StrAttr:$function,
                   Variadic<AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>>:$operands);
  let results = (outs AnyTypeOf<[F32, F64, VectorOfAnyRankOf<[F32, F64]>]>:$result);
  let assemblyFormat = "$function `(` $operands `)` attr-dict `:` type($result)";
}

def Tsum_AccumulateOp
    : Tsum_Op<"accumulate", [AttrSizedOperandSegments,
                             DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "takes an element of a reduction into what its output has so far";
  let description = [{
    Stands in the body of a `linalg.generic` that reduces one dimension, or for an exact sum
    several. The attribute says what is computed, and so in which order; no rewrite takes it apart.
    The values are an element in the type of blocks, or the parts of a node. The accumulators are
    outputs of the `linalg.generic`, one after the other, which nothing else reads, and it yields
    the results for them.

    ```mlir
    ^bb0(%in: f32, %out: f32):
      %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %r : f32
    ```

    A line of f64, whose node is a pair:

    ```mlir
    ^bb0(%in: f64, %high: f64, %low: f64):
      %r:2 = tsum.accumulate <reduce_sum f64 to nodes> (%in) into (%high, %low)
          : (f64) into (f64, f64)
      linalg.yield %r#0, %r#1 : f64, f64
    ```
  }];
  let arguments = (ins Tsum_ReductionAttr:$reduction, Variadic<AnyType>:$values,
                       Variadic<AnyType>:$accumulators);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = [{
    $reduction ` ` `(` $values `)` `into` ` ` `(` $accumulators `)` attr-dict
    `:` `(` type($values) `)` `into` ` ` `(` type($accumulators) `)`
  }];
  let hasVerifier = 1;
}

def Tsum_LoadOp : Op<Tsum_Dialect, "load", [MemoryEffects<[MemRead]>]> {
  let summary = "elements that lie side by side in memory";
  let description = [{
    Loads the elements from `offset` elements behind that at `indices` on, whatever the strides of
    the buffer are: `vector.load` for buffers with gaps between the elements of a row.

    ```mlir
    %v = tsum.load %x[%i, %j] + 16 : memref<4x8xf32, strided<[100, 2]>> -> vector<16xf32>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$base, Variadic<Index>:$indices, I64Attr:$offset);
  let results = (outs AnyVectorOfNonZeroRank:$result);
  let assemblyFormat = [{
    $base `[` $indices `]` `+` $offset attr-dict `:` type($base) `->` type($result)
  }];
}

def Tsum_LimbsOp : Op<Tsum_Dialect, "limbs", [SameVariadicOperandSize]> {
  let summary = "what is rare in exact sums, by a function of the library";
  let description = [{
    Calls the function of tsum/Exact/Calls.def of that name, for elements of that type, with the
    places in `buffers`, each of one dimension, and with `numbers`.

    ```mlir
    tsum.limbs "add_node" f32 (%sum, %node) at (%i, %j) numbers [] : memref<16xi64>, memref<7xi64>
    ```
  }];
  let arguments = (ins StrAttr:$function, TypeAttr:$element,
                   Variadic<MemRefRankOf<[I64, F32, F64], [1]>>:$buffers,
                   Variadic<Index>:$places, DenseI64ArrayAttr:$numbers);
  let assemblyFormat = [{
    $function $element ` ` `(` $buffers `)` `at` ` ` `(` $places `)` `numbers` $numbers attr-dict
    `:` type($buffers)
  }];
  let hasVerifier = 1;
}

def Tsum_PiecesOp : Tsum_Op<"pieces"> {
  let summary = "the nodes of each piece of a reduction";
  let description = [{
    `nodes` are the results of a `linalg.generic` to nodes, or of a reduction without an order.
    Instead of one for the whole of the dimension that it reduces there is one for each piece, along
    a new first dimension. `tsum-tile` makes loops over pieces of it.

    ```mlir
    %p = tsum.pieces <65536 of 1000000> (%nodes) : (tensor<f64>) -> (tensor<16xf64>)
    ```
  }];
  let arguments = (ins Tsum_PieceAttr:$piece, Variadic<AnyRankedTensor>:$nodes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $piece ` ` `(` $nodes `)` attr-dict `:` `(` type($nodes) `)` `->` `(` type($results) `)`
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

def Tsum_LaunchOp
    : Tsum_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "computes tensors by running a kernel";
  let description = [{
    What remains of a function once its work is in kernels: runs all tiles of `kernel`, in any order
    and on any number of threads. Whatever stage the kernel has been lowered to, its first arguments
    are `inputs`, in order. From the stage `tile` on the buffers of the results come next.

    ```mlir
    %r = tsum.launch @kernels::@f_0(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<Tsum_Any>:$inputs);
  let results = (outs Variadic<Tsum_Any>:$results);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $results)";
}

#endif // TSUM_DIALECT_TSUM_IR_TSUMOPS
