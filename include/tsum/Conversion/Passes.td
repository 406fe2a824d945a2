// SPDX-License-Identifier: Apache-2.0

#ifndef TSUM_CONVERSION_PASSES
#define TSUM_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def TsumToLinalgPass : Pass<"tsum-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "Lower tsum ops to linalg on tensors";
  let description = [{
    Turns each elementwise op into a `linalg.generic` of its arith or math ops, and each broadcast
    into one whose map drops the new dimensions. Unsigned elements become signless, booleans bytes,
    bf16 its bits. Fails if an op of the graph remains.

    A reduction becomes a chain with one `linalg.generic` for each dimension that it reduces, the
    last of `axes` first. That one takes the elements, those after it the nodes which are left of
    its lines, and `tsum.accumulate` in their bodies says so. An exact sum is a single one.

    Dynamic extents stay dynamic, `tensor.dim` of an operand. Floats are not summed or multiplied
    along one: the extent decides on their order, and one element is not added to anything.

    ```mlir
    %s = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
    // becomes
    %lines = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf64>) {
    ^bb0(%in: f32, %out: f64):
      %node = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
      linalg.yield %node : f64
    } -> tensor<4xf64>
    %s = linalg.generic {
        indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>],
        iterator_types = ["reduction"]}
        ins(%lines : tensor<4xf64>) outs(%zero : tensor<f32>) {
    ^bb0(%in: f64, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%out) : (f64) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect",
                           "::tsum::ir::TsumDialect"];
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
