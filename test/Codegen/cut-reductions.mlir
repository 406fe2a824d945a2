// RUN: tsum-opt %s --tsum-compile=stop-after=cut --split-input-file | FileCheck %s

// A line becomes pieces of a power of two of blocks, of which the last is shorter. Another kernel merges
// their nodes, and has what follows the sum.

// CHECK-LABEL: func.func @long_line
//  CHECK-SAME:   %[[X:.*]]: tensor<1000000xf32>, %[[Y:.*]]: tensor<f32>
//       CHECK:   %[[NODES:.*]] = tsum.launch @kernels::@[[PIECES:.*]](%[[X]]) : (tensor<1000000xf32>) -> tensor<[[COUNT:[0-9]+]]xf64>
//       CHECK:   tsum.launch @kernels::@[[MERGE:.*]](%[[NODES]], %[[Y]]) : (tensor<[[COUNT]]xf64>, tensor<f32>) -> tensor<f32>
//       CHECK:   func.func @[[PIECES]](%[[X:.*]]: tensor<1000000xf32>) -> tensor<[[COUNT]]xf64>
//       CHECK:     %[[INIT:.*]] = linalg.fill {{.*}} -> tensor<f64>
//       CHECK:     %[[NODE:.*]] = linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[X]] : {{.*}}outs(%[[INIT]] :
//       CHECK:       %[[SQUARE:.*]] = arith.mulf
//       CHECK:       tsum.accumulate <reduce_sum f32 to nodes> (%[[SQUARE]])
//       CHECK:     %[[NODES:.*]] = tsum.pieces <{{[0-9]+}} of 1000000> (%[[NODE]]) : (tensor<f64>) -> (tensor<[[COUNT]]xf64>)
//       CHECK:     return %[[NODES]]
//       CHECK:   func.func @[[MERGE]](%[[NODES:.*]]: tensor<[[COUNT]]xf64>, %[[Y:.*]]: tensor<f32>) -> tensor<f32>
//       CHECK:     %[[SUM:.*]] = linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[NODES]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes>
//       CHECK:     linalg.generic {{.*}}ins(%[[SUM]], %[[Y]] :
//       CHECK:       arith.addf
//       CHECK:       math.sqrt
func.func @long_line(%x: tensor<1000000xf32>, %y: tensor<f32>) -> tensor<f32> {
  %squares = tsum.square %x : tensor<1000000xf32>
  %sum = tsum.reduce_sum %squares axes = [0] : tensor<1000000xf32> -> tensor<f32>
  %total = tsum.add %sum, %y : tensor<f32>
  %r = tsum.sqrt %total : tensor<f32>
  return %r : tensor<f32>
}

// -----

// Of few columns, the lines are cut across.

// CHECK-LABEL: func.func @few_columns
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     %[[NODES:.*]] = linalg.generic {{.*}}["reduction", "parallel"]
//       CHECK:     tsum.pieces <{{.*}} of 1000000> (%[[NODES]]) : (tensor<7xf64>) -> (tensor<[[COUNT:[0-9]+]]x7xf64>)
//       CHECK:   func.func {{.*}}(%[[PIECES:.*]]: tensor<[[COUNT]]x7xf64>) -> tensor<7xf32>
//       CHECK:     linalg.generic {{.*}}["reduction", "parallel"]{{.*}}ins(%[[PIECES]] : {{.*}}outs(%{{.*}} : tensor<7xf32>)
func.func @few_columns(%x: tensor<1000000x7xf32>) -> tensor<7xf32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<1000000x7xf32> -> tensor<7xf32>
  return %r : tensor<7xf32>
}

// -----

// Each line is a node, where these are little beside what is read.

