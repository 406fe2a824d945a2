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

// Views are of the data, or of what is computed from it.
// RUN: tsum-run %s --function views --input %t/x.npy | FileCheck %s --check-prefix=VIEWS
//      VIEWS: {{^}}tsum.Tensor({{\[\[}} 9. 36.]
// VIEWS-NEXT: {{^}} [ 1. 16.]], shape=(2, 2), dtype=f32)
// VIEWS-NEXT: {{^}}tsum.Tensor([], shape=(0,), dtype=f32)
// RUN: tsum-run %s --function views --input %t/x.npy --print-after=simplify \
// RUN:   | FileCheck %s --check-prefix=RESOLVED
// RESOLVED: func.func @{{.*}}(%{{.*}}: tensor<2x2xf32> {tsum.strides = array<i64: 3, 2>}, %{{.*}}: tensor<0xf32>)
// RESOLVED-NOT: tsum.slice

// RUN: tsum-run %s --function complex --input %t/x.npy | FileCheck %s --check-prefix=COMPLEX
//      COMPLEX: tsum.Tensor([12.0-12.0j 30.0-30.0j], shape=(2,), dtype=complex64)
// COMPLEX-NEXT: tsum.Tensor([1. 2. 3.], shape=(3,), dtype=f32)
// RUN: tsum-run %s --function complex --input %t/x.npy --print-after=simplify \
// RUN:   | FileCheck %s --check-prefix=PARTS
// PARTS: func.func @{{.*}}({{.*}}) -> (tensor<2xf32>, tensor<2xf32>, tensor<3xf32>)
// PARTS-NOT: complex<

func.func @views(%x: tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<0xf32>) {
  %square = tsum.square %x : tensor<2x3xf32>
  %columns = tsum.transpose %square permutation = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %r = tsum.slice %columns starts = [2, 0] steps = [-2, 1] : tensor<3x2xf32> -> tensor<2x2xf32>
  %flat = tsum.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  %none = tsum.slice %flat starts = [77] steps = [-2] : tensor<6xf32> -> tensor<0xf32>
  return %r, %none : tensor<2x2xf32>, tensor<0xf32>
}

func.func @complex(%x: tensor<2x3xf32>) -> (tensor<2xcomplex<f32>>, tensor<3xf32>) {
  %y = tsum.slice %x starts = [0, 2] steps = [1, -1] : tensor<2x3xf32> -> tensor<2x3xf32>
  %z = tsum.complex %x, %y : tensor<2x3xcomplex<f32>>
  %c = tsum.constant dense<(0.0, -2.0)> : tensor<2x3xcomplex<f32>>
  %product = tsum.multiply %z, %c : tensor<2x3xcomplex<f32>>
  %sum = tsum.reduce_sum %product axes = [1] : tensor<2x3xcomplex<f32>> -> tensor<2xcomplex<f32>>
  %real = tsum.real %z : tensor<2x3xcomplex<f32>>
  %row = tsum.slice %real starts = [0, 0] steps = [1, 1] : tensor<2x3xf32> -> tensor<1x3xf32>
  %flat = tsum.reshape %row : tensor<1x3xf32> -> tensor<3xf32>
  return %sum, %flat : tensor<2xcomplex<f32>>, tensor<3xf32>
}

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
