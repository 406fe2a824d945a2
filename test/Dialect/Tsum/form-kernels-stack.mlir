// RUN: tsum-opt %s --tsum-form-kernels --split-input-file | FileCheck %s

// What a tile keeps on the stack while a row is computed is bounded.

// A row of one value: 16384 f64 take 128 KB.

// CHECK-LABEL: func.func @wide_row
//       CHECK:   %[[POWERS:.*]] = tsum.launch @kernels::@[[EXP:[a-z_0-9]*]](
//       CHECK:   tsum.launch {{.*}}%[[POWERS]]
//       CHECK:   func.func @[[EXP]]
//  CHECK-SAME:     tsum.cut = "stack"
func.func @wide_row(%x: tensor<64x16384xf32>) -> tensor<64x16384xf64> {
  %wide = tsum.cast %x : tensor<64x16384xf32> -> tensor<64x16384xf64>
  %powers = tsum.exp %wide : tensor<64x16384xf64>
  %narrow = tsum.cast %powers : tensor<64x16384xf64> -> tensor<64x16384xf32>
  %sum = tsum.reduce_sum %narrow axes = [1] : tensor<64x16384xf32> -> tensor<64xf32>
  %wideSum = tsum.cast %sum : tensor<64xf32> -> tensor<64xf64>
  %sums = tsum.broadcast %wideSum dims = [0] : tensor<64xf64> -> tensor<64x16384xf64>
  %r = tsum.divide %powers, %sums : tensor<64x16384xf64>
  return %r : tensor<64x16384xf64>
}

// -----

// The same of shorter rows is one kernel.

// CHECK-LABEL: func.func @short_row
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
func.func @short_row(%x: tensor<64x8192xf32>) -> tensor<64x8192xf64> {
  %wide = tsum.cast %x : tensor<64x8192xf32> -> tensor<64x8192xf64>
  %powers = tsum.exp %wide : tensor<64x8192xf64>
  %narrow = tsum.cast %powers : tensor<64x8192xf64> -> tensor<64x8192xf32>
  %sum = tsum.reduce_sum %narrow axes = [1] : tensor<64x8192xf32> -> tensor<64xf32>
  %wideSum = tsum.cast %sum : tensor<64xf32> -> tensor<64xf64>
  %sums = tsum.broadcast %wideSum dims = [0] : tensor<64xf64> -> tensor<64x8192xf64>
  %r = tsum.divide %powers, %sums : tensor<64x8192xf64>
  return %r : tensor<64x8192xf64>
}

// -----

// Rows of several values: two take 128 KB, and the third one is in memory.

// CHECK-LABEL: func.func @several_rows
//       CHECK:   %[[THIRD:.*]] = tsum.launch
//       CHECK:   tsum.launch {{.*}}%[[THIRD]]
//   CHECK-NOT:   tsum.launch
//       CHECK:   tsum.cut = "stack"
func.func @several_rows(%x: tensor<64x8192xf64>) -> tensor<64x8192xf64> {
  %a = tsum.exp %x : tensor<64x8192xf64>
  %sumOfA = tsum.reduce_sum %a axes = [1] : tensor<64x8192xf64> -> tensor<64xf64>
  %sumsOfA = tsum.broadcast %sumOfA dims = [0] : tensor<64xf64> -> tensor<64x8192xf64>
  %b = tsum.divide %a, %sumsOfA : tensor<64x8192xf64>
  %sumOfB = tsum.reduce_sum %b axes = [1] : tensor<64x8192xf64> -> tensor<64xf64>
  %sumsOfB = tsum.broadcast %sumOfB dims = [0] : tensor<64xf64> -> tensor<64x8192xf64>
  %c = tsum.divide %b, %sumsOfB : tensor<64x8192xf64>
  %sumOfC = tsum.reduce_sum %c axes = [1] : tensor<64x8192xf64> -> tensor<64xf64>
  %sumsOfC = tsum.broadcast %sumOfC dims = [0] : tensor<64xf64> -> tensor<64x8192xf64>
  %d = tsum.divide %c, %sumsOfC : tensor<64x8192xf64>
  return %d : tensor<64x8192xf64>
}

// -----

// Tiles of columns are as wide as one value in 64 KB, or all of them in 128 KB, allow.

// CHECK-LABEL: func.func @columns_of_powers
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   tsum.columns = #tsum.columns<128, whole = [0]>
func.func @columns_of_powers(%x: tensor<128x10000xf32>) -> tensor<128x10000xf32> {
  %powers = tsum.exp %x : tensor<128x10000xf32>
  %sum = tsum.reduce_sum %powers axes = [0] : tensor<128x10000xf32> -> tensor<10000xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<10000xf32> -> tensor<128x10000xf32>
  %r = tsum.divide %powers, %sums : tensor<128x10000xf32>
  return %r : tensor<128x10000xf32>
}

// -----

// That counts what a reduction keeps of each column between its dimensions, also of one that is
// taken before there are columns: here 41 pairs of f64 for each of the two.

// CHECK-LABEL: func.func @columns_of_nodes
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   tsum.columns = #tsum.columns<64>
func.func @columns_of_nodes(%x: tensor<40x3x10000xf64>) -> tensor<10000xf64> {
  %sum = tsum.reduce_sum %x axes = [0, 1] : tensor<40x3x10000xf64> -> tensor<10000xf64>
  %sums = tsum.broadcast %sum dims = [2] : tensor<10000xf64> -> tensor<40x3x10000xf64>
  %shifted = tsum.subtract %x, %sums : tensor<40x3x10000xf64>
  %r = tsum.reduce_sum %shifted axes = [0, 1] : tensor<40x3x10000xf64> -> tensor<10000xf64>
  return %r : tensor<10000xf64>
}
