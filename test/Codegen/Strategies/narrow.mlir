// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Lanes run along the results; the elements of each lie side by side, and are few.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Whole vectors, from which shuffles pick the elements of each place.

//       CHECK: #[[$STARTS:.*]] = affine_map<(d0) -> (d0 * 8, 27)>
// CHECK-LABEL: func.func @pairs_of_elements
//  CHECK-SAME:   %[[X:.*]]: memref<35x2xf32>, %[[OUT:.*]]: memref<35xf32>
//       CHECK:   affine.for %[[STEP:.*]] = 0 to 5 {
//  CHECK-NEXT:     %[[ROW:.*]] = affine.min #[[$STARTS]](%[[STEP]])
//       CHECK:     %[[A:.*]] = vector.load %[[X]][%[[ROW]], %{{.*}}] {{.*}}, vector<8xf32>
//       CHECK:     %[[B:.*]] = vector.load %[[X]][%[[ROW]], %{{.*}}] {{.*}}, vector<8xf32>
//       CHECK:     %[[EVEN:.*]] = vector.shuffle %[[A]], %[[B]] [0, 2, 4, 6, 8, 10, 12, 14]
//       CHECK:     %[[ODD:.*]] = vector.shuffle %{{.*}}, %{{.*}} [1, 3, 5, 7, 9, 11, 13, 15]
//       CHECK:     arith.addf %[[EVEN]], %[[ODD]] : vector<8xf32>
//       CHECK:     vector.store %{{.*}}, %[[OUT]][%[[ROW]]] {{.*}}, vector<8xf32>
func.func @pairs_of_elements(%x: memref<35x2xf32>, %out: memref<35xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<35xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<35x2xf32>) outs(%out : memref<35xf32>)
      attrs = {tsum.strategy = #tsum.strategy<narrow>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Each element is a lane of its own, so that they fold by halves: 0 with 4, 2 with 6, then both.

// CHECK-LABEL: func.func @eight_elements
//       CHECK:   %[[A:.*]] = arith.addf %{{.*}}, %{{.*}} : vector<[[WIDTH:[0-9]+]]xf32>
//       CHECK:   %[[B:.*]] = arith.addf %{{.*}}, %{{.*}} : vector<[[WIDTH]]xf32>
//       CHECK:   %[[C:.*]] = arith.addf %[[A]], %[[B]] : vector<[[WIDTH]]xf32>
//       CHECK:   %[[D:.*]] = arith.addf
//       CHECK:   %[[E:.*]] = arith.addf
//       CHECK:   %[[F:.*]] = arith.addf %[[D]], %[[E]]
//       CHECK:   arith.addf %[[C]], %[[F]]
//   CHECK-NOT:   arith.addf {{.*}}f32>
func.func @eight_elements(%x: memref<64x8xf32>, %out: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<64xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x8xf32>) outs(%out : memref<64xf32>)
      attrs = {tsum.strategy = #tsum.strategy<narrow>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Where memory has the columns one after the other, vectors are loaded as they are.

// CHECK-LABEL: func.func @columns_in_memory
//  CHECK-SAME:   %[[X:.*]]: memref<35x2xf32, strided<[1, 35]>>
// CHECK-COUNT-2:   tsum.load %[[X]][%{{.*}}, %{{.*}}] + 0 : {{.*}} -> vector<8xf32>
//   CHECK-NOT:   vector.shuffle
//       CHECK:   arith.addf
func.func @columns_in_memory(%x: memref<35x2xf32, strided<[1, 35]>>, %out: memref<35xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<35xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<35x2xf32, strided<[1, 35]>>) outs(%out : memref<35xf32>)
      attrs = {tsum.strategy = #tsum.strategy<narrow>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Nothing is a sum of 0.

// CHECK-LABEL: func.func @no_elements
//   CHECK-NOT:   load
//       CHECK:   arith.constant dense<0.000000e+00>
//       CHECK:   affine.vector_store
func.func @no_elements(%x: memref<16x0xf32>, %out: memref<16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<16xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<16x0xf32>) outs(%out : memref<16xf32>)
      attrs = {tsum.strategy = #tsum.strategy<narrow>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @nine_elements(%x: memref<40x9xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<narrow>: the innermost dimension has more than 8 elements}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<40x9xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<narrow>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
