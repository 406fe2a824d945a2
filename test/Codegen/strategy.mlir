// RUN: tsum-opt %s --split-input-file --tsum-compile=stop-after=tile | FileCheck %s
// RUN: tsum-opt %s --split-input-file --tsum-compile='stop-after=tile strategy=inner' 2> %t.inner \
// RUN:   | FileCheck %s --check-prefix=INNER
// RUN: FileCheck %s --check-prefix=NOT-INNER < %t.inner
// RUN: tsum-opt %s --split-input-file --tsum-compile='stop-after=tile strategy=narrow' 2> %t.narrow \
// RUN:   | FileCheck %s --check-prefix=NARROW
// RUN: FileCheck %s --check-prefix=NOT-NARROW < %t.narrow
// RUN: tsum-opt %s --split-input-file --tsum-compile='stop-after=tile strategy=short' 2> %t.short \
// RUN:   | FileCheck %s --check-prefix=SHORT
// RUN: FileCheck %s --check-prefix=NOT-SHORT < %t.short
// RUN: tsum-opt %s --split-input-file --tsum-compile='stop-after=tile strategy=outer' 2> %t.outer \
// RUN:   | FileCheck %s --check-prefix=OUTER
// RUN: FileCheck %s --check-prefix=NOT-OUTER < %t.outer
// RUN: not tsum-opt %s --split-input-file --tsum-compile=strategy=outter 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: there is no strategy 'outter' (the strategies: exact, nested, nodes, narrow, short, inner, outer)

// Which strategy is chosen, and what becomes of another one that is wanted: it runs, or a remark says
// why not.

// CHECK-LABEL: @line_of_three
//       CHECK:   #tsum.strategy<narrow>
//       INNER: #tsum.strategy<inner>
//      NARROW: #tsum.strategy<narrow>
//       SHORT: #tsum.strategy<short>
//   NOT-OUTER: remark: runs as narrow and not as outer: the innermost dimension is reduced
//       OUTER: #tsum.strategy<narrow>
func.func @line_of_three(%x: tensor<1000x3xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x3xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// CHECK-LABEL: @line_of_thirty
//       CHECK:   #tsum.strategy<short>
//       INNER: #tsum.strategy<inner>
//   NOT-NARROW: remark: runs as short and not as narrow: the innermost dimension has more than 8 elements
//      NARROW: #tsum.strategy<short>
func.func @line_of_thirty(%x: tensor<1000x30xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x30xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// CHECK-LABEL: @line_of_several_blocks
//       CHECK:   #tsum.strategy<inner>
//   NOT-SHORT: remark: runs as inner and not as short:
//       SHORT: #tsum.strategy<inner>
func.func @line_of_several_blocks(%x: tensor<1000x3000xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1000x3000xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// Too few lines to fold the lanes of all at once, unless that is wanted.

// CHECK-LABEL: @few_lines
//       CHECK:   #tsum.strategy<inner>
//       SHORT: #tsum.strategy<short>
func.func @few_lines(%x: tensor<3x30xf32>) -> tensor<3xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<3x30xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: @columns
//       CHECK:   #tsum.strategy<outer>
//   NOT-INNER: remark: runs as outer and not as inner: the innermost dimension is kept, and has too many columns for a row of lanes
//       INNER: #tsum.strategy<outer>
//   NOT-NARROW: remark: runs as outer and not as narrow: the innermost dimension is kept
//      NARROW: #tsum.strategy<outer>
func.func @columns(%x: tensor<17x1000xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<17x1000xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}

// -----

// CHECK-LABEL: @few_columns
//       CHECK:   #tsum.strategy<inner>
//       OUTER: #tsum.strategy<outer>
func.func @few_columns(%x: tensor<1000x3xf32>) -> tensor<3xf32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<1000x3xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: @single
//       CHECK:   #tsum.strategy<inner>
//   NOT-NARROW: remark: runs as inner and not as narrow: no dimension is kept
//      NARROW: #tsum.strategy<inner>
func.func @single(%x: tensor<8xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// Of two dimensions, one reduces the elements and another one what is left of these.

// CHECK-LABEL: @nodes
//       CHECK:   #tsum.strategy<inner>
//       CHECK:   #tsum.strategy<nodes>
//   NOT-INNER: remark: runs as nodes and not as inner: it merges nodes
//       INNER: #tsum.strategy<inner>
//       INNER: #tsum.strategy<nodes>
func.func @nodes(%x: tensor<4x3000xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<4x3000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: @exact
//       CHECK:   #tsum.strategy<exact>
//   NOT-INNER: remark: runs as exact and not as inner: it is exact
//       INNER: #tsum.strategy<exact>
func.func @exact(%x: tensor<1000x12xf32>) -> tensor<1000xf32> {
  %r = tsum.reduce_sum %x axes = [1] exact : tensor<1000x12xf32> -> tensor<1000xf32>
  return %r : tensor<1000xf32>
}
