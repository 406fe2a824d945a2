// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-to-linalg,tsum-fuse))' \
// RUN:   --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @producers_and_epilogues
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}}ins(%[[X]], %[[Y]]
//       CHECK:     %[[DIFFERENCE:.*]] = arith.subf
//       CHECK:     %[[SQUARE:.*]] = arith.mulf %[[DIFFERENCE]], %[[DIFFERENCE]]
//       CHECK:     tsum.accumulate <reduce_sum f32> (%[[SQUARE]])
//       CHECK:   linalg.generic {{.*}}["parallel"]{{.*}}ins(%[[SUM]] :
//       CHECK:     math.sqrt
//       CHECK:     arith.negf
//   CHECK-NOT:   linalg.generic
func.func @producers_and_epilogues(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  %difference = tsum.subtract %x, %y : tensor<4x8xf32>
  %square = tsum.square %difference : tensor<4x8xf32>
  %sum = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %norm = tsum.sqrt %sum : tensor<4xf32>
  %r = tsum.negative %norm : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK: #[[$ROWS:.*]] = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @broadcast_becomes_a_map
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>, %[[MEAN:.*]]: tensor<4xf32>
//       CHECK:   linalg.generic {indexing_maps = [#{{.*}}, #[[$ROWS]], #{{.*}}]
//  CHECK-SAME:     ins(%[[X]], %[[MEAN]]
//   CHECK-NOT:   linalg.generic
func.func @broadcast_becomes_a_map(%x: tensor<4x8xf32>, %mean: tensor<4xf32>) -> tensor<4x8xf32> {
  %m = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %r = tsum.subtract %x, %m : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// Two sums that read one value each compute it: nothing of the size of the input is stored.

// CHECK-LABEL: func.func @shared_producer
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[A:.*]] = linalg.generic {{.*}}"reduction"{{.*}}ins(%[[X]] :
//       CHECK:     math.sqrt
//       CHECK:   %[[B:.*]] = linalg.generic {{.*}}"reduction"{{.*}}ins(%[[X]] :
//       CHECK:     math.sqrt
//       CHECK:     arith.mulf
//       CHECK:   linalg.generic {{.*}}["parallel"]{{.*}}ins(%[[A]], %[[B]] :
//   CHECK-NOT:   linalg.generic
func.func @shared_producer(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %root = tsum.sqrt %x : tensor<4x8xf32>
  %square = tsum.square %root : tensor<4x8xf32>
  %a = tsum.reduce_sum %root axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.subtract %a, %b : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Computing a sum again for each element that reads it would change what the kernel costs.

// CHECK-LABEL: func.func @sums_stay_apart
//       CHECK:   %[[ROWS:.*]] = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:   linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[ROWS]] :
func.func @sums_stay_apart(%x: tensor<4x8xf32>) -> tensor<f32> {
  %rows = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.reduce_sum %rows axes = [0] : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// What two passes over a row read is computed twice if that takes less than keeping it. A quotient
// that is the same all along the row is computed once, and counts for nothing.

// CHECK-LABEL: func.func @deviation
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>, %[[N:.*]]: tensor<4xf32>
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]] :
//       CHECK:   %[[SQUARES:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins({{.*}}%[[X]]
//       CHECK:   linalg.generic {{.*}}"parallel", "parallel"{{.*}} ins({{.*}}%[[X]]{{.*}}%[[SQUARES]]
//   CHECK-NOT:   linalg.generic
func.func @deviation(%x: tensor<4x8xf32>, %n: tensor<4xf32>) -> tensor<4x8xf32>
    attributes {tsum.rows = 1 : i64} {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mean = tsum.divide %sum, %n : tensor<4xf32>
  %means = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = tsum.subtract %x, %means : tensor<4x8xf32>
  %square = tsum.square %d : tensor<4x8xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %all = tsum.broadcast %squares dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %r = tsum.multiply %d, %all : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// What takes long stays on the stack for the columns of a tile, where it takes little room there.

// CHECK-LABEL: func.func @powers_of_columns
//       CHECK:   %[[POWERS:.*]] = linalg.generic
//       CHECK:     tsum.elementary "exp"
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[POWERS]] :
//       CHECK:   linalg.generic {{.*}} ins(%[[POWERS]], %[[SUM]] :
func.func @powers_of_columns(%x: tensor<64x640xf32>) -> tensor<64x640xf32>
    attributes {tsum.columns = #tsum.columns<256, whole = [0]>} {
  %powers = tsum.exp %x : tensor<64x640xf32>
  %sum = tsum.reduce_sum %powers axes = [0] : tensor<64x640xf32> -> tensor<640xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<640xf32> -> tensor<64x640xf32>
  %r = tsum.divide %powers, %sums : tensor<64x640xf32>
  return %r : tensor<64x640xf32>
}

// -----

// It is computed again where that is more.

// CHECK-LABEL: func.func @powers_of_long_columns
//  CHECK-SAME:   %[[X:.*]]: tensor<65x640xf32>
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]] :
//       CHECK:   linalg.generic {{.*}} ins(%[[X]], %[[SUM]] :
//       CHECK:     tsum.elementary "exp"
func.func @powers_of_long_columns(%x: tensor<65x640xf32>) -> tensor<65x640xf32>
    attributes {tsum.columns = #tsum.columns<256, whole = [0]>} {
  %powers = tsum.exp %x : tensor<65x640xf32>
  %sum = tsum.reduce_sum %powers axes = [0] : tensor<65x640xf32> -> tensor<640xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<640xf32> -> tensor<65x640xf32>
  %r = tsum.divide %powers, %sums : tensor<65x640xf32>
  return %r : tensor<65x640xf32>
}

// -----

// What takes long and is one value for a column is computed once.

// CHECK-LABEL: func.func @root_of_columns
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}"reduction"
//       CHECK:   %[[ROOT:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<640xf32>)
//       CHECK:     math.sqrt
//       CHECK:   linalg.generic {{.*}} ins({{.*}}, %[[ROOT]] :
//   CHECK-NOT:     math.sqrt
//       CHECK:   return
func.func @root_of_columns(%x: tensor<64x640xf32>) -> tensor<64x640xf32>
    attributes {tsum.columns = #tsum.columns<256, whole = [0]>} {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<64x640xf32> -> tensor<640xf32>
  %root = tsum.sqrt %sum : tensor<640xf32>
  %roots = tsum.broadcast %root dims = [1] : tensor<640xf32> -> tensor<64x640xf32>
  %r = tsum.divide %x, %roots : tensor<64x640xf32>
  return %r : tensor<64x640xf32>
}

// -----

// What is repeated and turns out to be constant leaves no result in the reduction: nothing but its
// sum, whose loop's extent the tensor says that would have been filled.

// CHECK-LABEL: func.func @constant_repeated
//       CHECK:   %[[ZERO:.*]] = arith.constant 0 : i32
//       CHECK:   %[[SHAPE:.*]] = tensor.empty() : tensor<8xi32>
//       CHECK:   linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[SHAPE]] : tensor<8xi32>) outs(%{{[0-9]+}} : tensor<4xi32>)
//       CHECK:     tsum.accumulate <reduce_max i32> (%[[ZERO]])
//  CHECK-NEXT:     linalg.yield %{{.*}} : i32
func.func @constant_repeated(%x: tensor<8xi32>) -> tensor<4xi32> {
  %zero = tsum.bitwise_xor %x, %x : tensor<8xi32>
  %rows = tsum.broadcast %zero dims = [1] : tensor<8xi32> -> tensor<4x8xi32>
  %max = tsum.reduce_max %rows axes = [1] : tensor<4x8xi32> -> tensor<4xi32>
  return %max : tensor<4xi32>
}
