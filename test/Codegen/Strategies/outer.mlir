// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Lanes run along the columns, which are kept.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Rows that are 16 apart go to one lane, and its sum to a buffer as wide as the tile. The values of
// blocks become nodes, here pairs of f64, and merge with those before them. The last vector of columns
// overlaps the one before.

//   CHECK-DAG: #[[$COLUMN:.*]] = affine_map<({{.*}}) -> (d{{.}} * 16, 114)>
//   CHECK-DAG: #[[$ROW16:.*]] = affine_map<({{.*}}) -> (d0 * 256 + {{.*}} + 16)>
// CHECK-LABEL: func.func @blocks
//  CHECK-SAME:   %[[X:.*]]: memref<600x130xf64>, %[[OUT:.*]]: memref<130xf64>
//       CHECK:   affine.for %[[BLOCK:.*]] = 0 to 2 {
//       CHECK:     %[[COLUMN:.*]] = affine.min #[[$COLUMN]]
//       CHECK:     %[[A:.*]] = vector.load %[[X]][%{{.*}}, %[[COLUMN]]] {{.*}}, vector<16xf64>
//       CHECK:     %[[ROW16:.*]] = affine.apply #[[$ROW16]]
//       CHECK:     %[[B:.*]] = vector.load %[[X]][%[[ROW16]], %[[COLUMN]]] {{.*}}, vector<16xf64>
//       CHECK:     arith.addf %[[A]], %[[B]] : vector<16xf64>
//       CHECK:     math.cttz
//       CHECK:     %[[SUM:.*]] = arith.addf %[[LEFT:.*]], %[[RIGHT:.*]] : vector<16xf64>
//  CHECK-NEXT:     arith.subf %[[SUM]], %[[LEFT]]
//       CHECK:   arith.cmpf ord
//       CHECK:   vector.store %{{.*}}, %[[OUT]][%{{.*}}] {{.*}}, vector<16xf64>
func.func @blocks(%x: memref<600x130xf64>, %out: memref<130xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<130xf64>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<600x130xf64>) outs(%out : memref<130xf64>)
      attrs = {tsum.strategy = #tsum.strategy<outer>} {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Few rows fold in registers: first those of a lane, then lane 0 and lane 8, and so on by halves.

// CHECK-LABEL: func.func @few_rows
//  CHECK-SAME:   %[[X:.*]]: memref<18x40xf32>, %[[OUT:.*]]: memref<40xf32>
//   CHECK-NOT:   memref.alloca
//       CHECK:   affine.for %[[V:.*]] = 0 to 5 {
//       CHECK:     %[[A:.*]] = affine.vector_load %[[X]][0, %[[V]] * 8]
//       CHECK:     %[[B:.*]] = affine.vector_load %[[X]][16, %[[V]] * 8]
//       CHECK:     %[[LANE0:.*]] = arith.addf %[[A]], %[[B]]
//       CHECK:     %[[LANE8:.*]] = affine.vector_load %[[X]][8, %[[V]] * 8]
//       CHECK:     %[[LANES08:.*]] = arith.addf %[[LANE0]], %[[LANE8]]
//       CHECK:     %[[LANE4:.*]] = affine.vector_load %[[X]][4, %[[V]] * 8]
//       CHECK:     %[[LANE12:.*]] = affine.vector_load %[[X]][12, %[[V]] * 8]
//       CHECK:     %[[LANES412:.*]] = arith.addf %[[LANE4]], %[[LANE12]]
//       CHECK:     arith.addf %[[LANES08]], %[[LANES412]]
//       CHECK:     arith.truncf {{.*}} : vector<8xf64> to vector<8xf32>
//       CHECK:     affine.vector_store %{{.*}}, %[[OUT]][%[[V]] * 8]
func.func @few_rows(%x: memref<18x40xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<18x40xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<outer>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Without an order: some rows at once are combined with what there is so far of all columns.

// CHECK-LABEL: func.func @without_an_order
//  CHECK-SAME:   %[[X:.*]]: memref<100x400xi32>, %[[OUT:.*]]: memref<400xi32>
//       CHECK:   %[[SUMS:.*]] = memref.alloca() {{.*}} : memref<[[#SLOTS:]]xi32>
//       CHECK:   affine.for %[[ROWS:.*]] = 0 to
//       CHECK:     affine.for
//       CHECK:       vector{{(_|\.)}}load %[[SUMS]]
//       CHECK:       vector{{(_|\.)}}load %[[X]]
//       CHECK:       arith.addi
//       CHECK:       vector{{(_|\.)}}store %{{.*}}, %[[SUMS]]
//       CHECK:   vector{{(_|\.)}}store %{{.*}}, %[[OUT]]
func.func @without_an_order(%x: memref<100x400xi32>, %out: memref<400xi32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%out : memref<400xi32>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<100x400xi32>) outs(%out : memref<400xi32>)
      attrs = {tsum.strategy = #tsum.strategy<outer>} {
  ^bb0(%in: i32, %sum: i32):
    %r = tsum.accumulate <reduce_sum i32> (%in) into (%sum) : (i32) into (i32)
    linalg.yield %r : i32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Two results of one pass keep accumulators of their own.

// CHECK-LABEL: func.func @joined
//       CHECK:     %[[E:.*]] = affine.vector_load %{{.*}}[0, %{{.*}}]
//       CHECK:     arith.mulf %[[E]], %[[E]]
//       CHECK:     affine.vector_load %{{.*}}[16, %{{.*}}]
//       CHECK:     arith.addf
//       CHECK:     arith.addf
func.func @joined(%x: memref<18x40xf32>, %a: memref<40xf32>, %b: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%a : memref<40xf32>)
  linalg.fill ins(%zero : f32) outs(%b : memref<40xf32>)
  linalg.generic {indexing_maps = [#all, #columns, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<18x40xf32>) outs(%a, %b : memref<40xf32>, memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<outer>} {
  ^bb0(%in: f32, %s: f32, %t: f32):
    %square = arith.mulf %in, %in : f32
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%s) : (f32) into (f32)
    %q = tsum.accumulate <reduce_sum f32> (%square) into (%t) : (f32) into (f32)
    linalg.yield %r, %q : f32, f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @rows(%x: memref<40x100xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<outer>: the innermost dimension is reduced}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<40x100xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<outer>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
