// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Exact sums: the parts of each element go to limbs in memory.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Sixteen lanes with eleven limbs of f32 each, and a sum of infinities and NaNs; a lane at a time
// adds two parts.
// CHECK-LABEL: func.func @inner
//  CHECK-SAME:   %[[X:.*]]: memref<4x200xf32>, %[[OUT:.*]]: memref<4xf32>
//   CHECK-DAG:   %[[LIMBS:.*]] = memref.alloca() {{.*}} : memref<176xi64>
//   CHECK-DAG:   %[[OTHERS:.*]] = memref.alloca() {{.*}} : memref<16xf32>
//   CHECK-DAG:   %[[SPLIT:.*]] = memref.alloca() {{.*}} : memref<48xi64>
//   CHECK-NOT:   linalg.fill
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 4 {
//       CHECK:     affine.for %{{.*}} = 0 to 11
//       CHECK:     affine.for %[[STEP:.*]] = 0 to 12 {
//       CHECK:       %[[ELEMENTS:.*]] = affine.vector_load %[[X]][%[[ROW]], %[[STEP]] * 16] {{.*}}, vector<16xf32>
//       CHECK:       affine.vector_store %{{.*}}, %[[OTHERS]]
//       CHECK:       arith.bitcast %[[ELEMENTS]]
//       CHECK:       affine.for %{{.*}} = 0 to 16 {
// CHECK-COUNT-2:       memref.store %{{.*}}, %[[LIMBS]]
//       CHECK:     affine.vector_load %[[X]][%[[ROW]], 192] {{.*}}, vector<8xf32>
//       CHECK:     vector.reduction <add>, %{{.*}} : vector<16xi64> into i64
//       CHECK:     math.ctlz
//       CHECK:     arith.truncf %{{.*}} : vector<1xf64> to vector<1xf32>
//       CHECK:     affine.store %{{.*}}, %[[OUT]][%[[ROW]]]
func.func @inner(%x: memref<4x200xf32>, %out: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<4xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x200xf32>) outs(%out : memref<4xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 exact> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

// Columns have 68 limbs of f64 each, and as many as have their limbs in 32 KB are summed together.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @outer
//  CHECK-SAME:   %[[X:.*]]: memref<30x100xf64>
//   CHECK-DAG:   memref.alloca() {{.*}} : memref<4080xi64>
//   CHECK-DAG:   memref.alloca() {{.*}} : memref<2720xi64>
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 30 {
//       CHECK:     affine.for %[[STEP:.*]] = 0 to 7 {
//       CHECK:       affine.vector_load %[[X]][%[[ROW]], %[[STEP]] * 8] : memref<30x100xf64>, vector<8xf64>
//       CHECK:       affine.for %{{.*}} = 0 to 8 {
// CHECK-COUNT-3:       memref.store
//   CHECK-NOT:   arith.truncf
func.func @outer(%x: memref<30x100xf64>, %out: memref<100xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<100xf64>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<30x100xf64>) outs(%out : memref<100xf64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64 exact> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

// A limb takes some billion additions; the lanes carry after each million.

#all = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// CHECK-LABEL: func.func @long
//       CHECK:   affine.for %[[CHUNK:.*]] = 0 to 3 {
//       CHECK:     affine.for %[[STEP:.*]] = 0 to 1048576 {
//       CHECK:       affine.vector_load %{{.*}}[(%[[CHUNK]] * 1048576 + %[[STEP]]) * 8]
//       CHECK:     affine.for %{{.*}} = 0 to 67
//       CHECK:   affine.for %{{.*}} = 0 to 5 {
//       CHECK:     affine.vector_load %{{.*}}[(%{{.*}} + 3145728) * 8]
func.func @long(%x: memref<25165864xf64>, %out: memref<f64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<f64>)
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction"]}
      ins(%x : memref<25165864xf64>) outs(%out : memref<f64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f64 exact> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
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
