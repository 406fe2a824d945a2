// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Lanes run along the line.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Blocks of 16 lanes of f32, to which each row of 16 is added; of what is left over lanes are loaded
// that have elements. The lanes fold by halves, of two blocks at once. The blocks' values merge in f64,
// neighbour by neighbour; the sum of -0s becomes +0, and is rounded.

// CHECK-LABEL: func.func @line_of_blocks
//  CHECK-SAME:   %[[X:.*]]: memref<4x3078xf32>, %[[OUT:.*]]: memref<4xf32>
//   CHECK-NOT:   linalg.fill
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 4 {
//       CHECK:     affine.for %[[BLOCK:.*]] = 0 to 12 {
//       CHECK:       %[[A:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 256] {{.*}}, vector<16xf32>
//       CHECK:       %[[B:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 256 + 16] {{.*}}, vector<16xf32>
//       CHECK:       arith.addf %[[A]], %[[B]] : vector<16xf32>
//       CHECK:     %[[STAY:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]
//       CHECK:     %[[CROSS:.*]] = vector.shuffle {{.*}} [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
//       CHECK:     arith.addf %[[STAY]], %[[CROSS]] : vector<16xf32>
//       CHECK:     arith.extf {{.*}} : vector<16xf32> to vector<16xf64>
//       CHECK:     vector.maskedload %[[X]][%[[ROW]], %{{.*}}], %{{.*}} : memref<4x3078xf32>, {{.*}} into vector<16xf32>
//       CHECK:     %[[EVEN:.*]] = vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14] : vector<16xf64>
//       CHECK:     %[[ODD:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7, 9, 11, 13, 15] : vector<16xf64>
//       CHECK:     arith.addf %[[EVEN]], %[[ODD]] : vector<8xf64>
//       CHECK:     %[[SUM:.*]] = arith.addf {{.*}} : vector<1xf64>
//       CHECK:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<1xf64>
//       CHECK:     %[[POSITIVE:.*]] = arith.addf %[[SUM]], %[[ZERO]]
//       CHECK:     arith.truncf %[[POSITIVE]] : vector<1xf64> to vector<1xf32>
//       CHECK:     affine.store %{{.*}}, %[[OUT]][%[[ROW]]]
func.func @line_of_blocks(%x: memref<4x3078xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x3078xf32>) outs(%out : memref<4xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// One short block. Lanes without an element in the last row are 0.

// CHECK-LABEL: func.func @short_block
//  CHECK-SAME:   %[[X:.*]]: memref<4x100xf32>
//   CHECK-NOT:   memref.alloca
//       CHECK:     affine.vector_load %[[X]][%[[ROW:.*]], 80] {{.*}}, vector<16xf32>
//       CHECK:     arith.constant dense<[true, true, true, true, false,
//       CHECK:     %[[REST:.*]] = vector.maskedload %[[X]][%[[ROW]], %{{.*}}]
//       CHECK:     arith.addf %{{.*}}, %[[REST]] : vector<16xf32>
//       CHECK:     arith.addf {{.*}} : vector<8xf32>
//       CHECK:     arith.addf {{.*}} : vector<4xf32>
//       CHECK:     arith.addf {{.*}} : vector<2xf32>
//       CHECK:     arith.addf {{.*}} : vector<1xf32>
//       CHECK:     arith.extf {{.*}} : vector<1xf32> to vector<1xf64>
func.func @short_block(%x: memref<4x100xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x100xf32>) outs(%out : memref<4xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Few columns: a vector holds them for 16 lanes, and these fold to one of each column.

// CHECK-LABEL: func.func @few_columns
//  CHECK-SAME:   %[[X:.*]]: memref<100x3xf32>, %[[OUT:.*]]: memref<3xf32>
//       CHECK:     affine.vector_load %[[X]][0, 0] {{.*}}, vector<48xf32>
//       CHECK:     affine.vector_load %[[X]][16, 0] {{.*}}, vector<48xf32>
//       CHECK:     arith.addf {{.*}} : vector<24xf32>
//       CHECK:     arith.addf {{.*}} : vector<3xf32>
//   CHECK-NOT:     arith.addf {{.*}}f32>
//       CHECK:     affine.vector_store %{{.*}}, %[[OUT]][0] {{.*}}, vector<3xf32>
func.func @few_columns(%x: memref<100x3xf32>, %out: memref<3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<3xf32>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<100x3xf32>) outs(%out : memref<3xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// A product of f32 is one of f64: factors are multiplied there, and nothing is added to them.

// CHECK-LABEL: func.func @product
//   CHECK-NOT:   arith.addf
//       CHECK:   arith.mulf {{.*}} : vector<16xf64>
//       CHECK:   %[[PRODUCT:.*]] = arith.mulf {{.*}} : vector<1xf64>
//       CHECK:   arith.truncf %[[PRODUCT]] : vector<1xf64> to vector<1xf32>
func.func @product(%x: memref<4x100xf32>, %out: memref<4xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x100xf32>) outs(%out : memref<4xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %product: f32):
    %wide = arith.extf %in : f32 to f64
    %r = tsum.accumulate <reduce_prod f32> (%wide) into (%product) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// A block's value of f64 becomes a pair, of what it is and of what merging lost. The sum of both is the
// result, if it is finite and something was lost: a product keeps its -0.

// CHECK-LABEL: func.func @pairs
//       CHECK:   %[[B_PART:.*]] = arith.subf %[[SUM:[^ ]*]], %[[A:[^ ]*]] : vector
//  CHECK-NEXT:   %[[A_PART:.*]] = arith.subf %[[SUM]], %[[B_PART]]
//  CHECK-NEXT:   %[[A_LOST:.*]] = arith.subf %[[A]], %[[A_PART]]
//  CHECK-NEXT:   %[[B_LOST:.*]] = arith.subf %{{.*}}, %[[B_PART]]
//  CHECK-NEXT:   %[[LOST:.*]] = arith.addf %[[A_LOST]], %[[B_LOST]]
//  CHECK-NEXT:   %[[BEFORE:.*]] = arith.addf
//  CHECK-NEXT:   arith.addf %[[BEFORE]], %[[LOST]]
//       CHECK:   %[[FINITE:.*]] = arith.cmpf ord
//       CHECK:   %[[HAS_LOST:.*]] = arith.cmpf une
//       CHECK:   %[[IS_BETTER:.*]] = arith.andi %[[FINITE]], %[[HAS_LOST]]
//       CHECK:   arith.select %[[IS_BETTER]]
func.func @pairs(%x: memref<4x600xf64>, %out: memref<4xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<4xf64>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x600xf64>) outs(%out : memref<4xf64>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// What goes to another kernel is not rounded: nodes, for f64 the parts of them.

// CHECK-LABEL: func.func @to_nodes
//  CHECK-SAME:   %{{.*}}: memref<4x600xf64>, %[[HIGH:.*]]: memref<4xf64>, %[[LOW:.*]]: memref<4xf64>
//   CHECK-NOT:   arith.cmpf
//   CHECK-DAG:   affine.store %{{.*}}, %[[HIGH]]
//   CHECK-DAG:   affine.store %{{.*}}, %[[LOW]]
func.func @to_nodes(%x: memref<4x600xf64>, %high: memref<4xf64>, %low: memref<4xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%high : memref<4xf64>)
  linalg.fill ins(%zero : f64) outs(%low : memref<4xf64>)
  linalg.generic {indexing_maps = [#all, #rows, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x600xf64>) outs(%high, %low : memref<4xf64>, memref<4xf64>) {
  ^bb0(%in: f64, %h: f64, %l: f64):
    %r:2 = tsum.accumulate <reduce_sum f64 to nodes> (%in) into (%h, %l) : (f64) into (f64, f64)
    linalg.yield %r#0, %r#1 : f64, f64
  }
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// A piece has whole blocks, as many as only the run tells; the last one also the short block, at a place
// that is known.

// CHECK-LABEL: func.func @piece
//  CHECK-SAME:   %{{.*}}: memref<10000xf32>, %{{.*}}: memref<f64>, %{{.*}}: index, %[[SIZE:.*]]: index)
//       CHECK:   %[[BLOCKS:.*]] = arith.divui %[[SIZE]], %c256
//       CHECK:   scf.for
//       CHECK:   %[[IS_LAST:.*]] = arith.cmpi ne, %[[SIZE]], %c4096
//       CHECK:   scf.if %[[IS_LAST]] {
//       CHECK:     affine.vector_load %{{.*}}[1792]
func.func @piece(%x: memref<10000xf32>, %out: memref<f64>, %start: index, %size: index) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<f64>)
  %piece = memref.subview %x[%start] [%size] [1] : memref<10000xf32> to memref<?xf32, strided<[1], offset: ?>>
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%piece : memref<?xf32, strided<[1], offset: ?>>) outs(%out : memref<f64>)
      attrs = {tsum.piece = #tsum.piece<4096 of 10000>} {
  ^bb0(%in: f32, %sum: f64):
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%sum) : (f32) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Without an order: as many lanes as fill registers, of integers in their own type, without flags.

// CHECK-LABEL: func.func @integers
//   CHECK-NOT:   arith.ext
//   CHECK-NOT:   overflow
//       CHECK:   arith.addi {{.*}} : vector<{{[0-9]+}}xi32>
//       CHECK:   arith.addi {{.*}} : vector<1xi32>
func.func @integers(%x: memref<4x2048xi32>, %out: memref<4xi32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%out : memref<4xi32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x2048xi32>) outs(%out : memref<4xi32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: i32, %sum: i32):
    %r = tsum.accumulate <reduce_sum i32> (%in) into (%sum) : (i32) into (i32)
    linalg.yield %r : i32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Extrema compare keys: integers in the order of the floats, with NaN beyond the numbers.

// CHECK-LABEL: func.func @largest
//       CHECK:   %[[BITS:.*]] = arith.bitcast %{{.*}} : vector<[[LANES:[0-9]+]]xf32> to vector<[[LANES]]xi32>
//       CHECK:   %[[SIGNS:.*]] = arith.shrsi %[[BITS]]
//       CHECK:   %[[FLIPPED:.*]] = arith.andi %[[SIGNS]]
//       CHECK:   %[[ORDERED:.*]] = arith.xori %[[BITS]], %[[FLIPPED]]
//       CHECK:   %[[KEYS:.*]] = arith.addi %[[ORDERED]]
//       CHECK:   arith.maxsi {{.*}} : vector<[[LANES]]xi32>
//       CHECK:   arith.subi
//       CHECK:   arith.bitcast {{.*}} : vector<1xi32> to vector<1xf32>
//   CHECK-NOT:   arith.maximumf
func.func @largest(%x: memref<4x640xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0xFF800000 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x640xf32>) outs(%out : memref<4xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_max f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
func.func @many_columns(%x: memref<40x100xf32>, %out: memref<100xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<100xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<inner>: the innermost dimension is kept, and has too many columns for a row of lanes}}
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<40x100xf32>) outs(%out : memref<100xf32>)
      attrs = {tsum.strategy = #tsum.strategy<inner>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
