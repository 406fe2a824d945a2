// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// Nodes of short lines are merged where the lines are folded: no buffer has them.

#elements = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#lines = affine_map<(d0, d1, d2) -> (d0, d1)>
#nodes = affine_map<(d0, d1) -> (d0, d1)>
#results = affine_map<(d0, d1) -> (d0)>

// 16 lines become a vector of nodes, whose neighbours merge; of the last group one line is left.

// CHECK-LABEL: func.func @windows
//  CHECK-SAME:   %[[X:.*]]: memref<5x17x20xf32>, %[[OUT:.*]]: memref<5xf32>
//   CHECK-NOT:   memref<5x17xf64>
//       CHECK:   affine.for %[[ROW:.*]] = 0 to 5 {
//       CHECK:     affine.vector_load %[[X]][%[[ROW]], 0, 0]
//       CHECK:     affine.vector_load %[[X]][%[[ROW]], 15, 0]
//       CHECK:     %[[NODES:.*]] = arith.extf {{.*}} : vector<16xf32> to vector<16xf64>
//       CHECK:     %[[EVEN:.*]] = vector.shuffle %[[NODES]], %[[NODES]] [0, 2, 4, 6, 8, 10, 12, 14]
//       CHECK:     %[[ODD:.*]] = vector.shuffle %[[NODES]], %[[NODES]] [1, 3, 5, 7, 9, 11, 13, 15]
//       CHECK:     arith.addf %[[EVEN]], %[[ODD]]
//       CHECK:     affine.vector_load %[[X]][%[[ROW]], 16, 0]
//       CHECK:     affine.store %{{.*}}, %[[OUT]][%[[ROW]]]
//   CHECK-NOT:   linalg.generic
func.func @windows(%x: memref<5x17x20xf32>, %out: memref<5xf32>) {
  %zero = arith.constant 0.0 : f64
  %none = arith.constant 0.0 : f32
  %kept = memref.alloca() : memref<5x17xf64>
  linalg.fill ins(%zero : f64) outs(%kept : memref<5x17xf64>)
  linalg.generic {indexing_maps = [#elements, #lines],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : memref<5x17x20xf32>) outs(%kept : memref<5x17xf64>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %sum: f64):
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%sum) : (f32) into (f64)
    linalg.yield %r : f64
  }
  linalg.fill ins(%none : f32) outs(%out : memref<5xf32>)
  linalg.generic {indexing_maps = [#nodes, #results], iterator_types = ["parallel", "reduction"]}
      ins(%kept : memref<5x17xf64>) outs(%out : memref<5xf32>)
      attrs = {tsum.strategy = #tsum.strategy<nested>} {
  ^bb0(%in: f64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%sum) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#elements = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#lines = affine_map<(d0, d1, d2) -> (d0, d1)>
#nodes = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Where columns of nodes are kept, each line of them is folded as memory has it. 8 lines merge at once,
// of which what is not there is neutral, and wait for their right neighbours. Of 20 columns the last 4
// are a vector of their own.

// CHECK-LABEL: func.func @columns_of_lines
//  CHECK-SAME:   %[[X:.*]]: memref<9x20x30xf32>, %[[OUT:.*]]: memref<20xf32>
//       CHECK:   %[[STACK:.*]] = memref.alloca() {{.*}} : memref<64xf64>
//       CHECK:   %[[NODES:.*]] = memref.alloca() {{.*}} : memref<256xf64>
//       CHECK:   affine.for %[[GROUP:.*]] = 0 to 2 {
//       CHECK:     scf.for
//       CHECK:       vector.load %[[X]][{{.*}} : memref<9x20x30xf32>, vector<8xf32>
//       CHECK:       vector.store %{{.*}}, %[[NODES]]{{.*}}, vector<16xf64>
//       CHECK:       vector.load %[[X]][{{.*}} : memref<9x20x30xf32>, vector<8xf32>
//       CHECK:       vector.store %{{.*}}, %[[NODES]]{{.*}}, vector<4xf64>
//       CHECK:     scf.for
//       CHECK:       vector.store %{{.*}}, %[[NODES]]{{.*}}, vector<16xf64>
//       CHECK:     math.cttz
//       CHECK:     affine.for %{{.*}} = 0 to 2 {
//       CHECK:       vector.load %[[NODES]]
//       CHECK:       scf.for
//       CHECK:         vector.load %[[STACK]]
//       CHECK:       vector.store %{{.*}}, %[[STACK]]
//       CHECK:   affine.for %{{.*}} = 0 to 2 {
//       CHECK:     vector.store %{{.*}}, %[[OUT]]
func.func @columns_of_lines(%x: memref<9x20x30xf32>, %out: memref<20xf32>) {
  %zero = arith.constant 0.0 : f64
  %none = arith.constant 0.0 : f32
  %kept = memref.alloca() : memref<9x20xf64>
  linalg.fill ins(%zero : f64) outs(%kept : memref<9x20xf64>)
  linalg.generic {indexing_maps = [#elements, #lines],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : memref<9x20x30xf32>) outs(%kept : memref<9x20xf64>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %sum: f64):
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%sum) : (f32) into (f64)
    linalg.yield %r : f64
  }
  linalg.fill ins(%none : f32) outs(%out : memref<20xf32>)
  linalg.generic {indexing_maps = [#nodes, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%kept : memref<9x20xf64>) outs(%out : memref<20xf32>)
      attrs = {tsum.strategy = #tsum.strategy<nested>} {
  ^bb0(%in: f64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%sum) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#elements = affine_map<(d0, d1) -> (d0, d1)>
#lines = affine_map<(d0, d1) -> (d0)>
#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// Where the result has the memory of what the lines read, they are folded before.

// CHECK-LABEL: func.func @memory_is_reused
//       CHECK:   memref.alloca() {{.*}}: memref<14xf64>
//       CHECK:   vector.store {{.*}} memref<14xf64>
//       CHECK:   vector_load {{.*}} memref<14xf64>
func.func @memory_is_reused(%x: memref<14x20xf32>, %out: memref<f32>) {
  %zero = arith.constant 0.0 : f64
  %none = arith.constant 0.0 : f32
  %kept = memref.alloca() {alignment = 64 : i64} : memref<14xf64>
  linalg.fill ins(%zero : f64) outs(%kept : memref<14xf64>)
  linalg.generic {indexing_maps = [#elements, affine_map<(d0, d1) -> ()>, #lines],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x, %out : memref<14x20xf32>, memref<f32>) outs(%kept : memref<14xf64>)
      attrs = {tsum.strategy = #tsum.strategy<short>} {
  ^bb0(%in: f32, %factor: f32, %sum: f64):
    %scaled = arith.mulf %in, %factor : f32
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%scaled) into (%sum) : (f32) into (f64)
    linalg.yield %r : f64
  }
  linalg.fill ins(%none : f32) outs(%out : memref<f32>)
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%kept : memref<14xf64>) outs(%out : memref<f32>)
      attrs = {tsum.strategy = #tsum.strategy<nested>} {
  ^bb0(%in: f64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%sum) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#nodes = affine_map<(d0, d1) -> (d0, d1)>
#results = affine_map<(d0, d1) -> (d0)>
func.func @nodes_from_memory(%x: memref<5x17xf64>, %out: memref<5xf32>) {
  %none = arith.constant 0.0 : f32
  linalg.fill ins(%none : f32) outs(%out : memref<5xf32>)
  // expected-error @below {{cannot run by #tsum.strategy<nested>: it merges nodes of other things than short lines of its own}}
  linalg.generic {indexing_maps = [#nodes, #results], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<5x17xf64>) outs(%out : memref<5xf32>)
      attrs = {tsum.strategy = #tsum.strategy<nested>} {
  ^bb0(%in: f64, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%sum) : (f64) into (f32)
    linalg.yield %r : f32
  }
  return
}
