// SPDX-License-Identifier: Apache-2.0

#ifndef TSUM_DIALECT_TSUM_TRANSFORMS_PASSES
#define TSUM_DIALECT_TSUM_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def TsumFormKernelsPass : Pass<"tsum-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Group the ops of a function into kernels";
  let description = [{
    Moves the work of each public function into the functions of a nested module `@kernels` and
    leaves a schedule of `tsum.launch` ops. Elementwise ops fold into the kernels that read them, a
    reduction takes the elementwise ops before it along, and those after it that keep its shape
    become its epilogue.

    Reductions of rows of up to 64 KB, innermost in memory, also stay together with what reads them
    for every element of the row or reduces that again: softmax and variance are one kernel, which
    reads each row from memory once. The attribute `tsum.rows` of such a kernel says how many
    leading dimensions of its output number the rows.

    So do those of columns, over dimensions before the innermost one, which has at least 16
    elements: of at most 1024 elements, or half as many where these take long to compute, or a
    quarter where the result has them all, too. A tile is some columns side by side, as many as are
    1 or 2 KB in memory, fewer where the stack or the number of tiles, which threads share, takes
    it. The attribute `tsum.columns` says how many, and which dimensions of the output a tile takes
    whole.

    A value gets a kernel of its own, and so memory, only where one of these holds; the attribute
    `tsum.cut` of the kernel says which:

    - `output`: the function returns it;
    - `shared reduction`: a reduction that several kernels read;
    - `reduction of a reduction`: a reduction that another one reads, other than within rows or
      columns;
    - `nodes`: nodes of pieces, which a kernel of its own merges;
    - `broadcast reduction`: a reduction whose elements are each read many times, other than within
      these;
    - `reshape`: a value that a reshape reads, which happens between kernels;
    - `size`: the kernel would have too much code, which counts a function or a reduction as 16
      additions, and what several of its loops compute once for each, up to 256 in all;
    - `stack`: its tiles would keep more on the stack than 128 KB, or 64 KB of one value: rows that
      take long to compute and several loops read, and results of reductions;
    - `shared value`: more than 4 kernels would compute it each for itself, which is much code.

    Two kernels whose results have one shape are joined to one with several results where that
    spares reading memory, and nothing above stands against it; up to four results, since each takes
    registers or a share of the cache. The attribute `tsum.joined` says why:

    - `same data`: they have no reductions, or reductions over the same loops, and of what one of
      them reads at least half of the bytes are those that the other reads, results of one other
      kernel, or interleaved with what the other reads, as the parts of complex numbers are;
    - `result that is read`: one reads what the other computes, row by row or element by element. If
      nothing else reads it, it needs no memory any more.

    A reduction over all dimensions, one of floats in the order in which they lie, is taken apart
    where one of these kernels has its data at hand: one that writes something of the same data, and
    does not depend on the result, or one that knows something of each row, such as its maximum, that
    the elements of the reduction are computed from. That kernel computes the nodes of pieces
    (`tsum.reduce_pieces`), or of its rows, and another one merges them (`tsum.merge_nodes`; what has
    no order is reduced once more): value and gradient of a loss read their data once. The order of
    additions is the same. Exact sums, and extrema of f16 and bf16, stay whole.

    ```mlir
    func.func @norm(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %0 = tsum.square %x : tensor<4x8xf32>
      %1 = tsum.reduce_sum %0 axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
      %2 = tsum.sqrt %1 : tensor<4xf32>
      return %2 : tensor<4xf32>
    }
    // becomes
    func.func @norm(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %0 = tsum.launch @kernels::@square_reduce_sum_sqrt_0(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    module @kernels { func.func @square_reduce_sum_sqrt_0(...) ... }
    ```
  }];
  let options = [Option<"smallKernels", "small-kernels", "bool", /*default=*/"false",
                        "Give each op a kernel of its own: where larger ones do not compile">];
  let dependentDialects = ["::mlir::func::FuncDialect", "::tsum::ir::TsumDialect"];
}

#endif // TSUM_DIALECT_TSUM_TRANSFORMS_PASSES
