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
//       CHECK:       vector.maskedload %[[X]]{{.*}} into vector<16xf32>
//       CHECK:       vector.store %{{.*}}, %[[LANES]]{{.*}}, vector<16xf32>
//       CHECK:     %[[STAY:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]
//       CHECK:     %[[CROSS:.*]] = vector.shuffle {{.*}} [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
//       CHECK:     arith.addf %[[STAY]], %[[CROSS]] : vector<16xf32>
//       CHECK:     vector.shuffle {{.*}} [0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31]
//       CHECK:     vector.shuffle {{.*}} [1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30]
//       CHECK:     %[[LINES:.*]] = arith.addf {{.*}} : vector<16xf32>
//       CHECK:     %[[SUMS:.*]] = vector.shuffle %[[LINES]], %[[LINES]] [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
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

// Lines of a vector or two are folded where they are loaded, in as many lanes as they have elements,
// up to a power of two.

// CHECK-LABEL: func.func @lines_of_seven
//   CHECK-NOT:   memref.alloca
//       CHECK:   arith.constant dense<[true, true, true, true, true, true, true, false]>
//       CHECK:   vector.maskedload {{.*}} into vector<8xf32>
//       CHECK:   vector.shuffle {{.*}} [0, 1, 2, 3, 12, 13, 14, 15] : vector<8xf32>, vector<8xf32>
//       CHECK:   vector.shuffle {{.*}} [4, 5, 6, 7, 8, 9, 10, 11] : vector<8xf32>, vector<8xf32>
func.func @lines_of_seven(%x: memref<32x7xf32>, %out: memref<32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<32xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<32x7xf32>) outs(%out : memref<32xf32>)
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

// What is computed of lanes without elements is replaced.

// CHECK-LABEL: func.func @product_of_seven
//       CHECK:   %[[X:.*]] = vector.maskedload {{.*}} into vector<8xf32>
//       CHECK:   %[[WIDE:.*]] = arith.extf %[[X]]
//       CHECK:   vector.shuffle %[[WIDE]], %{{.*}} [0, 1, 2, 3, 4, 5, 6, 15] : vector<8xf64>, vector<8xf64>
func.func @product_of_seven(%x: memref<32x7xf32>, %out: memref<32xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%out : memref<32xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<32x7xf32>) outs(%out : memref<32xf32>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %product: f32):
    %wide = arith.extf %in : f32 to f64
    %r = tsum.accumulate <reduce_prod f32> (%wide) into (%product) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d0, d1)>

// Dimensions that number lines are one, if lines follow each other.

// CHECK-LABEL: func.func @lines_of_two_dimensions
//  CHECK-SAME:   %[[X:.*]]: memref<12x3x8xf32>
//       CHECK:   %[[LINES:.*]] = memref.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] : memref<12x3x8xf32> into memref<36x8xf32>
//       CHECK:   affine.for %{{.*}} = 0 to 3 {
//       CHECK:     vector.load %[[LINES]]
func.func @lines_of_two_dimensions(%x: memref<12x3x8xf32>, %out: memref<12x3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<12x3xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : memref<12x3x8xf32>) outs(%out : memref<12x3xf32>)
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
func.func @few_lines(%x: memref<3x40xf32>, %out: memref<3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<3xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<short>: there are less than 4 lines side by side}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x40xf32>) outs(%out : memref<3xf32>)
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
