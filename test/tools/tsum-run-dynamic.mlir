// One function for any number of rows: 0, 1 and others. Types do not say that operands have one
// shape, so that is looked at.
// RUN: rm -rf %t && mkdir %t
// RUN: tsum-run %s --function none --output %t/none.npy
// RUN: tsum-run %s --function one --output %t/one.npy
// RUN: tsum-run %s --function three --output %t/three.npy

// RUN: tsum-run %s --function sums --input %t/none.npy | FileCheck %s --check-prefix=NONE
//      NONE: shape=(0,), dtype=f32)
// NONE-NEXT: tsum.Tensor([0. 0. 0.], shape=(3,), dtype=f32)
// NONE-NEXT: tsum.Tensor([-inf -inf -inf], shape=(3,), dtype=f32)
// NONE-NEXT: shape=(2, 0, 1), dtype=f32)

// A sum of one element is that, -0 as well.
// RUN: tsum-run %s --function sums --input %t/one.npy | FileCheck %s --check-prefix=ONE
//      ONE: tsum.Tensor([3.], shape=(1,), dtype=f32)
// ONE-NEXT: tsum.Tensor([ 1.  2. -0.], shape=(3,), dtype=f32)
// ONE-NEXT: tsum.Tensor([ 1.  2. -0.], shape=(3,), dtype=f32)
// ONE-NEXT: tsum.Tensor(
// ONE: shape=(2, 1, 1), dtype=f32)

// RUN: tsum-run %s --function sums --input %t/three.npy | FileCheck %s --check-prefix=THREE
//      THREE: tsum.Tensor([ 6. 15. 24.], shape=(3,), dtype=f32)
// THREE-NEXT: tsum.Tensor([12. 15. 18.], shape=(3,), dtype=f32)
// THREE-NEXT: tsum.Tensor([7. 8. 9.], shape=(3,), dtype=f32)
// THREE-NEXT: tsum.Tensor(
// THREE: shape=(2, 3, 1), dtype=f32)

// RUN: tsum-run %s --function add --input %t/three.npy --input %t/three.npy | FileCheck %s --check-prefix=ADD
// ADD: 18.
// RUN: not tsum-run %s --function add --input %t/three.npy --input %t/one.npy 2>&1 | FileCheck %s --check-prefix=SHAPES
// SHAPES: error: 'tsum.add' op has operands of shape [3,3] and [1,3] (they must be equal)
// RUN: not tsum-run %s --function columns --input %t/three.npy 2>&1 | FileCheck %s --check-prefix=STATIC
// STATIC: is f32[3,3], and the function takes 'tensor<?x4xf32>'

func.func @none() -> tensor<0x3xf32> {
  %x = tsum.constant dense<> : tensor<0x3xf32>
  return %x : tensor<0x3xf32>
}
func.func @one() -> tensor<1x3xf32> {
  %x = tsum.constant dense<[[1.0, 2.0, -0.0]]> : tensor<1x3xf32>
  return %x : tensor<1x3xf32>
}
func.func @three() -> tensor<3x3xf32> {
  %x = tsum.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32>
  return %x : tensor<3x3xf32>
}
func.func @sums(%x: tensor<?x3xf32>) -> (tensor<?xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x?x1xf32>) {
  %rows = tsum.reduce_sum %x axes = [1] : tensor<?x3xf32> -> tensor<?xf32>
  %columns = tsum.reduce_sum %x axes = [0] : tensor<?x3xf32> -> tensor<3xf32>
  %largest = tsum.reduce_max %x axes = [0] : tensor<?x3xf32> -> tensor<3xf32>
  %column = tsum.reshape %rows : tensor<?xf32> -> tensor<?x1xf32>
  %twice = tsum.broadcast %column dims = [1, 2] : tensor<?x1xf32> -> tensor<2x?x1xf32>
  return %rows, %columns, %largest, %twice : tensor<?xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x?x1xf32>
}
func.func @add(%x: tensor<?x3xf32>, %y: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = tsum.add %x, %y : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
func.func @columns(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}
