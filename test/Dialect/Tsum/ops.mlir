// RUN: tsum-opt %s | tsum-opt | FileCheck %s
// RUN: tsum-opt %s --mlir-print-op-generic | tsum-opt | FileCheck %s

// CHECK-LABEL: func.func @reductions
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
func.func @reductions(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4x1xf32>, tensor<f32>, tensor<f32>, tensor<4x8xf32>) {
  // CHECK: tsum.reduce_sum %[[X]] axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %inner = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: tsum.reduce_sum %[[X]] axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
  %kept = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
  // CHECK: tsum.reduce_sum %[[X]] axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %all = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  // CHECK: tsum.reduce_sum %[[X]] axes = [1, 0] : tensor<4x8xf32> -> tensor<f32>
  %columns = tsum.reduce_sum %x axes = [1, 0] : tensor<4x8xf32> -> tensor<f32>
  // CHECK: tsum.reduce_sum %[[X]] axes = [] : tensor<4x8xf32> -> tensor<4x8xf32>
  %none = tsum.reduce_sum %x axes = [] : tensor<4x8xf32> -> tensor<4x8xf32>
  return %inner, %kept, %all, %columns, %none : tensor<4xf32>, tensor<4x1xf32>, tensor<f32>, tensor<f32>, tensor<4x8xf32>
}

// CHECK-LABEL: func.func @dynamic_extents
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8xf32>
func.func @dynamic_extents(%x: tensor<?x8xf32>) -> (tensor<?xf32>, tensor<8x?xf32>, tensor<?x1x8xf32>) {
  // CHECK: tsum.square %[[X]] : tensor<?x8xf32>
  %squares = tsum.square %x : tensor<?x8xf32>
  // CHECK: tsum.reduce_sum %{{.*}} axes = [1] : tensor<?x8xf32> -> tensor<?xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<?x8xf32> -> tensor<?xf32>
  // CHECK: tsum.reduce_max %[[X]] axes = [0] keepdims : tensor<?x8xf32> -> tensor<1x8xf32>
  %largest = tsum.reduce_max %x axes = [0] keepdims : tensor<?x8xf32> -> tensor<1x8xf32>
  // CHECK: tsum.broadcast %{{.*}} dims = [1] : tensor<?xf32> -> tensor<8x?xf32>
  %columns = tsum.broadcast %sums dims = [1] : tensor<?xf32> -> tensor<8x?xf32>
  // CHECK: tsum.reshape %[[X]] : tensor<?x8xf32> -> tensor<?x1x8xf32>
  %spread = tsum.reshape %x : tensor<?x8xf32> -> tensor<?x1x8xf32>
  return %sums, %columns, %spread : tensor<?xf32>, tensor<8x?xf32>, tensor<?x1x8xf32>
}

// CHECK-LABEL: func.func @exact_quotient
func.func @exact_quotient(%x: tensor<4x8xf64>) -> (tensor<4xf32>, tensor<4xf64>) {
  // CHECK: tsum.reduce_sum %{{.*}} axes = [1] exact over 1000 : tensor<4x8xf64> -> tensor<4xf32>
  %mean = tsum.reduce_sum %x axes = [1] exact over 1000 : tensor<4x8xf64> -> tensor<4xf32>
  // CHECK: tsum.reduce_sum %{{.*}} axes = [1] exact : tensor<4x8xf64> -> tensor<4xf64>
  %sum = tsum.reduce_sum %x axes = [1] exact over 1 : tensor<4x8xf64> -> tensor<4xf64>
  return %mean, %sum : tensor<4xf32>, tensor<4xf64>
}

// CHECK-LABEL: func.func @exact
func.func @exact(%x: tensor<4x8xf16>) -> tensor<4x1xf16> {
  // CHECK: tsum.reduce_sum %{{.*}} axes = [1] keepdims exact : tensor<4x8xf16> -> tensor<4x1xf16>
  %s = tsum.reduce_sum %x axes = [1] keepdims exact : tensor<4x8xf16> -> tensor<4x1xf16>
  return %s : tensor<4x1xf16>
}

