// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-to-linalg,tsum-fuse,tsum-join-reductions,cse))' \
// RUN:   --split-input-file | FileCheck %s

// One pass over the data, which squares each element once.

// CHECK-LABEL: func.func @sum_squares_and_largest
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[R:.*]]:4 = linalg.generic {{.*}}["parallel", "reduction"]{{.*}} ins(%[[X]] :
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32, %[[D:.*]]: f32):
//   CHECK-DAG:     %[[SUM:.*]] = arith.addf %[[A]], %[[IN]]
//   CHECK-DAG:     %[[SQUARE:.*]] = arith.mulf %[[IN]], %[[IN]]
//   CHECK-DAG:     %[[SQUARES:.*]] = arith.addf %[[B]], %[[SQUARE]]
//   CHECK-DAG:     %[[LARGEST:.*]] = arith.maximumf %[[C]], %[[IN]]
//   CHECK-DAG:     %[[PRODUCT:.*]] = arith.mulf %[[D]], %[[SQUARE]]
//       CHECK:     linalg.yield %[[SUM]], %[[SQUARES]], %[[LARGEST]], %[[PRODUCT]]
//       CHECK:   return %[[R]]#0, %[[R]]#1, %[[R]]#2, %[[R]]#3
func.func @sum_squares_and_largest(%x: tensor<4x8xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %max = tsum.reduce_max %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %product = tsum.reduce_prod %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %sum, %squares, %max, %product
      : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Epilogues become one op, which hands on what has none.

// CHECK-LABEL: func.func @epilogues
//       CHECK:   %[[SUMS:.*]]:2 = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:   %[[R:.*]]:2 = linalg.generic {{.*}}["parallel"]{{.*}} ins(%[[SUMS]]#0, %[[SUMS]]#1 :
//       CHECK:   ^bb0(%[[SUM:.*]]: f32, %[[SQUARES:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
//       CHECK:     %[[NORM:.*]] = math.sqrt %[[SQUARES]]
//       CHECK:     linalg.yield %[[SUM]], %[[NORM]]
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @epilogues(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %norm = tsum.sqrt %squares : tensor<4xf32>
  return %sum, %norm : tensor<4xf32>, tensor<4xf32>
}

// -----

// A chain of operands in common joins three sums of one kernel.

// CHECK-LABEL: func.func @cosine
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUMS:.*]]:3 = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]], %[[Y]] :
//       CHECK:   linalg.generic {{.*}} ins(%[[SUMS]]#0, %[[SUMS]]#1, %[[SUMS]]#2 :
//   CHECK-NOT:   linalg.generic
func.func @cosine(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  %xy = tsum.multiply %x, %y : tensor<4x8xf32>
  %xx = tsum.square %x : tensor<4x8xf32>
  %yy = tsum.square %y : tensor<4x8xf32>
  %a = tsum.reduce_sum %xy axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %xx axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %c = tsum.reduce_sum %yy axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %bc = tsum.multiply %b, %c : tensor<4xf32>
  %norms = tsum.sqrt %bc : tensor<4xf32>
  %r = tsum.divide %a, %norms : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// The second sum needs the first.

// CHECK-LABEL: func.func @dependent_sums_stay_apart
//       CHECK:   %[[MEAN:.*]] = linalg.generic {{.*}}"reduction"
//       CHECK:   linalg.generic {{.*}}"reduction"{{.*}}%[[MEAN]]
func.func @dependent_sums_stay_apart(%x: tensor<4x8xf32>) -> tensor<4xf32>
    attributes {tsum.rows = 1 : i64} {
  %mean = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %means = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = tsum.subtract %x, %means : tensor<4x8xf32>
  %square = tsum.square %d : tensor<4x8xf32>
  %r = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Sums of other element sizes have other lanes.

// CHECK-LABEL: func.func @other_lanes_stay_apart
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:   linalg.generic {{.*}}"reduction"
func.func @other_lanes_stay_apart(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf64>) {
  %wide = tsum.cast %x : tensor<4x8xf32> -> tensor<4x8xf64>
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %wide axes = [1] : tensor<4x8xf64> -> tensor<4xf64>
  return %a, %b : tensor<4xf32>, tensor<4xf64>
}

// -----

// CHECK-LABEL: func.func @other_data_stays_apart
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:   linalg.generic {{.*}}"reduction"
func.func @other_data_stays_apart(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %y axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.add %a, %b : tensor<4xf32>
  return %r : tensor<4xf32>
}
