// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Exact sums: blocks in fixed point, by a window of two levels, and what no window holds in limbs.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Sixteen short rows are a block. They share a window, which begins about 1; a row's integers are
// added up, in 64 bits since there are many. What is left of a row is loaded with zeros behind.
// CHECK-LABEL: func.func @rows
//  CHECK-SAME:   %[[X:.*]]: memref<48x1000xf32>, %[[OUT:.*]]: memref<48xf32>
//   CHECK-DAG:   %[[ELEMENTS:.*]] = memref.alloca() {{.*}} : memref<1008xf32>
//   CHECK-DAG:   %[[MAGIC:.*]] = memref.alloca() {{.*}} : memref<2xf32>
//   CHECK-DAG:   %[[SUMS:.*]] = memref.alloca() {{.*}} : memref<32xi64>
//   CHECK-NOT:   linalg.fill
//       CHECK:   affine.for %[[GROUP:.*]] = 0 to 3 {
//       CHECK:     scf.while (%[[FIRST:.*]] = %{{.*}}) : (i1) -> (i1, vector<16xi32>, vector<16xi32>)
//       CHECK:     affine.for %[[ROW:.*]] = 0 to 16 iter_args
//       CHECK:       affine.for %[[STEP:.*]] = 0 to 62 iter_args
//       CHECK:         %[[E:.*]] = affine.vector_load %[[X]][%[[GROUP]] * 16 + %[[ROW]], %[[STEP]] * 16] {{.*}}, vector<16xf32>
//       CHECK:         arith.maxsi
//       CHECK:         arith.minsi
//       CHECK:         %[[T:.*]] = arith.addf %[[E]], %[[M:.*]] :
//       CHECK:         %[[BITS:.*]] = arith.bitcast %[[T]]
//       CHECK:         arith.addi %{{.*}}, %[[BITS]]
//       CHECK:         %[[Q:.*]] = arith.subf %[[T]], %[[M]]
//       CHECK:         %[[REST:.*]] = arith.subf %[[E]], %[[Q]]
//       CHECK:         arith.addf %[[REST]]
//       CHECK:       vector.maskedload %[[X]]
// CHECK-COUNT-2:     vector.reduction <add>, %{{.*}} : vector<16xi64> into i64

// If the block is not within, the window moves and the block is added again, once.
//       CHECK:     scf.if
//       CHECK:     } else {
//       CHECK:       vector.reduction <maxsi>
//       CHECK:       affine.vector_store %{{.*}}, %[[MAGIC]][0]
//       CHECK:       arith.andi %{{.*}}, %[[FIRST]] : i1
//       CHECK:     scf.condition

