// SPDX-License-Identifier: Apache-2.0
// RUN: tsum-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'

shard.grid @ranks(shape = 4)

func.func @uneven(%x: tensor<10xf32>) -> tensor<10xf32> {
  %s = shard.sharding @ranks split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<10xf32>
  // expected-error @+1 {{has a tensor, 'tensor<10xf32>', of which an extent of 10 is not divided into equal parts of static shape}}
  %r = tsum.abs %y : tensor<10xf32>
  return %r : tensor<10xf32>
}

// -----

shard.grid @grid(shape = 2x4)

func.func @two_divided_dimensions(%x: tensor<8x8xf32>) -> tensor<f32> {
  %s = shard.sharding @grid split_axes = [[0], [1]] : !shard.sharding
  %y = shard.shard %x to %s annotate_for_users : tensor<8x8xf32>
  // expected-error @+1 {{reduces 2 divided dimensions (divide one of [0, 1] only)}}
  %r = tsum.reduce_sum %y axes = [0, 1] : tensor<8x8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @no_grid(%x: tensor<8xf32>) -> tensor<f32> {
  // expected-error @+1 {{there is no grid @ranks (declare a shard.grid)}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [0] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @axis_of_the_grid(%x: tensor<8xf32>) -> tensor<f32> {
  // expected-error @+1 {{axis 1 of grid @ranks is out of range or named twice (the grid has 1 axes)}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [1] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @axis_named_twice(%x: tensor<8xf32>) -> tensor<f32> {
  // expected-error @+1 {{axis 0 of grid @ranks is out of range or named twice}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [0, 0] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @divided(%x: tensor<8x2xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{dimension 0 is divided, which is none of [1]}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [1] divided = 0 across @ranks axes = [0] : tensor<8x2xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @element(%x: tensor<8xf32>) -> tensor<f32> {
  // expected-error @+1 {{#tsum.reduction<reduce_sum f64> does not reduce elements of 'tensor<8xf32>'}}
  %r = tsum.all_reduce <reduce_sum f64> %x axes = [0] divided = 0 across @ranks axes = [0] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @nodes(%x: tensor<8xf64>) -> tensor<f64> {
  // expected-error @+1 {{is of elements and gives results, not #tsum.reduction<reduce_sum f64 to nodes>}}
  %r = tsum.all_reduce <reduce_sum f64 to nodes> %x axes = [0] divided = 0 across @ranks axes = [0] : tensor<8xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

shard.grid @ranks(shape = 4)

func.func @result(%x: tensor<8x2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{result type 'tensor<2xf32>' does not match the reduced type 'tensor<1x2xf32>'}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] keepdims divided = 0 across @ranks axes = [0] : tensor<8x2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

shard.grid @ranks(shape = 4)

func.func @no_axis_of_the_grid(%x: tensor<8xf32>) -> tensor<f32> {
  // expected-error @+1 {{is across no axis of its grid}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}
