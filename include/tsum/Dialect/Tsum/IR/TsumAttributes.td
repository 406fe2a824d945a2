// SPDX-License-Identifier: Apache-2.0
#ifndef TSUM_DIALECT_TSUM_IR_TSUMATTRIBUTES
#define TSUM_DIALECT_TSUM_IR_TSUMATTRIBUTES

include "tsum/Dialect/Tsum/IR/TsumDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Tsum_ReductionAttr : AttrDef<Tsum_Dialect, "Reduction"> {
  let mnemonic = "reduction";
  let summary = "what a reduction does with its elements, said once";
  let description = [{
    The reduction of include/tsum/Reductions.def, by its name, and the type of the elements that it
    reduces, as the tensor has them. From these follow the types in which blocks are combined, the
    nodes above the blocks, how these are merged and what a result is (docs/numerics.md).

    A reduction `to nodes` gives partial results: what is left of each line is not rounded. One
    `from nodes` merges these, by the balanced tree over their index; those of exact sums, which
    have no order, may lie along several dimensions. One that is `exact` gives the
    correctly rounded sum, or quotient of the sum and a divisor, as another float if it says so.

    ```mlir
    #tsum.reduction<reduce_sum f32>
    #tsum.reduction<reduce_sum f64 to nodes>
    #tsum.reduction<reduce_sum f64 from nodes>
    #tsum.reduction<reduce_sum bf16 exact>
    #tsum.reduction<reduce_sum f32 to nodes exact>
    #tsum.reduction<reduce_sum f64 exact over 1000 as f32>
    ```
  }];
  let parameters = (ins "::tsum::OpKind":$kind, "::mlir::Type":$element, "bool":$fromNodes,
                        "bool":$toNodes, "bool":$exact, "int64_t":$divisor,
                        "::mlir::Type":$rounded);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether the order of its operations shows in the result: that of a sum or product of floats.
    bool isOrdered() const;
    /// Whether partial results are of another type than results: those of what has an order, and of
    /// exact sums.
    bool hasNodes() const { return isOrdered() || getExact(); }
    /// The type in which the elements of a block are combined: what `tsum.accumulate` takes.
    ::mlir::Type getBlockType() const;
    /// The types of a node: one, or two of a pair; of an exact sum the words of
    /// tsum/Exact/Limbs.h. Those of all else are the element's.
    ::llvm::SmallVector<::mlir::Type, 2> getNodeTypes() const;
    /// The type of a result: `rounded` as it lies in memory, but that of small floats is left to
    /// round: f64 of sums and products, f32 of extrema.
    ::mlir::Type getResultType() const;
    /// The same reduction at another place of a chain.
    ReductionAttr between(bool fromNodes, bool toNodes) const;
  }];
}

def Tsum_Strategy : I32EnumAttr<"Strategy", "how the loops of a reduction run", [
    I32EnumAttrCase<"Inner", 0, "inner">, I32EnumAttrCase<"Outer", 1, "outer">,
    I32EnumAttrCase<"Narrow", 2, "narrow">, I32EnumAttrCase<"Short", 3, "short">,
    I32EnumAttrCase<"Nodes", 4, "nodes">, I32EnumAttrCase<"Exact", 5, "exact">,
    I32EnumAttrCase<"Nested", 6, "nested">]> {
  let cppNamespace = "::tsum::ir";
  let genSpecializedAttr = 0;
}

def Tsum_StrategyAttr : EnumAttr<Tsum_Dialect, Tsum_Strategy, "strategy"> {
  let summary = "the strategy that a reduction runs by, as the attribute `tsum.strategy` says";
  let assemblyFormat = "`<` $value `>`";
}

def Tsum_PieceAttr : AttrDef<Tsum_Dialect, "Piece"> {
  let mnemonic = "piece";
  let summary = "which pieces of a dimension are reduced by themselves";
  let description = [{
    The reduced dimension of extent `extent` is cut into pieces of `size`, of which the last may be
    short. A piece of a line is whole blocks, and a power of two of them, a piece of nodes a power
    of two, so that each piece is a node of the tree.

    ```mlir
    #tsum.piece<65536 of 1000000>
    ```
  }];
  let parameters = (ins "int64_t":$size, "int64_t":$extent);
  let assemblyFormat = "`<` $size `of` $extent `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getCount() const { return getExtent() / getSize() + (getExtent() % getSize() != 0); }
  }];
}

def Tsum_ColumnsAttr : AttrDef<Tsum_Dialect, "Columns"> {
  let mnemonic = "columns";
  let summary = "the tiles of a kernel that works on columns";
  let description = [{
    Along the innermost dimension of the kernel's results that is not `whole`, a tile takes `width`
    neighbours, of those that are `whole` everything, and one of all others.

    ```mlir
    #tsum.columns<64>
    #tsum.columns<64, whole = [0]>
    ```
  }];
  let parameters = (ins "int64_t":$width, OptionalArrayRefParameter<"int64_t">:$whole);
  let assemblyFormat = "`<` $width (`,` `whole` `=` `[` $whole^ `]`)? `>`";
  let genVerifyDecl = 1;
}

#endif // TSUM_DIALECT_TSUM_IR_TSUMATTRIBUTES
