// RUN: tsum-opt %s --tsum-to-linalg --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-DAG: #[[$ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$KEPT:.*]] = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @sum_of_rows
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
//       CHECK:   %[[EMPTY:.*]] = tensor.empty() : tensor<4xf32>
//       CHECK:   %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] {{.*}}outs(%[[EMPTY]]
//       CHECK:   %[[SUM:.*]] = linalg.generic
//  CHECK-SAME:     indexing_maps = [#[[$ALL]], #[[$KEPT]]]
//  CHECK-SAME:     iterator_types = ["parallel", "reduction"]
//  CHECK-SAME:     ins(%[[X]] {{.*}}outs(%[[INIT]]
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %[[OUT:.*]]: f32):
//       CHECK:     %[[ADD:.*]] = arith.addf %[[OUT]], %[[IN]] : f32
//       CHECK:     linalg.yield %[[ADD]]
//       CHECK:   return %[[SUM]]
func.func @sum_of_rows(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @integer_sums_wrap
//       CHECK:   arith.constant 0 : i32
//       CHECK:   iterator_types = ["reduction", "parallel"]
//       CHECK:   arith.addi %{{[^ ]*}}, %{{[^ ]*}} : i32
func.func @integer_sums_wrap(%x: tensor<4x8xi32>) -> tensor<8xi32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<4x8xi32> -> tensor<8xi32>
  return %r : tensor<8xi32>
}

// -----

// Signs are in the operations, not in the types.

// CHECK-LABEL: func.func @unsigned
//  CHECK-SAME:   (%[[X:.*]]: tensor<4xi8>, %[[Y:.*]]: tensor<4xi8>) -> tensor<4xf32>
//       CHECK:   %[[MAX:.*]] = linalg.generic {{.*}}ins(%[[X]], %[[Y]]
//       CHECK:     arith.maxui
//       CHECK:   %[[CAST:.*]] = linalg.generic {{.*}}ins(%[[MAX]]
//       CHECK:     arith.uitofp {{.*}} : i8 to f32
//       CHECK:   return %[[CAST]]
func.func @unsigned(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xf32> {
  %max = tsum.maximum %x, %y : tensor<4xui8>
  %r = tsum.cast %max : tensor<4xui8> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @signed
//       CHECK:   arith.maxsi
//       CHECK:   arith.sitofp
func.func @signed(%x: tensor<4xi32>, %y: tensor<4xi32>) -> tensor<4xf32> {
  %max = tsum.maximum %x, %y : tensor<4xi32>
  %r = tsum.cast %max : tensor<4xi32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// What is out of range, for which the conversion gives poison, is replaced.

// CHECK-LABEL: func.func @cast_to_integer_saturates
//       CHECK:   ^bb0(%[[IN:[^:]*]]: f32
//   CHECK-DAG:     %[[CAST:.*]] = arith.fptoui %[[IN]] : f32 to i8
//   CHECK-DAG:     %[[BELOW:.*]] = arith.cmpf olt, %[[IN]]
//       CHECK:     %[[NOT_BELOW:.*]] = arith.select %[[BELOW]], %{{.*}}, %[[CAST]]
//       CHECK:     %[[ABOVE:.*]] = arith.cmpf oge, %[[IN]]
//       CHECK:     %[[IN_RANGE:.*]] = arith.select %[[ABOVE]], %{{.*}}, %[[NOT_BELOW]]
//       CHECK:     %[[NAN:.*]] = arith.cmpf uno, %[[IN]]
//       CHECK:     %[[NUMBER:.*]] = arith.select %[[NAN]], %{{.*}}, %[[IN_RANGE]]
//       CHECK:     linalg.yield %[[NUMBER]]
func.func @cast_to_integer_saturates(%x: tensor<4xf32>) -> tensor<4xui8> {
  %r = tsum.cast %x : tensor<4xf32> -> tensor<4xui8>
  return %r : tensor<4xui8>
}

// -----

// CHECK: #[[$KEPT:.*]] = affine_map<(d0, d1, d2) -> (d1)>

// CHECK-LABEL: func.func @broadcast
//  CHECK-SAME:   %[[X:.*]]: tensor<8xf32>
//       CHECK:   linalg.generic {indexing_maps = [#[[$KEPT]],
//  CHECK-SAME:     iterator_types = ["parallel", "parallel", "parallel"]
//  CHECK-SAME:     ins(%[[X]]
func.func @broadcast(%x: tensor<8xf32>) -> tensor<4x8x2xf32> {
  %r = tsum.broadcast %x dims = [1] : tensor<8xf32> -> tensor<4x8x2xf32>
  return %r : tensor<4x8x2xf32>
}

// -----

// CHECK-LABEL: func.func @constant
//       CHECK:   arith.constant dense<[1, 2, -1]> : tensor<3xi8>
func.func @constant() -> tensor<3xui8> {
  %r = tsum.constant dense<[1, 2, 255]> : tensor<3xui8>
  return %r : tensor<3xui8>
}

// -----

func.func @keepdims(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  // expected-error @below {{failed to legalize operation 'tsum.reduce_sum'}}
  %r = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}

// -----

func.func @reshape(%x: tensor<4x8xf32>) -> tensor<32xf32> {
  // expected-error @below {{failed to legalize operation 'tsum.reshape'}}
  %r = tsum.reshape %x : tensor<4x8xf32> -> tensor<32xf32>
  return %r : tensor<32xf32>
}

// -----

// Of small floats into f64, from which they are rounded once.

// CHECK-LABEL: func.func @exact_sum
//       CHECK:   linalg.fill {{.*}} -> tensor<4xf64>
//       CHECK:   arith.addf %{{[^ ]*}}, %{{[^ ]*}} {tsum.exact, tsum.partial} : f64
func.func @exact_sum(%x: tensor<4x8xbf16>) -> tensor<4xbf16> {
  %r = tsum.reduce_sum %x axes = [1] exact : tensor<4x8xbf16> -> tensor<4xbf16>
  return %r : tensor<4xbf16>
}

// -----

// CHECK-LABEL: func.func @sum_of_parts
//       CHECK:   arith.addf %{{[^ ]*}}, %{{[^ ]*}} {tsum.of_parts} : f64
func.func @sum_of_parts(%x: tensor<8xf64>) -> tensor<f64> {
  %r = tsum.reduce_sum %x axes = [0] of_parts : tensor<8xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @view(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{'tsum.transpose' op is a view, which no kernel computes}}
  %r = tsum.transpose %x permutation = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// -----

func.func @complex_numbers(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  // expected-error @below {{'tsum.square' op is of complex numbers, which no kernel computes}}
  %r = tsum.square %x : tensor<4xcomplex<f32>>
  return %r : tensor<4xcomplex<f32>>
}
