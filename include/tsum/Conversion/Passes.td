// SPDX-License-Identifier: Apache-2.0

#ifndef TSUM_CONVERSION_PASSES
#define TSUM_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def TsumCanonicalizeLayoutPass : Pass<"tsum-canonicalize-layout", "::mlir::ModuleOp"> {
  let summary = "Replace functions by the canonical forms that are compiled for them";
  let description = [{
    Shows what happens to layouts before anything is compiled: each function of tsum ops is replaced
    by its canonical form (docs/architecture.md), in which unit and broadcast dimensions are gone,
    negative strides flipped, dimensions ordered by their strides and neighbours of a kind merged,
    in which views are strides, and in which long reductions with few results are cut into parts.
    Transposed, reversed and reshaped forms of an expression become one function, and share its
    kernels.

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

def TsumToLinalgPass : Pass<"tsum-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "Lower tsum ops to linalg on tensors";
  let description = [{
    Turns each `tsum.reduce_sum` into a zero `linalg.fill` and a `linalg.generic` over the same
    axes, each elementwise op into a `linalg.generic` of its arith or math ops, and each broadcast
    into one whose map drops the new dimensions. Unsigned elements become signless. Fails if any
    tsum op remains.

    ```mlir
    %s = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
    // becomes
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<4xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
    %s = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    } -> tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def TsumToLLVMPass : Pass<"tsum-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower the loops and vectors of kernels to the LLVM dialect";
  let description = [{
    Lowers affine, scf, cf, memref, vector, arith, math and func in one conversion and gives each
    kernel tsum's calling convention: `void kernel(const void *const *arguments, int64_t begin,
    int64_t end)`, where `arguments` holds the pointers of the inputs, then of the output, and
    `begin` to `end` are the tiles to compute.
  }];
  let options = [
    Option<"targetFeatures", "target-features", "std::string", /*default=*/"",
           "Instruction set extensions to compile for, such as +avx2,+fma">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // TSUM_CONVERSION_PASSES
