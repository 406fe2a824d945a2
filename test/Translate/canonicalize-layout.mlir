// RUN: tsum-opt %s --tsum-canonicalize-layout --split-input-file --verify-diagnostics | FileCheck %s
// RUN: tsum-opt %s --tsum-canonicalize-layout --tsum-canonicalize-layout --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=TWICE

// CHECK-LABEL: func.func @transposed
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x6xf32> {tsum.name = "x"}) -> (tensor<6xf32> {tsum.name = "result0"})
//  CHECK-NEXT:   %[[SUM:.*]] = tsum.reduce_sum %[[X]] axes = [0] : tensor<4x6xf32> -> tensor<6xf32>
//  CHECK-NEXT:   return %[[SUM]]
func.func @transposed(%x: tensor<4x1x6xf32> {tsum.name = "x"}) -> tensor<6xf32> {
  %t = tsum.transpose %x permutation = [2, 1, 0] : tensor<4x1x6xf32> -> tensor<6x1x4xf32>
  %s = tsum.reduce_sum %t axes = [1, 2] : tensor<6x1x4xf32> -> tensor<6xf32>
  return %s : tensor<6xf32>
}

// The same, of a view whose memory lies so.
// CHECK-LABEL: func.func @strided
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x6xf32> {tsum.name = "arg0"})
//  CHECK-NEXT:   tsum.reduce_sum %[[X]] axes = [0] : tensor<4x6xf32> -> tensor<6xf32>
func.func @strided(%x: tensor<6x4xf32> {tsum.strides = array<i64: 1, 6>}) -> tensor<6xf32> {
  %s = tsum.reduce_sum %x axes = [1] : tensor<6x4xf32> -> tensor<6xf32>
  return %s : tensor<6xf32>
}

// -----

// Neighbours merge, also across a reshape.
// CHECK-LABEL: func.func @merged
//  CHECK-SAME:   (%[[X:.*]]: tensor<6x20xf32> {{.*}}) -> (tensor<6xf32> {tsum.name = "result0"})
//  CHECK-NEXT:   tsum.reduce_max %[[X]] axes = [1] : tensor<6x20xf32> -> tensor<6xf32>
func.func @merged(%x: tensor<2x3x20xf32>) -> tensor<2x3xf32> {
  %r = tsum.reshape %x : tensor<2x3x20xf32> -> tensor<2x3x4x5xf32>
  %s = tsum.reduce_max %r axes = [2, 3] : tensor<2x3x4x5xf32> -> tensor<2x3xf32>
  return %s : tensor<2x3xf32>
}

// -----

// Floats are added first along the 5, then along the 4.
// CHECK-LABEL: func.func @not_merged
//  CHECK-SAME:   (%[[X:.*]]: tensor<6x4x5xf32> {{.*}})
//  CHECK-NEXT:   tsum.reduce_sum %[[X]] axes = [1, 2] : tensor<6x4x5xf32> -> tensor<6xf32>
func.func @not_merged(%x: tensor<2x3x20xf32>) -> tensor<2x3xf32> {
  %r = tsum.reshape %x : tensor<2x3x20xf32> -> tensor<2x3x4x5xf32>
  %s = tsum.reduce_sum %r axes = [2, 3] : tensor<2x3x4x5xf32> -> tensor<2x3xf32>
  return %s : tensor<2x3xf32>
}

// -----

