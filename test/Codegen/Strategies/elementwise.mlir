// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// What is not reduced.

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// A scalar is for all lanes. The last vector begins earlier. Elements with little in between are loaded in
// whole vectors, of which the last ends with the last element, and shuffled into place.

//       CHECK: #[[$STARTS:.*]] = affine_map<(d0) -> (d0 * 16, 54)>
// CHECK-LABEL: func.func @little_apart
//  CHECK-SAME:   %[[X:[^:]*]]: memref<70xf32>, %[[EVERY_OTHER:[^:]*]]: memref<70xf32, strided<[2]>>, %[[SCALAR:[^:]*]]: memref<f32>
//       CHECK:   affine.for %[[I:.*]] = 0 to 5 {
//  CHECK-NEXT:     %[[START:.*]] = affine.min #[[$STARTS]](%[[I]])
//   CHECK-DAG:     vector.load %[[X]][%[[START]]] : memref<70xf32>, vector<16xf32>
//   CHECK-DAG:     %[[A:.*]] = tsum.load %[[EVERY_OTHER]][%[[START]]] + 0 : {{.*}} -> vector<16xf32>
//   CHECK-DAG:     %[[B:.*]] = tsum.load %[[EVERY_OTHER]][%[[START]]] + 15 : {{.*}} -> vector<16xf32>
//   CHECK-DAG:     vector.shuffle %[[A]], %[[B]]
//   CHECK-DAG:     %[[S:.*]] = memref.load %[[SCALAR]][]
//   CHECK-DAG:     vector.broadcast %[[S]] : f32 to vector<16xf32>
//       CHECK:     vector.store
func.func @little_apart(%x: memref<70xf32>, %y: memref<70xf32, strided<[2]>>, %s: memref<f32>,
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

#id = affine_map<(d0) -> (d0)>

// Elements that are far apart are loaded one by one.

//       CHECK: #[[$LAST:.*]] = affine_map<(d0, d1) -> (d1 + 15)>
// CHECK-LABEL: func.func @far_apart
//  CHECK-SAME:   %[[X:[^:]*]]: memref<70xf32, strided<[100]>>
//       CHECK:     %[[START:.*]] = affine.min
//   CHECK-DAG:     memref.load %[[X]][%[[START]]]
//   CHECK-DAG:     %[[LAST:.*]] = affine.apply #[[$LAST]](%{{.*}}, %[[START]])
//   CHECK-DAG:     memref.load %[[X]][%[[LAST]]]
//       CHECK:     vector.from_elements
//       CHECK:     vector.store
func.func @far_apart(%x: memref<70xf32, strided<[100]>>, %out: memref<70xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<70xf32, strided<[100]>>) outs(%out : memref<70xf32>) {
  ^bb0(%a: f32, %unused: f32):
    %r = arith.negf %a : f32
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