// CHECK-LABEL: func.func @lines_are_nodes
//       CHECK:   func.func @{{.*}}_pieces({{.*}}) -> tensor<100xf64>
//       CHECK:     %[[NODES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:       tsum.accumulate <reduce_sum f32 to nodes>
//   CHECK-NOT:     tsum.pieces
//       CHECK:     return %[[NODES]]
//       CHECK:   func.func {{.*}}(%[[NODES:.*]]: tensor<100xf64>) -> tensor<f32>
//       CHECK:     linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[NODES]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes>
func.func @lines_are_nodes(%x: tensor<100x100000xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<100x100000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// Of few lines, each has a node for each of its pieces.

// CHECK-LABEL: func.func @few_lines
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     %[[LINES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:     tsum.pieces <{{.*}} of 1000000> (%[[LINES]]) : (tensor<3xf64>) -> (tensor<[[COUNT:[0-9]+]]x3xf64>)
//       CHECK:   func.func {{.*}}(%[[PIECES:.*]]: tensor<[[COUNT]]x3xf64>) -> tensor<f32>
//       CHECK:     %[[LINES:.*]] = linalg.generic {{.*}}["reduction", "parallel"]{{.*}}ins(%[[PIECES]] : {{.*}}outs(%{{.*}} : tensor<3xf64>)
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes to nodes>
//       CHECK:     linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[LINES]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes>
func.func @few_lines(%x: tensor<3x1000000xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<3x1000000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// Of many lines, which are too short for that, a piece is some whole ones.

// CHECK-LABEL: func.func @many_lines
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     %[[LINES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:       tsum.accumulate <reduce_sum f32 to nodes>
//       CHECK:     %[[NODES:.*]] = linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[LINES]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes to nodes>
//       CHECK:     tsum.pieces <{{.*}} of 1000000> (%[[NODES]]) : (tensor<f64>) -> (tensor<[[COUNT:[0-9]+]]xf64>)
//       CHECK:   func.func {{.*}}(%[[PIECES:.*]]: tensor<[[COUNT]]xf64>) -> tensor<f32>
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes>
func.func @many_lines(%x: tensor<1000000x10xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<1000000x10xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// What is reduced together is cut together. Pieces of what has no order are reduced as the whole is.

// CHECK-LABEL: func.func @sum_and_largest
//       CHECK:   func.func @{{.*}}_pieces({{.*}}) -> (tensor<[[COUNT:[0-9]+]]xf64>, tensor<[[COUNT]]xf32>)
//       CHECK:     %[[BOTH:.*]]:2 = linalg.generic
//       CHECK:       tsum.accumulate <reduce_sum f32 to nodes> {{.*}} into (f64)
//       CHECK:       tsum.accumulate <reduce_max f32> {{.*}} into (f32)
//       CHECK:     tsum.pieces <{{.*}} of 1000000> (%[[BOTH]]#0, %[[BOTH]]#1)
//       CHECK:   func.func {{.*}}(%[[SUMS:.*]]: tensor<[[COUNT]]xf64>, %[[MOST:.*]]: tensor<[[COUNT]]xf32>) -> (tensor<f32>, tensor<f32>)
//       CHECK:     linalg.generic {{.*}}ins(%[[SUMS]], %[[MOST]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes>
//       CHECK:       tsum.accumulate <reduce_max f32>
func.func @sum_and_largest(%x: tensor<1000000xf32>) -> (tensor<f32>, tensor<f32>) {
  %a = tsum.reduce_sum %x axes = [0] : tensor<1000000xf32> -> tensor<f32>
  %b = tsum.reduce_max %x axes = [0] : tensor<1000000xf32> -> tensor<f32>
  return %a, %b : tensor<f32>, tensor<f32>
}

// -----

// A node of f64 is a pair: what it has lost starts from 0.

// CHECK-LABEL: func.func @pairs
//       CHECK:   func.func @{{.*}}_pieces({{.*}}) -> (tensor<[[COUNT:[0-9]+]]xf64>, tensor<[[COUNT]]xf64>)
//   CHECK-DAG:     %[[ONE:.*]] = arith.constant 1.000000e+00 : f64
//   CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
//   CHECK-DAG:     %[[HIGH:.*]] = linalg.fill ins(%[[ONE]] :
//   CHECK-DAG:     %[[LOW:.*]] = linalg.fill ins(%[[ZERO]] :
//       CHECK:     linalg.generic {{.*}}outs(%[[HIGH]], %[[LOW]] :
//       CHECK:       tsum.accumulate <reduce_prod f64 to nodes> {{.*}} : (f64) into (f64, f64)
//       CHECK:   func.func {{.*}}(%[[HIGH:.*]]: tensor<[[COUNT]]xf64>, %[[LOW:.*]]: tensor<[[COUNT]]xf64>) -> tensor<f64>
//       CHECK:     linalg.generic {{.*}}ins(%[[HIGH]], %[[LOW]] : {{.*}}outs(%{{.*}} : tensor<f64>)
//       CHECK:       tsum.accumulate <reduce_prod f64 from nodes> {{.*}} : (f64, f64) into (f64)
func.func @pairs(%x: tensor<1000000xf64>) -> tensor<f64> {
  %r = tsum.reduce_prod %x axes = [0] : tensor<1000000xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @integers
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     tsum.accumulate <reduce_sum i32> {{.*}} : (i32) into (i32)
//       CHECK:     tsum.pieces {{.*}} : (tensor<i32>) -> (tensor<[[COUNT:[0-9]+]]xi32>)
//       CHECK:   func.func {{.*}}(%{{.*}}: tensor<[[COUNT]]xi32>) -> tensor<i32>
//       CHECK:     tsum.accumulate <reduce_sum i32> {{.*}} : (i32) into (i32)
func.func @integers(%x: tensor<1000000xi32>) -> tensor<i32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<1000000xi32> -> tensor<i32>
  return %r : tensor<i32>
}

// -----

// The data keeps its strides, and the body the constants that it reads.

// CHECK-LABEL: func.func @strides_and_constants
//       CHECK:   func.func @{{.*}}_pieces(%{{.*}}: tensor<1000000xf32> {tsum.strides = array<i64: 2>})
//       CHECK:     %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
//       CHECK:       arith.mulf %{{.*}}, %[[HALF]]
//       CHECK:       tsum.accumulate
func.func @strides_and_constants(%x: tensor<1000000xf32> {tsum.strides = array<i64: 2>}) -> tensor<f32> {
  %half = tsum.constant dense<0.5> : tensor<f32>
  %halves = tsum.broadcast %half dims = [] : tensor<f32> -> tensor<1000000xf32>
  %y = tsum.multiply %x, %halves : tensor<1000000xf32>
  %r = tsum.reduce_sum %y axes = [0] : tensor<1000000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// What stays whole: a kernel that reads little,

// CHECK-LABEL: func.func @short_line
//   CHECK-NOT:   tsum.pieces
//   CHECK-NOT:   _pieces
func.func @short_line(%x: tensor<10000xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<10000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// one with results for all threads,

// CHECK-LABEL: func.func @many_results
//   CHECK-NOT:   tsum.pieces
//   CHECK-NOT:   _pieces
func.func @many_results(%x: tensor<4096x4096xf32>) -> tensor<4096xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4096x4096xf32> -> tensor<4096xf32>
  return %r : tensor<4096xf32>
}

// -----

// one that reduces nothing,

// CHECK-LABEL: func.func @elementwise
//   CHECK-NOT:   tsum.pieces
//   CHECK-NOT:   _pieces
func.func @elementwise(%x: tensor<1000000xf32>) -> tensor<1000000xf32> {
  %r = tsum.square %x : tensor<1000000xf32>
  return %r : tensor<1000000xf32>
}

// -----

// Sums of different data in one kernel are taken apart first: each has pieces of its own.

// CHECK-LABEL: func.func @sum_of_two_sums
//       CHECK:   %[[A:.*]] = tsum.launch @kernels::@{{.*}}_apart_pieces(%arg0)
//       CHECK:   %[[X:.*]] = tsum.launch @kernels::@{{.*}}_apart(%[[A]]) : ({{.*}}) -> tensor<f32>
//       CHECK:   %[[B:.*]] = tsum.launch @kernels::@{{.*}}_0_pieces(%arg1)
//       CHECK:   tsum.launch @kernels::@{{.*}}(%[[B]], %[[X]]) : ({{.*}}) -> tensor<f32>
//       CHECK:   func.func @{{.*}}_apart({{.*}}tsum.cut = "apart"
//       CHECK:   arith.addf
func.func @sum_of_two_sums(%x: tensor<1000000xf32>, %y: tensor<1000000xf32>) -> tensor<f32> {
  %0 = tsum.reduce_sum %x axes = [0] : tensor<1000000xf32> -> tensor<f32>
  %1 = tsum.reduce_sum %y axes = [0] : tensor<1000000xf32> -> tensor<f32>
  %r = tsum.add %0, %1 : tensor<f32>
  return %r : tensor<f32>
}

// -----

// Exact sums have words of limbs for nodes.

// CHECK-LABEL: func.func @exact_sum(
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     tsum.accumulate <reduce_sum f32 to nodes exact>
//       CHECK:     tsum.pieces <16384 of 1000000>
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes exact>
func.func @exact_sum(%x: tensor<1000000xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0] exact : tensor<1000000xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// What is repeated takes no time to read, but its nodes take room: those of 25945 lines wait in
// memory piece by piece.

// CHECK-LABEL: func.func @repeated
//       CHECK:   func.func @{{.*}}_pieces
//       CHECK:     tsum.pieces <1024 of 25945>
func.func @repeated(%x: tensor<f32>) -> tensor<f32> {
  %0 = tsum.broadcast %x dims = [] : tensor<f32> -> tensor<13x25945x2xf32>
  %r = tsum.reduce_sum %0 axes = [0, 1, 2] : tensor<13x25945x2xf32> -> tensor<f32>
  return %r : tensor<f32>
}
