// RUN: tsum-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @sum_over_no_axes
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   return %[[X]]
func.func @sum_over_no_axes(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = tsum.reduce_sum %x axes = [] : tensor<4x8xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @sum_of_empty_extent_is_zero
//       CHECK:   %[[ZERO:.*]] = tsum.constant dense<0.000000e+00> : tensor<4xf32>
//       CHECK:   return %[[ZERO]]
func.func @sum_of_empty_extent_is_zero(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x0xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @empty_sum_is_empty
//       CHECK:   tsum.constant dense<0> : tensor<0xui8>
func.func @empty_sum_is_empty(%x: tensor<0x4xui8>) -> tensor<0xui8> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<0x4xui8> -> tensor<0xui8>
  return %r : tensor<0xui8>
}

// -----

// CHECK-LABEL: func.func @keepdims_is_a_reshape
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
//       CHECK:   %[[KEPT:.*]] = tsum.reshape %[[SUM]] : tensor<8xf32> -> tensor<1x8xf32>
//       CHECK:   return %[[KEPT]]
func.func @keepdims_is_a_reshape(%x: tensor<4x8xf32>) -> tensor<1x8xf32> {
  %r = tsum.reduce_sum %x axes = [0] keepdims : tensor<4x8xf32> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// CHECK-LABEL: func.func @unit_axis_is_dropped
//  CHECK-SAME:   %[[X:.*]]: tensor<4x1x8xf32>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [2] : tensor<4x1x8xf32> -> tensor<4x1xf32>
//       CHECK:   tsum.reshape %[[SUM]] : tensor<4x1xf32> -> tensor<4xf32>
func.func @unit_axis_is_dropped(%x: tensor<4x1x8xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_sum %x axes = [1, 2] : tensor<4x1x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @sum_over_unit_axes_is_a_reshape
//  CHECK-SAME:   %[[X:.*]]: tensor<1x8x1xf32>
//   CHECK-NOT:   tsum.reduce_sum
//       CHECK:   tsum.reshape %[[X]] : tensor<1x8x1xf32> -> tensor<8xf32>
func.func @sum_over_unit_axes_is_a_reshape(%x: tensor<1x8x1xf32>) -> tensor<8xf32> {
  %r = tsum.reduce_sum %x axes = [0, 2] : tensor<1x8x1xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @keepdims_of_unit_axis_is_nothing
//  CHECK-SAME:   %[[X:.*]]: tensor<4x1xf32>
//       CHECK:   return %[[X]]
func.func @keepdims_of_unit_axis_is_nothing(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %r = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x1xf32> -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}

// -----

// CHECK-LABEL: func.func @sum_before_unit_reshape
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
//       CHECK:   tsum.reshape %[[SUM]] : tensor<4xf32> -> tensor<1x4xf32>
func.func @sum_before_unit_reshape(%x: tensor<4x8xf32>) -> tensor<1x4xf32> {
  %u = tsum.reshape %x : tensor<4x8xf32> -> tensor<1x4x1x8xf32>
  %r = tsum.reduce_sum %u axes = [2, 3] : tensor<1x4x1x8xf32> -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}


// The order of the axes is that of additions, and stays.
// CHECK-LABEL: func.func @sum_before_unit_reshape_in_order
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8x3xf32>
//       CHECK:   tsum.reduce_sum %[[X]] axes = [2, 0] : tensor<4x8x3xf32> -> tensor<8xf32>
func.func @sum_before_unit_reshape_in_order(%x: tensor<4x8x3xf32>) -> tensor<1x8xf32> {
  %u = tsum.reshape %x : tensor<4x8x3xf32> -> tensor<1x4x1x8x3xf32>
  %r = tsum.reduce_sum %u axes = [4, 2, 1] : tensor<1x4x1x8x3xf32> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}
// -----

// CHECK-LABEL: func.func @sum_after_real_reshape
//       CHECK:   %[[PAIRS:.*]] = tsum.reshape
//       CHECK:   tsum.reduce_sum %[[PAIRS]] axes = [1] : tensor<4x2xf32> -> tensor<4xf32>
func.func @sum_after_real_reshape(%x: tensor<2x4xf32>) -> tensor<4xf32> {
  %pairs = tsum.reshape %x : tensor<2x4xf32> -> tensor<4x2xf32>
  %r = tsum.reduce_sum %pairs axes = [1] : tensor<4x2xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @integer_sum_of_sum
//  CHECK-SAME:   %[[X:.*]]: tensor<2x3x4x5xi32>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [1, 2] : tensor<2x3x4x5xi32> -> tensor<2x5xi32>
//       CHECK:   return %[[SUM]]
func.func @integer_sum_of_sum(%x: tensor<2x3x4x5xi32>) -> tensor<2x5xi32> {
  %s = tsum.reduce_sum %x axes = [2] : tensor<2x3x4x5xi32> -> tensor<2x3x5xi32>
  %r = tsum.reduce_sum %s axes = [1] : tensor<2x3x5xi32> -> tensor<2x5xi32>
  return %r : tensor<2x5xi32>
}

// -----

// CHECK-LABEL: func.func @integer_sum_of_sum_with_keepdims
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xui8>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [0, 1] : tensor<4x8xui8> -> tensor<ui8>
//       CHECK:   tsum.reshape %[[SUM]] : tensor<ui8> -> tensor<1x1xui8>
func.func @integer_sum_of_sum_with_keepdims(%x: tensor<4x8xui8>) -> tensor<1x1xui8> {
  %s = tsum.reduce_sum %x axes = [0] keepdims : tensor<4x8xui8> -> tensor<1x8xui8>
  %r = tsum.reduce_sum %s axes = [1] keepdims : tensor<1x8xui8> -> tensor<1x1xui8>
  return %r : tensor<1x1xui8>
}

// -----

// CHECK-LABEL: func.func @float_sum_of_sum_keeps_its_order
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %{{.*}} axes = [1]
//       CHECK:   tsum.reduce_sum %[[SUM]] axes = [0]
func.func @float_sum_of_sum_keeps_its_order(%x: tensor<4x8xf64>) -> tensor<f64> {
  %s = tsum.reduce_sum %x axes = [1] : tensor<4x8xf64> -> tensor<4xf64>
  %r = tsum.reduce_sum %s axes = [0] : tensor<4xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @integer_sum_over_repetitions
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi64>
//       CHECK:   %[[COUNT:.*]] = tsum.constant dense<8> : tensor<4xi64>
//       CHECK:   %[[PRODUCT:.*]] = tsum.multiply %[[X]], %[[COUNT]] : tensor<4xi64>
//       CHECK:   return %[[PRODUCT]]
func.func @integer_sum_over_repetitions(%x: tensor<4xi64>) -> tensor<4xi64> {
  %b = tsum.broadcast %x dims = [0] : tensor<4xi64> -> tensor<4x8xi64>
  %r = tsum.reduce_sum %b axes = [1] : tensor<4x8xi64> -> tensor<4xi64>
  return %r : tensor<4xi64>
}

// -----

// 300 repetitions wrap to 44.
// CHECK-LABEL: func.func @number_of_repetitions_wraps
//       CHECK:   tsum.constant dense<44> : tensor<4xui8>
func.func @number_of_repetitions_wraps(%x: tensor<4xui8>) -> tensor<4xui8> {
  %b = tsum.broadcast %x dims = [1] : tensor<4xui8> -> tensor<300x4xui8>
  %r = tsum.reduce_sum %b axes = [0] : tensor<300x4xui8> -> tensor<4xui8>
  return %r : tensor<4xui8>
}

// -----

// CHECK-LABEL: func.func @integer_sum_of_broadcast
//  CHECK-SAME:   %[[X:.*]]: tensor<2x3xi32>
//   CHECK-DAG:   %[[COUNT:.*]] = tsum.constant dense<7> : tensor<3xi32>
//   CHECK-DAG:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [0] : tensor<2x3xi32> -> tensor<3xi32>
//       CHECK:   %[[PRODUCT:.*]] = tsum.multiply %[[SUM]], %[[COUNT]] : tensor<3xi32>
//       CHECK:   tsum.broadcast %[[PRODUCT]] dims = [1] : tensor<3xi32> -> tensor<5x3xi32>
func.func @integer_sum_of_broadcast(%x: tensor<2x3xi32>) -> tensor<5x3xi32> {
  %b = tsum.broadcast %x dims = [1, 3] : tensor<2x3xi32> -> tensor<5x2x7x3xi32>
  %r = tsum.reduce_sum %b axes = [1, 2] : tensor<5x2x7x3xi32> -> tensor<5x3xi32>
  return %r : tensor<5x3xi32>
}

// -----

// CHECK-LABEL: func.func @float_sum_of_broadcast_keeps_its_order
//       CHECK:   %[[REPEATED:.*]] = tsum.broadcast
//   CHECK-DAG:   tsum.reduce_sum %[[REPEATED]] axes = [0]
//   CHECK-DAG:   tsum.reduce_sum %[[REPEATED]] axes = [1]
func.func @float_sum_of_broadcast_keeps_its_order(%x: tensor<4xf32>) -> (tensor<8xf32>, tensor<4xf32>) {
  %b = tsum.broadcast %x dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %kept = tsum.reduce_sum %b axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  %repeated = tsum.reduce_sum %b axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %kept, %repeated : tensor<8xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @broadcast_of_broadcast
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//  CHECK-NEXT:   tsum.broadcast %[[X]] dims = [2] : tensor<4xf32> -> tensor<2x3x4x5xf32>
func.func @broadcast_of_broadcast(%x: tensor<4xf32>) -> tensor<2x3x4x5xf32> {
  %b = tsum.broadcast %x dims = [1] : tensor<4xf32> -> tensor<3x4xf32>
  %r = tsum.broadcast %b dims = [1, 2] : tensor<3x4xf32> -> tensor<2x3x4x5xf32>
  return %r : tensor<2x3x4x5xf32>
}

// -----

// CHECK-LABEL: func.func @identities
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   return %[[X]], %[[X]], %[[X]]
func.func @identities(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %b = tsum.broadcast %x dims = [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  %r = tsum.reshape %x : tensor<4x8xf32> -> tensor<4x8xf32>
  %c = tsum.cast %x : tensor<4x8xf32> -> tensor<4x8xf32>
  return %b, %r, %c : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @reshape_of_reshape
//  CHECK-SAME:   %[[X:.*]]: tensor<4x6xf32>
//  CHECK-NEXT:   tsum.reshape %[[X]] : tensor<4x6xf32> -> tensor<3x8xf32>
func.func @reshape_of_reshape(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %s = tsum.reshape %x : tensor<4x6xf32> -> tensor<24xf32>
  %r = tsum.reshape %s : tensor<24xf32> -> tensor<3x8xf32>
  return %r : tensor<3x8xf32>
}

// -----

// CHECK-LABEL: func.func @shapes_of_constants
//   CHECK-DAG:   tsum.constant dense<2.000000e+00> : tensor<3x4xf32>
//   CHECK-DAG:   tsum.constant dense<{{\[\[}}1, 2], [3, 4]]> : tensor<2x2xi32>
func.func @shapes_of_constants() -> (tensor<3x4xf32>, tensor<2x2xi32>) {
  %two = tsum.constant dense<2.0> : tensor<f32>
  %b = tsum.broadcast %two dims = [] : tensor<f32> -> tensor<3x4xf32>
  %list = tsum.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %r = tsum.reshape %list : tensor<4xi32> -> tensor<2x2xi32>
  return %b, %r : tensor<3x4xf32>, tensor<2x2xi32>
}

// -----

// Only a splat stays small when it is repeated.
// CHECK-LABEL: func.func @broadcast_of_list_stays
//       CHECK:   tsum.broadcast
func.func @broadcast_of_list_stays() -> tensor<2x3xi32> {
  %list = tsum.constant dense<[1, 2, 3]> : tensor<3xi32>
  %r = tsum.broadcast %list dims = [1] : tensor<3xi32> -> tensor<2x3xi32>
  return %r : tensor<2x3xi32>
}

// -----

// CHECK-LABEL: func.func @double_negative
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//       CHECK:   return %[[X]]
func.func @double_negative(%x: tensor<4xf32>) -> tensor<4xf32> {
  %n = tsum.negative %x : tensor<4xf32>
  %r = tsum.negative %n : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @idempotent
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//       CHECK:   %[[ABS:.*]] = tsum.abs %[[X]]
//       CHECK:   return %[[ABS]], %[[X]]
func.func @idempotent(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.abs %x : tensor<4xf32>
  %abs = tsum.abs %a : tensor<4xf32>
  %max = tsum.maximum %x, %x : tensor<4xf32>
  return %abs, %max : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @constants_go_right
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//       CHECK:   %[[ONE:.*]] = tsum.constant
//       CHECK:   tsum.add %[[X]], %[[ONE]]
//       CHECK:   tsum.subtract %[[ONE]], %[[X]]
func.func @constants_go_right(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %one = tsum.constant dense<1.0> : tensor<4xf32>
  %add = tsum.add %one, %x : tensor<4xf32>
  %subtract = tsum.subtract %one, %x : tensor<4xf32>
  return %add, %subtract : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @cast_there_and_back
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi32>
//       CHECK:   return %[[X]]
func.func @cast_there_and_back(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xf64>
  %r = tsum.cast %c : tensor<4xf64> -> tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

// CHECK-LABEL: func.func @cast_of_wider_integer
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi32>
//  CHECK-NEXT:   tsum.cast %[[X]] : tensor<4xi32> -> tensor<4xui8>
func.func @cast_of_wider_integer(%x: tensor<4xi32>) -> tensor<4xui8> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xi64>
  %r = tsum.cast %c : tensor<4xi64> -> tensor<4xui8>
  return %r : tensor<4xui8>
}

// -----

// The only rounding is that to f32.
// CHECK-LABEL: func.func @cast_by_way_of_wider_float
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi32>
//  CHECK-NEXT:   tsum.cast %[[X]] : tensor<4xi32> -> tensor<4xf32>
func.func @cast_by_way_of_wider_float(%x: tensor<4xi32>) -> tensor<4xf32> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xf64>
  %r = tsum.cast %c : tensor<4xf64> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// 2^24 + 1 becomes 2^24.
// CHECK-LABEL: func.func @cast_that_rounds_stays
//       CHECK:   tsum.cast %{{.*}} : tensor<4xi32> -> tensor<4xf32>
//       CHECK:   tsum.cast %{{.*}} : tensor<4xf32> -> tensor<4xi32>
func.func @cast_that_rounds_stays(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xf32>
  %r = tsum.cast %c : tensor<4xf32> -> tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

// 300 becomes 255, not 44.
// CHECK-LABEL: func.func @cast_that_saturates_stays
//       CHECK:   tsum.cast %{{.*}} : tensor<4xi32> -> tensor<4xf64>
//       CHECK:   tsum.cast %{{.*}} : tensor<4xf64> -> tensor<4xui8>
func.func @cast_that_saturates_stays(%x: tensor<4xi32>) -> tensor<4xui8> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xf64>
  %r = tsum.cast %c : tensor<4xf64> -> tensor<4xui8>
  return %r : tensor<4xui8>
}

// -----

// -1 becomes 255.
// CHECK-LABEL: func.func @cast_that_wraps_stays
//       CHECK:   tsum.cast %{{.*}} : tensor<4xi32> -> tensor<4xui8>
//       CHECK:   tsum.cast %{{.*}} : tensor<4xui8> -> tensor<4xi32>
func.func @cast_that_wraps_stays(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c = tsum.cast %x : tensor<4xi32> -> tensor<4xui8>
  %r = tsum.cast %c : tensor<4xui8> -> tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

// Without its axis of extent 1 a sum is as exact as before. Two are not one, which would not round in
// between.

// CHECK-LABEL: func.func @exact_sums
//       CHECK:   tsum.reduce_sum %{{.*}} axes = [0] exact
//       CHECK:   tsum.reduce_sum %{{.*}} axes = [1] exact
func.func @exact_sums(%x: tensor<4x1x8xf32>) -> tensor<f32> {
  %rows = tsum.reduce_sum %x axes = [0, 1] exact : tensor<4x1x8xf32> -> tensor<8xf32>
  %r = tsum.reduce_sum %rows axes = [0] exact : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @node_without_axes_of_extent_1
//       CHECK:   tsum.reduce_sum %{{.*}} axes = [0] node 0 : tensor<4x1x8xf32> -> tensor<1x8xf64>
func.func @node_without_axes_of_extent_1(%x: tensor<4x1x8xf32>) -> tensor<1x1x8xf64> {
  %r = tsum.reduce_sum %x axes = [0, 1] keepdims node 0 : tensor<4x1x8xf32> -> tensor<1x1x8xf64>
  return %r : tensor<1x1x8xf64>
}

// -----

// CHECK-LABEL: func.func @transpose_that_moves_nothing
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   return %[[X]]
func.func @transpose_that_moves_nothing(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = tsum.transpose %x permutation = [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @transposes_join
//  CHECK-SAME:   %[[X:.*]]: tensor<2x3x4xf32>
//       CHECK:   %[[R:.*]] = tsum.transpose %[[X]] permutation = [2, 1, 0]
//       CHECK:   return %[[R]], %[[X]]
func.func @transposes_join(%x: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  %a = tsum.transpose %x permutation = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %r = tsum.transpose %a permutation = [1, 0, 2] : tensor<3x4x2xf32> -> tensor<4x3x2xf32>
  %back = tsum.transpose %a permutation = [2, 0, 1] : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  return %r, %back : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: func.func @slice_of_all
//  CHECK-SAME:   %[[X:.*]]: tensor<4x1xf32>
//       CHECK:   return %[[X]]
func.func @slice_of_all(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %r = tsum.slice %x starts = [0, 0] steps = [1, -1] : tensor<4x1xf32> -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}

// -----

// CHECK-LABEL: func.func @slices_join
//  CHECK-SAME:   %[[X:.*]]: tensor<9x8x4xf32>
//       CHECK:   tsum.slice %[[X]] starts = [7, 3, 0] steps = [-4, 1, 1] : tensor<9x8x4xf32> -> tensor<2x1x0xf32>
func.func @slices_join(%x: tensor<9x8x4xf32>) -> tensor<2x1x0xf32> {
  %a = tsum.slice %x starts = [7, 1, 1] steps = [-2, 2, 1] : tensor<9x8x4xf32> -> tensor<4x3x3xf32>
  %r = tsum.slice %a starts = [0, 1, 9] steps = [2, 7, 5] : tensor<4x3x3xf32> -> tensor<2x1x0xf32>
  return %r : tensor<2x1x0xf32>
}

// -----

// CHECK-LABEL: func.func @flip_of_flip
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//       CHECK:   return %[[X]]
func.func @flip_of_flip(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = tsum.slice %x starts = [3] steps = [-1] : tensor<4xf32> -> tensor<4xf32>
  %r = tsum.slice %a starts = [3] steps = [-1] : tensor<4xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @flip_stays
//       CHECK:   tsum.slice %{{.*}} starts = [3] steps = [-1]
func.func @flip_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = tsum.slice %x starts = [3] steps = [-1] : tensor<4xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @views_of_a_splat
//       CHECK:   tsum.constant dense<7> : tensor<2x4xi32>
func.func @views_of_a_splat() -> tensor<2x4xi32> {
  %x = tsum.constant dense<7> : tensor<4x8xi32>
  %t = tsum.transpose %x permutation = [1, 0] : tensor<4x8xi32> -> tensor<8x4xi32>
  %r = tsum.slice %t starts = [1, 0] steps = [3, 1] : tensor<8x4xi32> -> tensor<2x4xi32>
  return %r : tensor<2x4xi32>
}

// -----

// CHECK-LABEL: func.func @parts_of_a_whole
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>
//       CHECK:   return %[[X]], %[[Y]]
func.func @parts_of_a_whole(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %z = tsum.complex %x, %y : tensor<4xcomplex<f32>>
  %re = tsum.real %z : tensor<4xcomplex<f32>>
  %im = tsum.imag %z : tensor<4xcomplex<f32>>
  return %re, %im : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @whole_of_its_parts
//  CHECK-SAME:   %[[Z:.*]]: tensor<4xcomplex<f32>>, %[[W:.*]]: tensor<4xcomplex<f32>>
//       CHECK:   %[[MIXED:.*]] = tsum.complex
//       CHECK:   return %[[Z]], %[[MIXED]]
func.func @whole_of_its_parts(%z: tensor<4xcomplex<f32>>, %w: tensor<4xcomplex<f32>>)
    -> (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) {
  %re = tsum.real %z : tensor<4xcomplex<f32>>
  %im = tsum.imag %z : tensor<4xcomplex<f32>>
  %other = tsum.imag %w : tensor<4xcomplex<f32>>
  %r = tsum.complex %re, %im : tensor<4xcomplex<f32>>
  %mixed = tsum.complex %re, %other : tensor<4xcomplex<f32>>
  return %r, %mixed : tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>
}

// -----

// CHECK-LABEL: func.func @magnitudes
//       CHECK:   %[[A:.*]] = tsum.abs %{{.*}} : tensor<4xcomplex<f32>>
//       CHECK:   return %[[A]]
func.func @magnitudes(%z: tensor<4xcomplex<f32>>) -> tensor<4xf32> {
  %a = tsum.abs %z : tensor<4xcomplex<f32>>
  %r = tsum.abs %a : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @complex_sums
//       CHECK:   %[[ZERO:.*]] = tsum.constant dense<(0.000000e+00,0.000000e+00)> : tensor<2xcomplex<f32>>
//       CHECK:   tsum.reduce_sum %{{.*}} axes = [1]
//       CHECK:   %[[TWICE:.*]] = tsum.reduce_sum %{{.*}} axes = [0]
//       CHECK:   return %[[ZERO]], %[[TWICE]]
func.func @complex_sums(%x: tensor<2x0xcomplex<f32>>, %y: tensor<4x8xcomplex<f32>>)
    -> (tensor<2xcomplex<f32>>, tensor<complex<f32>>) {
  %none = tsum.reduce_sum %x axes = [1] : tensor<2x0xcomplex<f32>> -> tensor<2xcomplex<f32>>
  %rows = tsum.reduce_sum %y axes = [1] : tensor<4x8xcomplex<f32>> -> tensor<4xcomplex<f32>>
  %all = tsum.reduce_sum %rows axes = [0] : tensor<4xcomplex<f32>> -> tensor<complex<f32>>
  return %none, %all : tensor<2xcomplex<f32>>, tensor<complex<f32>>
}

// -----

// By way of complex numbers a real number comes back; without the imaginary part a complex does not.
// CHECK-LABEL: func.func @casts_by_way_of_complex_numbers
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>, %[[Z:.*]]: tensor<4xcomplex<f32>>
//       CHECK:   tsum.cast %[[Z]] : tensor<4xcomplex<f32>> -> tensor<4xf64>
//       CHECK:   %[[R:.*]] = tsum.cast %{{.*}} : tensor<4xf64> -> tensor<4xcomplex<f32>>
//       CHECK:   return %[[X]], %[[R]]
func.func @casts_by_way_of_complex_numbers(%x: tensor<4xf32>, %z: tensor<4xcomplex<f32>>)
    -> (tensor<4xf32>, tensor<4xcomplex<f32>>) {
  %a = tsum.cast %x : tensor<4xf32> -> tensor<4xcomplex<f64>>
  %b = tsum.cast %a : tensor<4xcomplex<f64>> -> tensor<4xf32>
  %c = tsum.cast %z : tensor<4xcomplex<f32>> -> tensor<4xf64>
  %d = tsum.cast %c : tensor<4xf64> -> tensor<4xcomplex<f32>>
  return %b, %d : tensor<4xf32>, tensor<4xcomplex<f32>>
}

// -----

// CHECK-LABEL: func.func @dynamic_extents_are_reduced_once
//  CHECK-SAME:   %[[X:.*]]: tensor<?x4x?xi32>
//       CHECK:   %[[R:.*]] = tsum.reduce_max %[[X]] axes = [0, 2] : tensor<?x4x?xi32> -> tensor<4xi32>
//       CHECK:   return %[[R]]
func.func @dynamic_extents_are_reduced_once(%x: tensor<?x4x?xi32>) -> tensor<4xi32> {
  %a = tsum.reduce_max %x axes = [2] : tensor<?x4x?xi32> -> tensor<?x4xi32>
  %b = tsum.reduce_max %a axes = [0] : tensor<?x4xi32> -> tensor<4xi32>
  return %b : tensor<4xi32>
}

// -----

// CHECK-LABEL: func.func @dynamic_keepdims_is_a_reshape
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8xf32>
//       CHECK:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [1] : tensor<?x8xf32> -> tensor<?xf32>
//       CHECK:   %[[R:.*]] = tsum.reshape %[[SUM]] : tensor<?xf32> -> tensor<?x1xf32>
//       CHECK:   return %[[R]]
func.func @dynamic_keepdims_is_a_reshape(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %r = tsum.reduce_sum %x axes = [1] keepdims : tensor<?x8xf32> -> tensor<?x1xf32>
  return %r : tensor<?x1xf32>
}

// -----

// A constant of a dynamic extent there is none.

// CHECK-LABEL: func.func @sum_of_nothing_for_any_extent
//       CHECK:   %[[R:.*]] = tsum.reduce_sum
//       CHECK:   return %[[R]]
func.func @sum_of_nothing_for_any_extent(%x: tensor<?x0xf32>) -> tensor<?xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<?x0xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @sum_of_repeated_dynamic_extents
//       CHECK:   tsum.broadcast
//       CHECK:   tsum.reduce_sum
func.func @sum_of_repeated_dynamic_extents(%x: tensor<?xi32>) -> tensor<?xi32> {
  %b = tsum.broadcast %x dims = [0] : tensor<?xi32> -> tensor<?x8xi32>
  %r = tsum.reduce_sum %b axes = [1] : tensor<?x8xi32> -> tensor<?xi32>
  return %r : tensor<?xi32>
}
