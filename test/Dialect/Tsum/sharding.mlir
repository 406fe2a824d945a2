// SPDX-License-Identifier: Apache-2.0
// RUN: tsum-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition),canonicalize)' \
// RUN:   | FileCheck %s
// RUN: tsum-opt %s --split-input-file \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation))' \
// RUN:   | FileCheck %s --check-prefix=PROPAGATED

shard.grid @ranks(shape = 4)

// The statistics of columns whose rows processes have: what goes along the cut stays local.
// CHECK-LABEL: func @variance(
// CHECK-SAME: %[[X:.*]]: tensor<250x3xf32>) -> tensor<3xf32>
// PROPAGATED: %[[SUM:.*]] = tsum.reduce_sum
// PROPAGATED-NEXT: %[[WHOLE:.*]] = shard.sharding @ranks split_axes = {{\[\[}}]]
// PROPAGATED-NEXT: shard.shard %[[SUM]] to %[[WHOLE]] : tensor<3xf32>
// PROPAGATED: %[[REPEATED:.*]] = tsum.broadcast
// PROPAGATED-NEXT: %[[ROWS:.*]] = shard.sharding @ranks split_axes = {{\[\[}}0]]
// PROPAGATED-NEXT: shard.shard %[[REPEATED]] to %[[ROWS]] : tensor<1000x3xf32>
func.func @variance(%x: tensor<1000x3xf32>) -> tensor<3xf32> {
  %s = shard.sharding @ranks split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<1000x3xf32>
  // CHECK: %[[COUNT:.*]] = tsum.constant
  // CHECK: %[[SUM:.*]] = tsum.all_reduce <reduce_sum f32> %[[X]] axes = [0] divided = 0 across @ranks axes = [0] : tensor<250x3xf32> -> tensor<3xf32>
  %sum = tsum.reduce_sum %y axes = [0] : tensor<1000x3xf32> -> tensor<3xf32>
  %count = tsum.constant dense<1.0e+03> : tensor<3xf32>
  // CHECK: %[[MEAN:.*]] = tsum.divide %[[SUM]], %[[COUNT]] : tensor<3xf32>
  %mean = tsum.divide %sum, %count : tensor<3xf32>
  // CHECK: tsum.broadcast %[[MEAN]] dims = [1] : tensor<3xf32> -> tensor<250x3xf32>
  %b = tsum.broadcast %mean dims = [1] : tensor<3xf32> -> tensor<1000x3xf32>
  // CHECK: tsum.subtract {{.*}} : tensor<250x3xf32>
  %d = tsum.subtract %y, %b : tensor<1000x3xf32>
  %q = tsum.square %d : tensor<1000x3xf32>
  // CHECK: tsum.all_reduce <reduce_sum f32>
  %r = tsum.reduce_sum %q axes = [0] : tensor<1000x3xf32> -> tensor<3xf32>
  %v = tsum.divide %r, %count : tensor<3xf32>
  return %v : tensor<3xf32>
}

// -----

shard.grid @grid(shape = 2x4)