// CHECK-LABEL: func.func @numbers_of_nodes
func.func @numbers_of_nodes(%x: tensor<4x8xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
  // CHECK: tsum.reduce_prod %{{.*}} axes = [1] node 0 : tensor<4x8xf64> -> tensor<4xf64>
  %hi = tsum.reduce_prod %x axes = [1] node 0 : tensor<4x8xf64> -> tensor<4xf64>
  // CHECK: tsum.reduce_prod %{{.*}} axes = [1] node 1 : tensor<4x8xf64> -> tensor<4xf64>
  %lo = tsum.reduce_prod %x axes = [1] node 1 : tensor<4x8xf64> -> tensor<4xf64>
  return %hi, %lo : tensor<4xf64>, tensor<4xf64>
}

// CHECK-LABEL: func.func @pieces
func.func @pieces(%x: tensor<3x1000x7xf32>) -> tensor<3xf32> {
  // CHECK: %[[N:.*]] = tsum.reduce_pieces <reduce_sum f32> %{{.*}} axes = [1, 2] in <64 of 1000> node 0 : tensor<3x1000x7xf32> -> tensor<16x3xf64>
  %n = tsum.reduce_pieces <reduce_sum f32> %x axes = [1, 2] in <64 of 1000> node 0
      : tensor<3x1000x7xf32> -> tensor<16x3xf64>
  // CHECK: tsum.merge_nodes <reduce_sum f32> (%[[N]]) axes = [0] : (tensor<16x3xf64>) -> tensor<3xf32>
  %r = tsum.merge_nodes <reduce_sum f32> (%n) axes = [0] : (tensor<16x3xf64>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// CHECK-LABEL: func.func @elementwise
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf64>, %[[Y:.*]]: tensor<4xf64>
func.func @elementwise(%x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<4xf64> {
  // CHECK: %[[SUM:.*]] = tsum.add %[[X]], %[[Y]] : tensor<4xf64>
  %sum = tsum.add %x, %y : tensor<4xf64>
  // CHECK: tsum.square %[[SUM]] : tensor<4xf64>
  %square = tsum.square %sum : tensor<4xf64>
  return %square : tensor<4xf64>
}

// CHECK-LABEL: func.func @dtypes
func.func @dtypes(%f32: tensor<f32>) -> tensor<ui8> {
  // CHECK: tsum.cast %{{.*}} : tensor<f32> -> tensor<f64>
  %f64 = tsum.cast %f32 : tensor<f32> -> tensor<f64>
  // CHECK: tsum.cast %{{.*}} : tensor<f64> -> tensor<i32>
  %i32 = tsum.cast %f64 : tensor<f64> -> tensor<i32>
  // CHECK: tsum.cast %{{.*}} : tensor<i32> -> tensor<i64>
  %i64 = tsum.cast %i32 : tensor<i32> -> tensor<i64>
  // CHECK: tsum.cast %{{.*}} : tensor<i64> -> tensor<ui8>
  %ui8 = tsum.cast %i64 : tensor<i64> -> tensor<ui8>
  return %ui8 : tensor<ui8>
}

// CHECK-LABEL: func.func @shapes
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi32>
func.func @shapes(%x: tensor<4xi32>) -> (tensor<4x8xi32>, tensor<2x2x1xi32>) {
  // CHECK: tsum.broadcast %[[X]] dims = [0] : tensor<4xi32> -> tensor<4x8xi32>
  %repeated = tsum.broadcast %x dims = [0] : tensor<4xi32> -> tensor<4x8xi32>
  // CHECK: tsum.reshape %[[X]] : tensor<4xi32> -> tensor<2x2x1xi32>
  %reshaped = tsum.reshape %x : tensor<4xi32> -> tensor<2x2x1xi32>
  return %repeated, %reshaped : tensor<4x8xi32>, tensor<2x2x1xi32>
}

// CHECK-LABEL: func.func @scalar_is_broadcast
func.func @scalar_is_broadcast(%x: tensor<f32>) -> tensor<3x2xf32> {
  // CHECK: tsum.broadcast %{{.*}} dims = [] : tensor<f32> -> tensor<3x2xf32>
  %r = tsum.broadcast %x dims = [] : tensor<f32> -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<3xui8>, tensor<0x4xf32>) {
  // CHECK: tsum.constant dense<[1, 2, 255]> : tensor<3xui8>
  %c = tsum.constant dense<[1, 2, 255]> : tensor<3xui8>
  // CHECK: tsum.constant dense<> : tensor<0x4xf32>
  %empty = tsum.constant dense<> : tensor<0x4xf32>
  return %c, %empty : tensor<3xui8>, tensor<0x4xf32>
}

// CHECK-LABEL: func.func @argument_attributes
//  CHECK-SAME:   tensor<4x8xf32> {tsum.name = "x", tsum.strides = array<i64: 1, -4>}
//  CHECK-SAME:   tensor<f32> {tsum.strides = array<i64>}
func.func @argument_attributes(
    %x: tensor<4x8xf32> {tsum.name = "x", tsum.strides = array<i64: 1, -4>},
    %y: tensor<f32> {tsum.strides = array<i64>}) {
  return
}

// CHECK-LABEL: func.func @schedule
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
func.func @schedule(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // CHECK: tsum.launch @kernels::@rows(%[[X]]) : (tensor<4x8xf32>) -> tensor<4xf32>
  %r = tsum.launch @kernels::@rows(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}
module @kernels {
  func.func private @rows(tensor<4x8xf32>) -> tensor<4xf32>
}

// CHECK-LABEL: func.func @views
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xcomplex<f32>>
func.func @views(%x: tensor<4x8xcomplex<f32>>) -> (tensor<8x4xcomplex<f32>>, tensor<2x8xcomplex<f32>>) {
  // CHECK: tsum.transpose %[[X]] permutation = [1, 0] : tensor<4x8xcomplex<f32>> -> tensor<8x4xcomplex<f32>>
  %t = tsum.transpose %x permutation = [1, 0] : tensor<4x8xcomplex<f32>> -> tensor<8x4xcomplex<f32>>
  // CHECK: tsum.slice %[[X]] starts = [1, 7] steps = [2, -1] : tensor<4x8xcomplex<f32>> -> tensor<2x8xcomplex<f32>>
  %s = tsum.slice %x starts = [1, 7] steps = [2, -1] : tensor<4x8xcomplex<f32>> -> tensor<2x8xcomplex<f32>>
  return %t, %s : tensor<8x4xcomplex<f32>>, tensor<2x8xcomplex<f32>>
}

// CHECK-LABEL: func.func @complex_numbers
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf64>, %[[Y:.*]]: tensor<4xf64>
func.func @complex_numbers(%x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<4xf64> {
  // CHECK: %[[Z:.*]] = tsum.complex %[[X]], %[[Y]] : tensor<4xcomplex<f64>>
  %z = tsum.complex %x, %y : tensor<4xcomplex<f64>>
  // CHECK: %[[SQUARE:.*]] = tsum.multiply %[[Z]], %[[Z]] : tensor<4xcomplex<f64>>
  %square = tsum.multiply %z, %z : tensor<4xcomplex<f64>>
  // CHECK: tsum.real %[[SQUARE]] : tensor<4xcomplex<f64>>
  %real = tsum.real %square : tensor<4xcomplex<f64>>
  // CHECK: tsum.imag %[[SQUARE]] : tensor<4xcomplex<f64>>
  %imag = tsum.imag %square : tensor<4xcomplex<f64>>
  // CHECK: tsum.abs %[[SQUARE]] : tensor<4xcomplex<f64>>
  %abs = tsum.abs %square : tensor<4xcomplex<f64>>
  // CHECK: tsum.cast %[[SQUARE]] : tensor<4xcomplex<f64>> -> tensor<4xcomplex<f32>>
  %cast = tsum.cast %square : tensor<4xcomplex<f64>> -> tensor<4xcomplex<f32>>
  // CHECK: tsum.constant dense<(1.000000e+00,-2.000000e+00)> : tensor<2xcomplex<f32>>
  %constant = tsum.constant dense<(1.0, -2.0)> : tensor<2xcomplex<f32>>
  return %abs : tensor<4xf64>
}

// CHECK-LABEL: func.func @largest_of_pieces
func.func @largest_of_pieces(%x: tensor<1000x7xui8>) -> tensor<16xui8> {
  // CHECK: tsum.reduce_pieces <reduce_max ui8> %{{.*}} axes = [0, 1] in <64 of 1000> : tensor<1000x7xui8> -> tensor<16xui8>
  %n = tsum.reduce_pieces <reduce_max ui8> %x axes = [0, 1] in <64 of 1000>
      : tensor<1000x7xui8> -> tensor<16xui8>
  return %n : tensor<16xui8>
}
