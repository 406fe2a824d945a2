// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Nodes merge as a balanced binary tree over their index.

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Of few, all in registers: nodes 0 and 1, 2 and 3, then both; the fifth has no right neighbour.

// CHECK-LABEL: func.func @five_lines
//  CHECK-SAME:   %[[X:.*]]: memref<5x40xf64>, %[[OUT:.*]]: memref<40xf64>
//       CHECK:   affine.for %[[V:.*]] = 0 to
//       CHECK:     %[[A:.*]] = affine.vector_load %[[X]][0, %[[V]]
//       CHECK:     %[[B:.*]] = affine.vector_load %[[X]][1, %[[V]]
//       CHECK:     %[[AB:.*]] = arith.addf %[[A]], %[[B]]
//       CHECK:     %[[C:.*]] = affine.vector_load %[[X]][2, %[[V]]
//       CHECK:     %[[D:.*]] = affine.vector_load %[[X]][3, %[[V]]
//       CHECK:     %[[CD:.*]] = arith.addf %[[C]], %[[D]]
//       CHECK:     %[[ABCD:.*]] = arith.addf %[[AB]], %[[CD]]
//       CHECK:     %[[E:.*]] = affine.vector_load %[[X]][4, %[[V]]
//       CHECK:     %[[ABCDE:.*]] = arith.addf %[[ABCD]], %[[E]]
//       CHECK:     affine.vector_store %[[ABCDE]], %[[OUT]]
func.func @five_lines(%x: memref<5x40xf64>, %out: memref<40xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%out : memref<40xf64>)
  linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<5x40xf64>) outs(%out : memref<40xf64>) {
  ^bb0(%in: f64, %sum: f64):
    %r = tsum.accumulate <reduce_sum f32 from nodes to nodes> (%in) into (%sum) : (f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Of many, groups: a group's node waits on a stack, at the level of as many ones as end its number, until
// its right neighbour is there.

// CHECK-LABEL: func.func @a_thousand_nodes
//  CHECK-SAME:   %[[X:.*]]: memref<3x1000xf64>, %[[OUT:.*]]: memref<3xf32>
//       CHECK:   %[[STACK:.*]] = memref.alloca() {{.*}}xf64>
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 3 {
//       CHECK:     affine.for %[[GROUP:.*]] = 0 to
//       CHECK:       affine.vector_load %[[X]][%[[ROW]], %[[GROUP]] * {{[0-9]+}}]
//       CHECK:       %[[EVEN:.*]] = vector.shuffle {{.*}} [0, 2, 4,
//       CHECK:       %[[ODD:.*]] = vector.shuffle {{.*}} [1, 3, 5,
//       CHECK:       arith.addf %[[EVEN]], %[[ODD]]
//       CHECK:       math.cttz
//       CHECK:       scf.for
//       CHECK:         %[[LEFT:.*]] = vector.load %[[STACK]]
//       CHECK:         arith.addf %[[LEFT]],
//       CHECK:       vector.store %{{.*}}, %[[STACK]]
//       CHECK:     arith.truncf {{.*}} : vector<1xf64> to vector<1xf32>
//       CHECK:     affine.store %{{.*}}, %[[OUT]]
func.func @a_thousand_nodes(%x: memref<3x1000xf64>, %out: memref<3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<3xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x1000xf64>) outs(%out : memref<3xf32>) {
  ^bb0(%in: f64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%sum) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Pairs of a product: what the product of the high parts loses, and those of high and low parts.

// CHECK-LABEL: func.func @pairs_of_a_product
//       CHECK:   %[[PRODUCT:.*]] = arith.mulf %[[A:.*]], %[[B:.*]] : vector<[[WIDTH:[0-9]+]]xf64>
//  CHECK-NEXT:   %[[NEGATED:.*]] = arith.negf %[[PRODUCT]]
//  CHECK-NEXT:   %[[LOST:.*]] = math.fma %[[A]], %[[B]], %[[NEGATED]]
//  CHECK-NEXT:   %[[LOW:.*]] = math.fma %[[A_LOW:.*]], %[[B]], %[[LOST]]
//  CHECK-NEXT:   math.fma %[[A]], %[[B_LOW:.*]], %[[LOW]]
func.func @pairs_of_a_product(%high: memref<3x8xf64>, %low: memref<3x8xf64>, %out: memref<3xf64>) {
  %one = arith.constant 1.0 : f64
  linalg.fill ins(%one : f64) outs(%out : memref<3xf64>)
  linalg.generic {indexing_maps = [#all, #all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%high, %low : memref<3x8xf64>, memref<3x8xf64>) outs(%out : memref<3xf64>) {
  ^bb0(%h: f64, %l: f64, %product: f64):
    %r = tsum.accumulate <reduce_prod f64 from nodes> (%h, %l) into (%product) : (f64, f64) into (f64)
    linalg.yield %r : f64
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @elements(%x: memref<40x100xf32>, %out: memref<40xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<40xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<nodes>: it merges no nodes}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<40x100xf32>) outs(%out : memref<40xf32>)
      attrs = {tsum.strategy = #tsum.strategy<nodes>} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}
