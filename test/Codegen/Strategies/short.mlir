// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// The lanes of 16 lines fold together, first two lines in a vector, at last all 16.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

//       CHECK: #[[$FIRST:.*]] = affine_map<(d0) -> (d0 * 16, 4)>
// CHECK-LABEL: func.func @lines_of_forty
//  CHECK-SAME:   %[[X:.*]]: memref<20x40xf32>, %[[OUT:.*]]: memref<20xf32>
//       CHECK:   %[[LANES:.*]] = memref.alloca() {{.*}} : memref<256xf32>
//       CHECK:   affine.for %[[GROUP:.*]] = 0 to 2 {
//  CHECK-NEXT:     %[[FIRST:.*]] = affine.min #[[$FIRST]](%[[GROUP]])
//       CHECK:     affine.for %[[LINE:.*]] = 0 to 16 {
//       CHECK:       vector.load %[[X]]{{.*}}, vector<16xf32>
//       CHECK:       vector.load %[[X]]{{.*}}, vector<16xf32>
//       CHECK:       arith.addf
//       CHECK:       %[[LAST:.*]] = vector.load %[[X]]{{.*}}, vector<16xf32>
//       CHECK:       vector.shuffle %[[LAST]], %{{.*}} [8, 9, 10, 11, 12, 13, 14, 15,
//       CHECK:       vector.store %{{.*}}, %[[LANES]]{{.*}}, vector<16xf32>
//       CHECK:     %[[LOWER:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
//       CHECK:     %[[UPPER:.*]] = vector.shuffle {{.*}} [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]
//       CHECK:     arith.addf %[[LOWER]], %[[UPPER]] : vector<16xf32>
//       CHECK:     vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
//       CHECK:     vector.shuffle {{.*}} [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
//       CHECK:     %[[SUMS:.*]] = arith.addf {{.*}} : vector<16xf32>
//       CHECK:     arith.extf %[[SUMS]] : vector<16xf32> to vector<16xf64>
//       CHECK:     vector.store %{{.*}}, %[[OUT]][%[[FIRST]]] {{.*}}, vector<16xf32>
func.func @lines_of_forty(%x: memref<20x40xf32>, %out: memref<20xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<20xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<20x40xf32>) outs(%out : memref<20xf32>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @few_lines(%x: memref<8x40xf32>, %out: memref<8xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<8xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<short>: there are less than 16 lines side by side}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<8x40xf32>) outs(%out : memref<8xf32>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @long_lines(%x: memref<40x300xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<short>: the innermost dimension has more than 256 elements}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<40x300xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
