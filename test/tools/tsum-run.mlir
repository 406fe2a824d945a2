// RUN: rm -rf %t && mkdir %t
// RUN: tsum-run %s --function matrix --output %t/x.npy
// RUN: tsum-run %s --function column --output %t/y.npy

// Without --output the results are printed.
// RUN: tsum-run %s --function deviation --input %t/x.npy --input %t/y.npy | FileCheck %s
//      CHECK: tsum.Tensor([ 2. 29.], shape=(2,), dtype=f32)
// CHECK-NEXT: tsum.Tensor(31.0, shape=(), dtype=f32)

// With it they go to files, one each.
// RUN: tsum-run %s --function deviation --input %t/x.npy --input %t/y.npy \
// RUN:   --output %t/rows.npy --output %t/all.npy | count 0
// RUN: tsum-run %s --function double --input %t/rows.npy | FileCheck %s --check-prefix=DOUBLED
// DOUBLED: tsum.Tensor([ 4. 58.], shape=(2,), dtype=f32)

// The shape of a computed value changes: it is evaluated first, by a graph of its own.
// RUN: tsum-run %s --function pairs --input %t/x.npy --print-after=simplify \
// RUN:   | FileCheck %s --check-prefix=PAIRS
//     PAIRS: func.func @square(%[[X:.*]]: tensor<6xf32>) -> tensor<6xf32>
//     PAIRS:   tsum.square %[[X]]
//     PAIRS: func.func @reduce_sum(%[[Y:.*]]: tensor<3x2xf32>) -> tensor<3xf32>
//     PAIRS:   tsum.reduce_sum %[[Y]] axes = [1]
//     PAIRS: tsum.Tensor([ 5. 25. 61.], shape=(3,), dtype=f32)

// What lies behind the last stage is the code that runs here.
// RUN: tsum-run %s --function double --input %t/rows.npy --print-after=llvm \
// RUN:   | FileCheck %s --check-prefix=LLVM
// LLVM: llvm.func @{{.*}}target_features

// RUN: tsum-run %s --function deviation --input %t/x.npy --input %t/y.npy --time 2>&1 >%t/values \
// RUN:   | FileCheck %s --check-prefix=TIME
// TIME: compile: {{[0-9.]+}} ms
// TIME: call: {{[0-9.]+}} us, the median of {{[0-9]+}}; {{[0-9.e+-]+}} GB/s

// RUN: tsum-run %s --function constants | FileCheck %s --check-prefix=CONSTANTS
//      CONSTANTS: tsum.Tensor([-1 7], shape=(2,), dtype=i64)
// CONSTANTS-NEXT: tsum.Tensor([255 255], shape=(2,), dtype=u8)
// CONSTANTS-NEXT: tsum.Tensor([], shape=(0, 4), dtype=f64)

// RUN: tsum-run %s --function argument --input %t/x.npy | FileCheck %s --check-prefix=ARGUMENT
//      ARGUMENT: {{^}}tsum.Tensor({{\[\[}}1. 2. 3.]
// ARGUMENT-NEXT: {{^}} [4. 5. 6.]], shape=(2, 3), dtype=f32)

func.func @matrix() -> tensor<2x3xf32> {
  %x = tsum.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  return %x : tensor<2x3xf32>
}

func.func @column() -> tensor<2xf32> {
  %y = tsum.constant dense<[2.0, 2.0]> : tensor<2xf32>
  return %y : tensor<2xf32>
}

func.func @deviation(%x: tensor<2x3xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %ys = tsum.broadcast %y dims = [0] : tensor<2xf32> -> tensor<2x3xf32>
  %difference = tsum.subtract %x, %ys : tensor<2x3xf32>
  %square = tsum.square %difference : tensor<2x3xf32>
  %rows = tsum.reduce_sum %square axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %all = tsum.reduce_sum %square axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  return %rows, %all : tensor<2xf32>, tensor<f32>
}

func.func @double(%x: tensor<2xf32>) -> tensor<2xf32> {
  %r = tsum.add %x, %x : tensor<2xf32>
  return %r : tensor<2xf32>
}

func.func @pairs(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %square = tsum.square %x : tensor<2x3xf32>
  %pairs = tsum.reshape %square : tensor<2x3xf32> -> tensor<3x2xf32>
  %r = tsum.reduce_sum %pairs axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

func.func @constants() -> (tensor<2xi64>, tensor<2xui8>, tensor<0x4xf64>) {
  %a = tsum.constant dense<[-1, 7]> : tensor<2xi64>
  %splat = tsum.constant dense<255> : tensor<2xui8>
  %empty = tsum.constant dense<> : tensor<0x4xf64>
  return %a, %splat, %empty : tensor<2xi64>, tensor<2xui8>, tensor<0x4xf64>
}

func.func @argument(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  return %x : tensor<2x3xf32>
}
