// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// A block of 16 rows of 64 lanes in f32, four of them a step, absorbed in f64; what is left over is
// taken from the last whole row and padded with zeros in registers; then the lanes fold by halves.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @inner
//  CHECK-SAME:   %[[X:.*]]: memref<4x3078xf32>, %[[OUT:.*]]: memref<4xf32>
//   CHECK-NOT:   linalg.fill
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 4 {
//       CHECK:     %[[BLOCKS:.*]] = affine.for %[[BLOCK:.*]] = 0 to 3 iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<64xf64>)
//       CHECK:       %[[A:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 1024] {{.*}}, vector<64xf32>
//       CHECK:       %[[B:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 1024 + 64]
//       CHECK:       arith.addf %[[A]], %[[B]] : vector<64xf32>
//       CHECK:       %[[SUM:.*]] = affine.for %[[STEP:.*]] = 0 to 3 iter_args(%{{.*}} = %{{.*}}) -> (vector<64xf32>)
//       CHECK:         affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 1024 + (%[[STEP]] * 4 + 4) * 64]
//       CHECK:         %[[LAST:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[BLOCK]] * 1024 + (%[[STEP]] * 4 + 7) * 64]
//       CHECK:         arith.addf %{{.*}}, %[[LAST]] : vector<64xf32>
//       CHECK:       %[[WIDE:.*]] = arith.extf %[[SUM]] : vector<64xf32> to vector<64xf64>
//       CHECK:       arith.addf %[[ACC]], %[[WIDE]] : vector<64xf64>
//       CHECK:     %[[LAST_ROW:.*]] = affine.vector_load %[[X]][%[[ROW]], 3014] {{.*}}, vector<64xf32>
//       CHECK:     %[[PADDED:.*]] = vector.shuffle %[[LAST_ROW]], %{{.*}} [58, 59, 60, 61, 62, 63, 64, 64, {{.*}} : vector<64xf32>
//       CHECK:     %[[WIDE_TAIL:.*]] = arith.extf %[[PADDED]]
//       CHECK:     arith.addf %[[BLOCKS]], %[[WIDE_TAIL]] : vector<64xf64>
//       CHECK:     arith.addf {{.*}} : vector<32xf64>
//       CHECK:     arith.addf {{.*}} : vector<16xf64>
//       CHECK:     arith.addf {{.*}} : vector<8xf64>
//       CHECK:     arith.addf {{.*}} : vector<4xf64>
//       CHECK:     arith.addf {{.*}} : vector<2xf64>
//       CHECK:     %[[ONE:.*]] = arith.addf {{.*}} : vector<1xf64>
//       CHECK:     arith.truncf %[[ONE]] : vector<1xf64> to vector<1xf32>
//       CHECK:     affine.store %{{.*}}, %[[OUT]][%[[ROW]]]
func.func @inner(%x: memref<4x3078xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x3078xf32>) outs(%out : memref<4xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Each of the parts of a long sum is absorbed by itself.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @of_parts
//  CHECK-SAME:   %[[X:.*]]: memref<4x8xf32>, %[[OUT:.*]]: memref<4xf32>
//       CHECK:   affine.for %[[PART:.*]] = 0 to 8 iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<4xf64>)
//       CHECK:     %[[BLOCK:.*]] = vector.from_elements
//       CHECK:     %[[WIDE:.*]] = arith.extf %[[BLOCK]] : vector<4xf32> to vector<4xf64>
//       CHECK:     arith.addf %[[ACC]], %[[WIDE]] : vector<4xf64>
func.func @of_parts(%x: memref<4x8xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%out : memref<4xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in {tsum.of_parts} : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Eight short lines at a time: their lanes wait in a buffer and fold together, first those of two
// lines in one vector.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @short_lines
//  CHECK-SAME:   %[[X:.*]]: memref<16x16xf32>, %[[OUT:.*]]: memref<16xf32>
//       CHECK:   %[[LANES:.*]] = memref.alloca() {{.*}} : memref<64xf64>
//       CHECK:   affine.for %{{.*}} = 0 to 2 {
//       CHECK:     affine.for %[[LINE:.*]] = 0 to 8 {
//       CHECK:       affine.vector_load %[[X]]{{.*}}, vector<8xf32>
//       CHECK:       affine.vector_store %{{.*}}, %[[LANES]][%[[LINE]] * 8] {{.*}}, vector<8xf64>
//       CHECK:     %[[A:.*]] = affine.vector_load %[[LANES]][0]
//       CHECK:     %[[B:.*]] = affine.vector_load %[[LANES]][8]
//       CHECK:     %[[LOWER:.*]] = vector.shuffle %[[A]], %[[B]] [0, 1, 2, 3, 8, 9, 10, 11]
//       CHECK:     %[[UPPER:.*]] = vector.shuffle %[[A]], %[[B]] [4, 5, 6, 7, 12, 13, 14, 15]
//       CHECK:     arith.addf %[[LOWER]], %[[UPPER]] : vector<8xf64>
//       CHECK:     vector.shuffle {{.*}} [0, 1, 4, 5, 8, 9, 12, 13]
//       CHECK:     vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14]
//       CHECK:     vector.shuffle {{.*}} [1, 3, 5, 7, 9, 11, 13, 15]
//       CHECK:     %[[SUMS:.*]] = arith.addf {{.*}} : vector<8xf64>
//       CHECK:     %[[ROUNDED:.*]] = arith.truncf %[[SUMS]]
//       CHECK:     affine.vector_store %[[ROUNDED]], %[[OUT]]{{.*}}, vector<8xf32>
func.func @short_lines(%x: memref<16x16xf32>, %out: memref<16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<16xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<16x16xf32>) outs(%out : memref<16xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A kept dimension between reduced ones: the lanes of all results wait in a buffer, so that lines
// are read in the order of memory.

#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#kept = affine_map<(d0, d1, d2) -> (d1)>

// CHECK-LABEL: func.func @kept_between
//  CHECK-SAME:   %[[X:.*]]: memref<5x6x80xi32>, %[[OUT:.*]]: memref<6xi32>
//       CHECK:   %[[LANES:.*]] = memref.alloca() {{.*}} : memref<48xi32>
//       CHECK:   affine.for %[[I:.*]] = 0 to 6 {
//       CHECK:     affine.vector_store %{{.*}}, %[[LANES]][%[[I]] * 8]
//       CHECK:   affine.for %[[OUTER:.*]] = 0 to 5 {
//       CHECK:     affine.for %[[J:.*]] = 0 to 6 {
//       CHECK:       affine.vector_load %[[LANES]][%[[J]] * 8]
//       CHECK:       affine.vector_load %[[X]][%[[OUTER]], %[[J]], {{.*}}] {{.*}}, vector<8xi32>
//       CHECK:       affine.vector_store %{{.*}}, %[[LANES]][%[[J]] * 8]
//       CHECK:   affine.for %[[K:.*]] = 0 to 6 {
//       CHECK:     affine.vector_load %[[LANES]][%[[K]] * 8]
//       CHECK:     affine.store %{{.*}}, %[[OUT]][%[[K]]]
func.func @kept_between(%x: memref<5x6x80xi32>, %out: memref<6xi32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%out : memref<6xi32>)
  linalg.generic {indexing_maps = [#all, #kept],
                  iterator_types = ["reduction", "parallel", "reduction"]}
      ins(%x : memref<5x6x80xi32>) outs(%out : memref<6xi32>) {
  ^bb0(%in: i32, %sum: i32):
    %r = arith.addi %sum, %in : i32
    linalg.yield %r : i32
  }
  return
}

// -----

// Eight rows at a time go by all columns. The accumulators, for f64 two of them, and the values of an
// unfinished block are in memory. The last vector overlaps the one before, in the data only.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

//   CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d1 * 16, 114)>
//   CHECK-DAG: #[[$ROW0:.*]] = affine_map<(d0, d1, d2) -> (d0 * 16)>
//   CHECK-DAG: #[[$ROW7:.*]] = affine_map<(d0, d1, d2) -> (d0 * 16 + 7)>
//   CHECK-DAG: #[[$ROW8:.*]] = affine_map<(d0, d1, d2) -> (d0 * 16 + 8)>
//   CHECK-DAG: #[[$ROW15:.*]] = affine_map<(d0, d1, d2) -> (d0 * 16 + 15)>
//   CHECK-DAG: #[[$PLACE:.*]] = affine_map<(d0, d1, d2) -> (d1 * 16)>
// CHECK-LABEL: func.func @outer
//  CHECK-SAME:   %[[X:.*]]: memref<49x130xf64>, %[[OUT:.*]]: memref<130xf64>
//   CHECK-DAG:   %[[BLOCK_VALUES:.*]] = memref.alloca() {{.*}}: memref<144xf64>
//   CHECK-DAG:   %[[LOW:.*]] = memref.alloca() {{.*}}: memref<144xf64>
//   CHECK-DAG:   %[[HIGH:.*]] = memref.alloca() {{.*}}: memref<144xf64>
//       CHECK:   affine.for %[[BLOCK:.*]] = 0 to 3 {
//  CHECK-NEXT:     affine.for %[[VECTOR:.*]] = 0 to 9 {
//  CHECK-NEXT:       %[[COLUMN:.*]] = affine.min #[[$COLUMN]](%[[BLOCK]], %[[VECTOR]])
//  CHECK-NEXT:       %[[ROW:.*]] = affine.apply #[[$ROW0]](%[[BLOCK]], %[[VECTOR]], %[[COLUMN]])
//  CHECK-NEXT:       vector.load %[[X]][%[[ROW]], %[[COLUMN]]] {{.*}}, vector<16xf64>
//       CHECK:       %[[ROW:.*]] = affine.apply #[[$ROW7]](%[[BLOCK]], %[[VECTOR]], %[[COLUMN]])
//  CHECK-NEXT:       vector.load %[[X]][%[[ROW]], %[[COLUMN]]]
//       CHECK:       %[[PLACE:.*]] = affine.apply #[[$PLACE]](%[[BLOCK]], %[[VECTOR]], %[[COLUMN]])
//       CHECK:       vector.store %{{.*}}, %[[BLOCK_VALUES]][%[[PLACE]]]
//       CHECK:     affine.for %[[VECTOR:.*]] = 0 to 9 {
//       CHECK:       vector.load %[[BLOCK_VALUES]][%{{.*}}]
//       CHECK:       %[[ROW:.*]] = affine.apply #[[$ROW8]]
//  CHECK-NEXT:       vector.load %[[X]][%[[ROW]], %{{.*}}]
//       CHECK:       %[[ROW:.*]] = affine.apply #[[$ROW15]]
//  CHECK-NEXT:       vector.load %[[X]][%[[ROW]], %{{.*}}]
//   CHECK-DAG:       vector.load %[[HIGH]]
//   CHECK-DAG:       vector.load %[[LOW]]
//   CHECK-DAG:       vector.store %{{.*}}, %[[HIGH]]
//   CHECK-DAG:       vector.store %{{.*}}, %[[LOW]]
//       CHECK:   affine.for %[[VECTOR:.*]] = 0 to 9 {
//  CHECK-NEXT:     %[[COLUMN:.*]] = affine.min
//       CHECK:     vector.load %[[X]][%{{.*}}, %[[COLUMN]]] {{.*}}, vector<16xf64>
//       CHECK:   affine.for %[[VECTOR:.*]] = 0 to 9 {
//  CHECK-NEXT:     %[[COLUMN:.*]] = affine.min
//       CHECK:     vector.store %{{.*}}, %[[OUT]][%[[COLUMN]]] {{.*}}, vector<16xf64>
func.func @outer(%x: memref<49x130xf64>, %out: memref<130xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<130xf64>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<49x130xf64>) outs(%out : memref<130xf64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = arith.addf %sum, %in : f64
    linalg.yield %r : f64
  }
  return
}

// -----

// Few elements side by side: whole vectors, from which blends and shuffles pick the elements of each place.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

//       CHECK: #[[$STARTS:.*]] = affine_map<(d0) -> (d0 * 8, 27)>
// CHECK-LABEL: func.func @narrow
//  CHECK-SAME:   %[[X:.*]]: memref<35x2xf32>, %[[OUT:.*]]: memref<35xf32>
//       CHECK:   affine.for %[[STEP:.*]] = 0 to 5 {
//  CHECK-NEXT:     %[[ROW:.*]] = affine.min #[[$STARTS]](%[[STEP]])
//       CHECK:     %[[A:.*]] = vector.load %[[X]][%[[ROW]], %{{.*}}] {{.*}}, vector<8xf32>
//       CHECK:     %[[B:.*]] = vector.load %[[X]][%[[ROW]], %{{.*}}] {{.*}}, vector<8xf32>
//       CHECK:     %[[EVEN:.*]] = vector.shuffle %[[A]], %[[B]] [0, 2, 4, 6, 8, 10, 12, 14]
//       CHECK:     %[[ODD:.*]] = vector.shuffle %{{.*}}, %{{.*}} [1, 3, 5, 7, 9, 11, 13, 15]
//       CHECK:     arith.addf %[[EVEN]], %[[ODD]] : vector<8xf32>
//       CHECK:     vector.store %{{.*}}, %[[OUT]][%[[ROW]]] {{.*}}, vector<8xf32>
func.func @narrow(%x: memref<35x2xf32>, %out: memref<35xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<35xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<35x2xf32>) outs(%out : memref<35xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Few columns: a vector holds them for several rows, which fold at the end. Loops carry vectors of
// powers of two.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @few_columns
//  CHECK-SAME:   %[[X:.*]]: memref<512x3xf32>, %[[OUT:.*]]: memref<3xf32>
//       CHECK:   affine.for %[[BLOCK:.*]] = 0 to 2 iter_args({{.*}}) -> (vector<32xf64>, vector<16xf64>)
//       CHECK:     affine.vector_load %[[X]][%[[BLOCK]] * 256, 0] {{.*}}, vector<48xf32>
//       CHECK:     affine.for %[[STEP:.*]] = 0 to 3 iter_args({{.*}}) -> (vector<32xf32>, vector<16xf32>)
//       CHECK:       affine.vector_load %[[X]][%[[BLOCK]] * 256 + (%[[STEP]] * 4 + 7) * 16, 0] {{.*}}, vector<48xf32>
//       CHECK:   arith.addf {{.*}} : vector<24xf64>
//       CHECK:   arith.addf {{.*}} : vector<3xf64>
//   CHECK-NOT:   arith.addf
//       CHECK:   affine.vector_store %{{.*}}, %[[OUT]][0] {{.*}}, vector<3xf32>
func.func @few_columns(%x: memref<512x3xf32>, %out: memref<3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<3xf32>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<512x3xf32>) outs(%out : memref<3xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// CHECK-LABEL: func.func @integers_accumulate_in_their_own_type
//   CHECK-NOT:   arith.ext
//       CHECK:   arith.addi {{.*}} : vector<64xi32>
//   CHECK-NOT:   overflow
//       CHECK:   arith.addi {{.*}} : vector<1xi32>
func.func @integers_accumulate_in_their_own_type(%x: memref<2048xi32>, %out: memref<i32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%out : memref<i32>)
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>],
                  iterator_types = ["reduction"]}
      ins(%x : memref<2048xi32>) outs(%out : memref<i32>) {
  ^bb0(%in: i32, %sum: i32):
    %r = arith.addi %sum, %in : i32
    linalg.yield %r : i32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

//   CHECK-DAG: #[[$STARTS:.*]] = affine_map<(d0) -> (d0 * 16, 54)>
//   CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1) -> (d1 + 15)>
// CHECK-LABEL: func.func @elementwise
//  CHECK-SAME:   %[[X:[^:]*]]: memref<70xf32>, %[[EVERY_OTHER:[^:]*]]: memref<70xf32, strided<[2]>>, %[[SCALAR:[^:]*]]: memref<f32>
//       CHECK:   affine.for %[[I:.*]] = 0 to 5 {
//  CHECK-NEXT:     %[[START:.*]] = affine.min #[[$STARTS]](%[[I]])
//   CHECK-DAG:     vector.load %[[X]][%[[START]]] : memref<70xf32>, vector<16xf32>
//   CHECK-DAG:     memref.load %[[EVERY_OTHER]][%[[START]]]
//   CHECK-DAG:     %[[LAST:.*]] = affine.apply #[[$LAST]](%[[I]], %[[START]])
//   CHECK-DAG:     memref.load %[[EVERY_OTHER]][%[[LAST]]]
//   CHECK-DAG:     %[[S:.*]] = memref.load %[[SCALAR]][]
//   CHECK-DAG:     vector.broadcast %[[S]] : f32 to vector<16xf32>
//       CHECK:     vector.store
func.func @elementwise(%x: memref<70xf32>, %y: memref<70xf32, strided<[2]>>, %s: memref<f32>,
                       %out: memref<70xf32>) {
  linalg.generic {indexing_maps = [#id, #id, #none, #id], iterator_types = ["parallel"]}
      ins(%x, %y, %s : memref<70xf32>, memref<70xf32, strided<[2]>>, memref<f32>)
      outs(%out : memref<70xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %unused: f32):
    %product = arith.mulf %a, %b : f32
    %r = arith.addf %product, %c : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A large result goes past the caches, if it is aligned to their lines.

#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @large_result
//  CHECK-SAME:   %[[OUT:[^ :]*]]: memref<2097152xf32>
//       CHECK:   %[[ADDRESS:.*]] = memref.extract_aligned_pointer_as_index %[[OUT]]
//       CHECK:   %[[LOW:.*]] = arith.andi %[[ADDRESS]], %c63
//       CHECK:   %[[IS_ALIGNED:.*]] = arith.cmpi eq, %[[LOW]], %c0
//       CHECK:   scf.if %[[IS_ALIGNED]] {
//       CHECK:     vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
//       CHECK:   } else {
//       CHECK:     affine.vector_store
func.func @large_result(%x: memref<f32>, %out: memref<2097152xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> ()>, #id], iterator_types = ["parallel"]}
      ins(%x : memref<f32>) outs(%out : memref<2097152xf32>) {
  ^bb0(%a: f32, %unused: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @large_result_of_part_lines
//   CHECK-NOT:   nontemporal
//       CHECK:   vector.store
func.func @large_result_of_part_lines(%x: memref<f32>, %out: memref<2097153xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> ()>, #id], iterator_types = ["parallel"]}
      ins(%x : memref<f32>) outs(%out : memref<2097153xf32>) {
  ^bb0(%a: f32, %unused: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

// Nothing is computed twice from what it overwrites.

#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @elementwise_in_place
//       CHECK:   affine.vector_store {{.*}}[%{{.*}} * 16] : memref<70xf32>, vector<16xf32>
//       CHECK:   affine.vector_store {{.*}}[64] : memref<70xf32>, vector<6xf32>
func.func @elementwise_in_place(%x: memref<70xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<70xf32>) outs(%x : memref<70xf32>) {
  ^bb0(%a: f32, %unused: f32):
    %r = arith.mulf %a, %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @output_without_zero(%x: memref<8xf32>, %out: memref<f32>) {
  // expected-error @below {{reduces into an output that is not filled with the neutral element}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%out : memref<f32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = arith.addf %sum, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @difference(%x: memref<8xf32>, %out: memref<f32>) {
  // expected-error @below {{does not end in one combination of its output with a value}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%out : memref<f32>) {
  ^bb0(%in: f32, %difference: f32):
    %r = arith.subf %difference, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @element_type(%x: memref<8xf16>, %out: memref<f16>) {
  // expected-error @below {{has no accumulator for 'f16'}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf16>) outs(%out : memref<f16>) {
  ^bb0(%in: f16, %sum: f16):
    %r = arith.addf %sum, %in : f16
    linalg.yield %r : f16
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

func.func @dynamic_extent(%x: memref<?xf32>, %out: memref<?xf32>) {
  // expected-error @below {{has a dynamic extent}}
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%out : memref<?xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#halved = affine_map<(d0) -> (d0 floordiv 2)>

func.func @indexing_map(%x: memref<4xf32>, %out: memref<8xf32>) {
  // expected-error @below {{has an indexing map that is no projected permutation}}
  linalg.generic {indexing_maps = [#halved, #id], iterator_types = ["parallel"]}
      ins(%x : memref<4xf32>) outs(%out : memref<8xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

// Extrema compare keys: integers in the order of the floats, with NaN beyond the numbers.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @largest
//  CHECK-SAME:   %[[X:.*]]: memref<4x64xf32>, %[[OUT:.*]]: memref<4xf32>
//       CHECK:   arith.constant dense<-2147483648> : vector<8xi32>
//       CHECK:   %[[BITS:.*]] = arith.bitcast %{{.*}} : vector<8xf32> to vector<8xi32>
//       CHECK:   %[[SIGNS:.*]] = arith.shrsi %[[BITS]]
//       CHECK:   %[[FLIPPED:.*]] = arith.andi %[[SIGNS]]
//       CHECK:   %[[ORDERED:.*]] = arith.xori %[[BITS]], %[[FLIPPED]]
//       CHECK:   %[[KEYS:.*]] = arith.addi %[[ORDERED]]
//       CHECK:   arith.maxsi {{.*}} : vector<8xi32>
//       CHECK:   arith.subi
//       CHECK:   arith.bitcast {{.*}} : vector<1xi32> to vector<1xf32>
//   CHECK-NOT:   arith.maximumf
func.func @largest(%x: memref<4x64xf32>, %out: memref<4xf32>) {
  %least = arith.constant 0xFF800000 : f32
  linalg.fill ins(%least : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x64xf32>) outs(%out : memref<4xf32>) {
  ^bb0(%in: f32, %max: f32):
    %r = arith.maximumf %max, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A line of memory asks for that of the next tile, two rows on.

#all = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @prefetches
//  CHECK-SAME:   %[[X:[^:]*]]: memref<2x32xf32>
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 2 {
//       CHECK:     %[[NEXT:.*]] = affine.apply {{.*}}(%[[ROW]])
//       CHECK:     memref.prefetch %[[X]][%[[NEXT]], %{{.*}}], read, locality<2>, data
//       CHECK:     memref.prefetch %[[X]][%{{.*}}, %{{.*}}], read, locality<2>, data
//   CHECK-NOT:     memref.prefetch
//       CHECK:     affine.vector_load %[[X]][%[[ROW]], 0]
func.func @prefetches(%x: memref<2x32xf32>, %out: memref<2x32xf32>)
    attributes {tsum.rows = 1 : i64} {
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<2x32xf32>) outs(%out : memref<2x32xf32>)
      attrs = {tsum.prefetch = array<i64: 0>} {
  ^bb0(%in: f32, %o: f32):
    %r = arith.negf %in : f32
    linalg.yield %r : f32
  }
  return
}
