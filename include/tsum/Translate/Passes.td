// SPDX-License-Identifier: Apache-2.0

#ifndef TSUM_TRANSLATE_PASSES
#define TSUM_TRANSLATE_PASSES

include "mlir/Pass/PassBase.td"

def TsumCanonicalizeLayoutPass : Pass<"tsum-canonicalize-layout", "::mlir::ModuleOp"> {
  let summary = "Replace functions by the canonical forms that are compiled for them";
  let description = [{
    Shows what happens to layouts before anything is compiled: each function of tsum ops is replaced
    by its canonical form (docs/architecture.md), in which unit and broadcast dimensions are gone,
    negative strides flipped, dimensions ordered by their strides and neighbours of a kind merged,
    and in which views are strides. The `axes` of a sum of floats say in which order the dimensions
    that are left nest for the additions, since memory may have another order. Transposed, reversed
    and reshaped forms of an expression become one function, and share its kernels.

    Arguments and results are buffers of that form. `tsum.name` says which ones, an argument by its
    own `tsum.name` or as `arg0`, a result as `result0`; `tsum.offset` where element 0 of the form
    lies, in elements from the first; `tsum.strides`, of a result, how its dimensions lie in the
    buffer, if not row-major. A function that is computed in several steps, since a dimension would
    have to run two ways at once, becomes one function for each.

    ```mlir
    func.func @columns(%x: tensor<4x1x6xf32>) -> tensor<6xf32> {
      %t = tsum.transpose %x permutation = [2, 1, 0] : tensor<4x1x6xf32> -> tensor<6x1x4xf32>
      %s = tsum.reduce_sum %t axes = [1, 2] : tensor<6x1x4xf32> -> tensor<6xf32>
      return %s : tensor<6xf32>
    }
    // becomes
    func.func @columns(%x: tensor<4x6xf32> {tsum.name = "arg0"})
        -> (tensor<6xf32> {tsum.name = "result0"}) {
      %s = tsum.reduce_sum %x axes = [0] : tensor<4x6xf32> -> tensor<6xf32>
      return %s : tensor<6xf32>
    }
    ```
  }];
  let dependentDialects = ["::tsum::ir::TsumDialect", "::mlir::func::FuncDialect"];
}

#endif // TSUM_TRANSLATE_PASSES
