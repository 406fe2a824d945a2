// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// The lanes of 16 lines fold together, first two lines in a vector, at last all 16. Lanes that are added
// to each other first, 8 apart, come from memory in vectors of their own. Over long lines there is a loop.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

//       CHECK: #[[$FIRST:.*]] = affine_map<(d0) -> (d0 * 16, 4)>
// CHECK-LABEL: func.func @lines_of_hundred
//  CHECK-SAME:   %[[X:.*]]: memref<20x100xf32>, %[[OUT:.*]]: memref<20xf32>
//       CHECK:   %[[LANES:.*]] = memref.alloca() {{.*}} : memref<128xf32>
//       CHECK:   affine.for %[[GROUP:.*]] = 0 to 2 {
//  CHECK-NEXT:     %[[FIRST:.*]] = affine.min #[[$FIRST]](%[[GROUP]])
//       CHECK:     affine.for %[[LINE:.*]] = 0 to 16 {
//       CHECK:       vector.load %[[X]]{{.*}}, vector<8xf32>
//       CHECK:       vector.load %[[X]]{{.*}}, vector<8xf32>
//       CHECK:       %[[LOWER:.*]] = arith.addf
//       CHECK:       vector.maskedload %[[X]]{{.*}} into vector<8xf32>
//       CHECK:       vector.load %[[X]]{{.*}}, vector<8xf32>
//       CHECK:       vector.load %[[X]]{{.*}}, vector<8xf32>
//       CHECK:       vector.store %{{.*}}, %[[LANES]]{{.*}}, vector<8xf32>
//       CHECK:     vector.shuffle {{.*}} [0, 1, 2, 3, 12, 13, 14, 15]
//       CHECK:     vector.shuffle {{.*}} [4, 5, 6, 7, 8, 9, 10, 11]
//       CHECK:     arith.addf {{.*}} : vector<8xf32>
//       CHECK:     vector.shuffle {{.*}} [0, 9, 2, 11, 4, 13, 6, 15]
//       CHECK:     vector.shuffle {{.*}} [1, 8, 3, 10, 5, 12, 7, 14]
//       CHECK:     %[[SUMS:.*]] = vector.shuffle {{.*}} [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15]
//       CHECK:     arith.extf %[[SUMS]] : vector<16xf32> to vector<16xf64>
//       CHECK:     vector.store %{{.*}}, %[[OUT]][%[[FIRST]]] {{.*}}, vector<16xf32>
func.func @lines_of_hundred(%x: memref<20x100xf32>, %out: memref<20xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<20xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<20x100xf32>) outs(%out : memref<20xf32>)
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

// Lines of few vectors are folded where they are loaded, in as many lanes as they have elements,
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
//       CHECK:   %[[X:.*]] = vector.maskedload {{.*}} into vector<4xf32>
//       CHECK:   %[[WIDE:.*]] = arith.extf %[[X]]
//       CHECK:   vector.shuffle %[[WIDE]], %{{.*}} [0, 1, 2, 7] : vector<4xf64>, vector<4xf64>
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