// The results are rounded from the integers, or the elements are collected for the library.
//       CHECK:     scf.if %{{.*}} -> (vector<16xf32>) {
//       CHECK:       tsum.limbs "round_fixed" f32 (%[[SUMS]], %[[MAGIC]], %{{.*}}) at (%{{.*}}) numbers [16, 2, 16, 0, 1, 0]
//       CHECK:     } else {
//       CHECK:       affine.for %[[ROW:.*]] = 0 to 16 {
//       CHECK:         vector.store %{{.*}}, %[[ELEMENTS]]
//       CHECK:         tsum.limbs "sum" f32 (%[[ELEMENTS]], %{{.*}}) at (%{{.*}}, %[[ROW]]) numbers [1, 1008, 1, 1008, 1, 0]
//       CHECK:     affine.vector_store %{{.*}}, %[[OUT]][%[[GROUP]] * 16]
func.func @rows(%x: memref<48x1000xf32>, %out: memref<48xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<48xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<48x1000xf32>) outs(%out : memref<48xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 exact> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

// Short rows stand side by side in the code, and their sums are shuffled together. The sum of so few
// f32 in a window is an f64: f64 add them.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

//  CHECK-LABEL: func.func @short_rows
// CHECK-COUNT-8:   vector.maskedload
//         CHECK:   arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// CHECK-COUNT-8:   vector.shuffle
//         CHECK:   arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
//         CHECK:   tsum.limbs "sum" f32 (%{{.*}}) at (%{{.*}}) numbers [8, 13, 1, 16, 1, 0]
func.func @short_rows(%x: memref<48x13xf32>, %out: memref<48xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<48xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<48x13xf32>) outs(%out : memref<48xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 exact> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

// Columns have a window each. 32 rows are a block, which vectors side by side take four rows at a
// time; what these add waits in memory.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @columns
//  CHECK-SAME:   %[[X:.*]]: memref<640x96xf64>
//   CHECK-DAG:   memref.alloca() {{.*}} : memref<6912xi64>
//   CHECK-DAG:   memref.alloca() {{.*}} : memref<192xi64>
//       CHECK:   affine.for %{{.*}} = 0 to 12 {
//       CHECK:   affine.for %[[BLOCK:.*]] = 0 to 20 {
//       CHECK:     affine.for %{{.*}} = 0 to 12 {
//       CHECK:     affine.for %[[PART:.*]] = 0 to 8 {
//       CHECK:       affine.for %[[GROUP:.*]] = 0 to 12 {
//       CHECK:         affine.vector_load %{{.*}}[%[[GROUP]] * 8] : memref<96xi64>
//       CHECK:         affine.for %[[ROW:.*]] = 0 to 4 iter_args
//       CHECK:           memref.prefetch %[[X]]
//       CHECK:           affine.vector_load %[[X]][%[[BLOCK]] * 32 + %[[PART]] * 4 + %[[ROW]], %[[GROUP]] * 8] : memref<640x96xf64>, vector<8xf64>
//       CHECK:     affine.for %[[GROUP:.*]] = 0 to 12 {
//       CHECK:       scf.if
//       CHECK:         affine.for %[[ROW:.*]] = 0 to 32 iter_args
//       CHECK:       tsum.limbs "add" f64 (%{{.*}}, %[[X:.*]], %[[X]]) at (%{{.*}}) numbers [8, 72]
//       CHECK:   affine.for %{{.*}} = 0 to 12 {
//       CHECK:     tsum.limbs "add_fixed" f64
//       CHECK:     tsum.limbs "round" f64
//       CHECK:     tsum.limbs "round_fixed" f64 (%{{.*}}) at (%{{.*}}) numbers [8, 2, 96, 1, 640, 1]
func.func @columns(%x: memref<640x96xf64>, %out: memref<96xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<96xf64>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<640x96xf64>) outs(%out : memref<96xf64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64 exact over 640> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

// A line of any length is blocks of 256 vectors. Of f64 the integers go to limbs in time.

#all = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// CHECK-LABEL: func.func @line
//       CHECK:   affine.for %[[BLOCK:.*]] = 0 to 98
//       CHECK:     arith.cmpi ugt
//       CHECK:     tsum.limbs "add_fixed" f64 (%{{.*}}) at (%{{.*}}) numbers [8, 0, 2, 8, 0]
//       CHECK:     scf.for
//       CHECK:       vector.load %{{.*}} : memref<200009xf64>, vector<8xf64>
//       CHECK:   vector.maskedload
//       CHECK:   tsum.limbs "round" f64 (%{{.*}}) at (%{{.*}}) numbers [1, 1, 1]
//   CHECK-NOT:   round_fixed
func.func @line(%x: memref<200009xf64>, %out: memref<f64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<f64>)
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction"]}
      ins(%x : memref<200009xf64>) outs(%out : memref<f64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64 exact> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

// Seven words are the node of a sum of f32.

#all = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// CHECK-LABEL: func.func @nodes
//       CHECK:   affine.for %{{.*}} = 0 to 64
//       CHECK:     tsum.limbs "add_node" f32
//       CHECK:   tsum.limbs "round" f32
func.func @nodes(%a: memref<64xi64>, %b: memref<64xi64>, %c: memref<64xi64>, %d: memref<64xi64>,
                 %e: memref<64xi64>, %f: memref<64xi64>, %g: memref<64xi64>, %out: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<f32>)
  linalg.generic {indexing_maps = [#all, #all, #all, #all, #all, #all, #all, #none],
                  iterator_types = ["reduction"]}
      ins(%a, %b, %c, %d, %e, %f, %g : memref<64xi64>, memref<64xi64>, memref<64xi64>,
          memref<64xi64>, memref<64xi64>, memref<64xi64>, memref<64xi64>)
      outs(%out : memref<f32>) {
  ^bb0(%0: i64, %1: i64, %2: i64, %3: i64, %4: i64, %5: i64, %6: i64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes exact> (%0, %1, %2, %3, %4, %5, %6)
        into (%sum) : (i64, i64, i64, i64, i64, i64, i64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @rounded_sum(%x: memref<40x100xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<exact>: it is not exact}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<40x100xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<exact>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
