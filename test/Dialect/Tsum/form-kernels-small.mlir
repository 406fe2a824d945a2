// RUN: tsum-opt %s --tsum-form-kernels=small-kernels | FileCheck %s
// RUN: tsum-opt %s --tsum-compile='small-kernels stop-after=kernels' | FileCheck %s
// RUN: tsum-opt %s --tsum-compile='small-kernels' | FileCheck %s --check-prefix=LLVM

// Where larger kernels do not compile, each has one operation, and repeats what it reads.

// CHECK-LABEL: func.func @norms
//       CHECK:   %[[SQUARES:.*]] = tsum.launch @kernels::@[[SQUARE:[a-z_0-9]*]](%{{.*}}) {{.*}} -> tensor<4x8xf32>
//       CHECK:   %[[SUMS:.*]] = tsum.launch @kernels::@[[SUM:[a-z_0-9]*]](%[[SQUARES]])
//       CHECK:   tsum.launch @kernels::@[[DIVIDE:[a-z_0-9]*]](%[[SUMS]], %{{.*}}) {{.*}} -> tensor<4x8xf32>
//       CHECK:   func.func @[[SQUARE]]
//  CHECK-SAME:     tsum.cut = "small kernels"
//  CHECK-NEXT:     tsum.square
//  CHECK-NEXT:     return
//       CHECK:   func.func @[[SUM]]
//  CHECK-SAME:     tsum.cut = "small kernels"
//  CHECK-NEXT:     tsum.reduce_sum
//  CHECK-NEXT:     return
//       CHECK:   func.func @[[DIVIDE]]
//  CHECK-SAME:     tsum.cut = "output"
//  CHECK-NEXT:     tsum.broadcast
//  CHECK-NEXT:     tsum.divide
//  CHECK-NEXT:     return
// LLVM-COUNT-3: llvm.func
func.func @norms(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %squares = tsum.square %x : tensor<4x8xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %repeated = tsum.broadcast %sums dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %r = tsum.divide %x, %repeated : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
