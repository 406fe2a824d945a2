// RUN: tsum-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(tsum-to-linalg,tsum-fuse,tsum-tile{strategy=narrow}))' \
// RUN:   | FileCheck %s
// RUN: tsum-opt %s --split-input-file --tsum-compile='stop-after=tile strategy=inner' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=INNER
// RUN: not tsum-opt %s --split-input-file --tsum-compile=strategy=outter 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: there is no strategy 'outter' (the strategies: inner, narrow, outer)

// A line that is one block can run either way.

// CHECK-LABEL: func.func @line_of_twelve
//       CHECK:   tsum.lanes = 1 : i64, tsum.strategy = "narrow"
// INNER-LABEL: @line_of_twelve
//       INNER:   tsum.lanes = 8 : i64, tsum.strategy = "inner"
func.func @line_of_twelve(%x: tensor<1000x12xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x12xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// INNER-LABEL: @line_of_three
//       INNER:   tsum.lanes = 8 : i64, tsum.strategy = "inner"
func.func @line_of_three(%x: tensor<1000x3xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x3xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// CHECK-LABEL: func.func @line_of_two_blocks
//       CHECK:   tsum.lanes = 8 : i64, tsum.strategy = "inner"
func.func @line_of_two_blocks(%x: tensor<1000x17xf32>) -> tensor<1000xf32> {
  // expected-remark @below {{runs as inner and not as narrow: the innermost dimension has more than 16 elements}}
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x17xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// INNER: remark: runs as outer and not as inner: the innermost dimension is kept
// CHECK-LABEL: func.func @columns
//       CHECK:   tsum.strategy = "outer"
func.func @columns(%x: tensor<17x1000xf32>) -> tensor<1000xf32> {
  // expected-remark @below {{runs as outer and not as narrow: the innermost dimension is kept}}
  %r = tsum.reduce_sum %x axes = [0] : tensor<17x1000xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// CHECK-LABEL: func.func @single
//       CHECK:   tsum.strategy = "inner"
func.func @single(%x: tensor<12xf32>) -> tensor<f32> {
  // expected-remark @below {{runs as inner and not as narrow: no dimension is kept}}
  %r = tsum.reduce_sum %x axes = [0] : tensor<12xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @exact
//       CHECK:   tsum.strategy = "inner"
func.func @exact(%x: tensor<1000x12xf32>) -> tensor<1000xf32> {
  // expected-remark @below {{runs as inner and not as narrow: exact sums run in one way}}
  %r = tsum.reduce_sum %x axes = [1] exact : tensor<1000x12xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}