// A reduction over the dimension that is not divided needs nobody else; over the other one it
// needs those that have other rows, of the first axis of the grid.
// CHECK-LABEL: func @softmax_and_maximum(
// CHECK-SAME: %[[X:.*]]: tensor<4x16xf32>) -> (tensor<4x16xf32>, tensor<1x16xf32>)
func.func @softmax_and_maximum(%x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<1x64xf32>) {
  %s = shard.sharding @grid split_axes = [[0], [1]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<8x64xf32>
  // CHECK: %[[MAX:.*]] = tsum.all_reduce <reduce_max f32> %[[X]] axes = [1] divided = 1 across @grid axes = [1] : tensor<4x16xf32> -> tensor<4xf32>
  %max = tsum.reduce_max %y axes = [1] : tensor<8x64xf32> -> tensor<8xf32>
  // CHECK: tsum.broadcast %[[MAX]] dims = [0] : tensor<4xf32> -> tensor<4x16xf32>
  %b = tsum.broadcast %max dims = [0] : tensor<8xf32> -> tensor<8x64xf32>
  %d = tsum.subtract %y, %b : tensor<8x64xf32>
  // CHECK: tsum.exp {{.*}} : tensor<4x16xf32>
  %e = tsum.exp %d : tensor<8x64xf32>
  // CHECK: tsum.all_reduce <reduce_sum f32> {{.*}} axes = [1] divided = 1 across @grid axes = [1]
  %sum = tsum.reduce_sum %e axes = [1] : tensor<8x64xf32> -> tensor<8xf32>
  // CHECK: tsum.broadcast {{.*}} -> tensor<4x64xf32>
  // CHECK: shard.all_slice {{.*}} slice_axis = 1 : tensor<4x64xf32> -> tensor<4x16xf32>
  %c = tsum.broadcast %sum dims = [0] : tensor<8xf32> -> tensor<8x64xf32>
  %r = tsum.divide %e, %c : tensor<8x64xf32>
  // CHECK: tsum.all_reduce <reduce_max f32> %[[X]] axes = [0] keepdims divided = 0 across @grid axes = [0] : tensor<4x16xf32> -> tensor<1x16xf32>
  %m = tsum.reduce_max %y axes = [0] keepdims : tensor<8x64xf32> -> tensor<1x64xf32>
  return %r, %m : tensor<8x64xf32>, tensor<1x64xf32>
}

// -----

shard.grid @ranks(shape = 4)

// Views along dimensions that are divided, and data that all processes make.
// CHECK-LABEL: func @views(
// CHECK-SAME: %[[X:.*]]: tensor<2x6x5xf32>) -> tensor<2xf64>
func.func @views(%x: tensor<8x6x5xf32>) -> tensor<8xf64> {
  %s = shard.sharding @ranks split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<8x6x5xf32>
  // CHECK: tsum.transpose %[[X]] permutation = [0, 2, 1] : tensor<2x6x5xf32> -> tensor<2x5x6xf32>
  %t = tsum.transpose %y permutation = [0, 2, 1] : tensor<8x6x5xf32> -> tensor<8x5x6xf32>
  // CHECK: tsum.slice {{.*}} starts = [0, 4, 0] steps = [1, -2, 1] : tensor<2x5x6xf32> -> tensor<2x3x6xf32>
  %u = tsum.slice %t starts = [0, 4, 0] steps = [1, -2, 1] : tensor<8x5x6xf32> -> tensor<8x3x6xf32>
  // CHECK: tsum.reshape {{.*}} : tensor<2x3x6xf32> -> tensor<2x18xf32>
  %v = tsum.reshape %u : tensor<8x3x6xf32> -> tensor<8x18xf32>
  // CHECK: %[[ALL:.*]] = tsum.iota steps = [18, 1] : tensor<8x18xi32>
  // CHECK: shard.all_slice %[[ALL]] on @ranks grid_axes = [0] slice_axis = 0 : tensor<8x18xi32> -> tensor<2x18xi32>
  %i = tsum.iota steps = [18, 1] : tensor<8x18xi32>
  // CHECK: tsum.cast {{.*}} : tensor<2x18xi32> -> tensor<2x18xf32>
  %j = shard.shard %i to %s : tensor<8x18xi32>
  %f = tsum.cast %j : tensor<8x18xi32> -> tensor<8x18xf32>
  %p = tsum.multiply %v, %f : tensor<8x18xf32>
  // CHECK: tsum.reduce_sum {{.*}} axes = [1] exact over 18 : tensor<2x18xf32> -> tensor<2xf64>
  %r = tsum.reduce_sum %p axes = [1] exact over 18 : tensor<8x18xf32> -> tensor<8xf64>
  return %r : tensor<8xf64>
}

// -----

shard.grid @ranks(shape = 4)

// CHECK-LABEL: func @exact(
func.func @exact(%x: tensor<100x3xbf16>) -> tensor<f32> {
  %s = shard.sharding @ranks split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<100x3xbf16>
  // CHECK: tsum.all_reduce <reduce_sum bf16 exact over 300 as f32> {{.*}} axes = [0, 1] divided = 0 across @ranks axes = [0] : tensor<25x3xbf16> -> tensor<f32>
  %r = tsum.reduce_sum %y axes = [0, 1] exact over 300 : tensor<100x3xbf16> -> tensor<f32>
  return %r : tensor<f32>
}