// Memory goes by rows, the sum by columns: its axes say so, and mean the same when they are read.
// CHECK-LABEL: func.func @columns_first
//  CHECK-SAME:   (%[[X:.*]]: tensor<3x5xf32> {{.*}})
//  CHECK-NEXT:   tsum.reduce_sum %[[X]] axes = [1, 0] : tensor<3x5xf32> -> tensor<f32>
// TWICE-LABEL: func.func @columns_first
//  TWICE-SAME:   (%[[X:.*]]: tensor<3x5xf32> {{.*}})
//  TWICE-NEXT:   tsum.reduce_sum %[[X]] axes = [1, 0] : tensor<3x5xf32> -> tensor<f32>
func.func @columns_first(%x: tensor<3x5xf32>) -> tensor<f32> {
  %t = tsum.transpose %x permutation = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
  %s = tsum.reduce_sum %t axes = [0, 1] : tensor<5x3xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// What is summed backwards is not turned around.
// CHECK-LABEL: func.func @backwards
//  CHECK-SAME:   (%[[X:.*]]: tensor<5xf32> {tsum.name = "arg0", tsum.offset = 4 : i64, tsum.strides = array<i64: -1>})
func.func @backwards(%x: tensor<5xf32>) -> tensor<f32> {
  %r = tsum.slice %x starts = [4] steps = [-1] : tensor<5xf32> -> tensor<5xf32>
  %s = tsum.reduce_sum %r axes = [0] : tensor<5xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// A reversed dimension runs forward from its other end, and the result is read in reverse.
// CHECK-LABEL: func.func @reversed
//  CHECK-SAME:   (%[[X:.*]]: tensor<5x8xi32> {tsum.name = "arg0"})
//  CHECK-SAME:   -> (tensor<5xi32> {tsum.name = "result0", tsum.offset = 4 : i64, tsum.strides = array<i64: -1>})
//  CHECK-NEXT:   tsum.reduce_sum %[[X]] axes = [1]
func.func @reversed(%x: tensor<5x8xi32>) -> tensor<5xi32> {
  %r = tsum.slice %x starts = [4, 0] steps = [-1, 1] : tensor<5x8xi32> -> tensor<5x8xi32>
  %s = tsum.reduce_sum %r axes = [1] : tensor<5x8xi32> -> tensor<5xi32>
  return %s : tensor<5xi32>
}

// -----

// A slice begins at its first element.
// CHECK-LABEL: func.func @sliced
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x5xf64> {tsum.name = "arg0", tsum.offset = 21 : i64, tsum.strides = array<i64: 20, 2>})
func.func @sliced(%x: tensor<10x10xf64>) -> tensor<4xf64> {
  %r = tsum.slice %x starts = [2, 1] steps = [2, 2] : tensor<10x10xf64> -> tensor<4x5xf64>
  %s = tsum.reduce_sum %r axes = [1] : tensor<4x5xf64> -> tensor<4xf64>
  return %s : tensor<4xf64>
}

// -----

// Several steps where a computed tensor is read along two orders of its dimensions.
// CHECK-LABEL: func.func @two_orders_0
//  CHECK-SAME:   -> (tensor<{{.*}}xf32> {tsum.name = "step0_0"})
// CHECK-LABEL: func.func @two_orders_1
//  CHECK-SAME:   {tsum.name = "step0_0"}
//  CHECK-SAME:   -> (tensor<{{.*}}xf32> {tsum.name = "result0"
func.func @two_orders(%x: tensor<4x4xf32>) -> tensor<4xf32> {
  %y = tsum.square %x : tensor<4x4xf32>
  %rows = tsum.reduce_sum %y axes = [0] : tensor<4x4xf32> -> tensor<4xf32>
  %columns = tsum.reduce_sum %y axes = [1] : tensor<4x4xf32> -> tensor<4xf32>
  %s = tsum.add %rows, %columns : tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

// expected-error @below {{argument 0 is 'tensor<?xf32>' (layouts are known of tensors of static shape and tsum's element types)}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// expected-error @below {{argument 0 reaches over more than 2^46 bytes}}
func.func @far(%x: tensor<2x2xf32> {tsum.strides = array<i64: 1000000000000000, 1>}) -> tensor<2xf32> {
  %s = tsum.reduce_sum %x axes = [1] : tensor<2x2xf32> -> tensor<2xf32>
  return %s : tensor<2xf32>
}

// -----

// expected-error @below {{'tsum.strides' of argument 0 reach over 2^63 bytes or more, given [4611686018427387904, 1] for 'tensor<4x2xf32>'}}
func.func @farther(%x: tensor<4x2xf32> {tsum.strides = array<i64: 4611686018427387904, 1>}) -> tensor<4xf32> {
  %s = tsum.reduce_sum %x axes = [1] : tensor<4x2xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

// expected-error @below {{its tensors have more than 2^46 bytes together}}
func.func @enormous(%x: tensor<16384x1073741824xf32>, %y: tensor<16384x1073741824xf32>) -> tensor<f32> {
  %z = tsum.multiply %x, %y : tensor<16384x1073741824xf32>
  %s = tsum.reduce_sum %z axes = [0, 1] : tensor<16384x1073741824xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// What has to be copied is no data here, and takes no memory.
// CHECK-LABEL: func.func @terabytes
//  CHECK-SAME:   (%[[X:.*]]: tensor<1099511627776xf32> {tsum.name = "copy"})
//  CHECK-NEXT:   return %[[X]]
func.func @terabytes(%x: tensor<1048576x1048576xf32> {tsum.strides = array<i64: 1, 1048576>})
    -> tensor<1099511627776xf32> {
  %y = tsum.reshape %x : tensor<1048576x1048576xf32> -> tensor<1099511627776xf32>
  return %y : tensor<1099511627776xf32>
}
