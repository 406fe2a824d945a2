// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics | FileCheck %s

// What reductions on buffers must be; Strategies has a file for how each of them runs.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// Without a strategy it is the first that can: here 16 lines are folded at once.

// CHECK-LABEL: func.func @without_a_strategy
//       CHECK:   affine.for %{{.*}} = 0 to 16 {
//       CHECK:   affine.vector_load {{.*}}vector<8xf32>
func.func @without_a_strategy(%x: memref<16x100xf32>, %out: memref<16xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<16xf32>)
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<16x100xf32>) outs(%out : memref<16xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @output_without_zero(%x: memref<8xf32>, %out: memref<f32>) {
  // expected-error @below {{reduces into an output that is not filled with the neutral element}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%out : memref<f32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @product_from_zero(%x: memref<8xi32>, %out: memref<i32>) {
  %zero = arith.constant 0 : i32
  linalg.fill ins(%zero : i32) outs(%out : memref<i32>)
  // expected-error @below {{reduces into an output that is not filled with the neutral element}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xi32>) outs(%out : memref<i32>) {
  ^bb0(%in: i32, %product: i32):
    %r = tsum.accumulate <reduce_prod i32> (%in) into (%product) : (i32) into (i32)
    linalg.yield %r : i32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @difference(%x: memref<8xf32>, %out: memref<f32>) {
  // expected-error @below {{yields what is no result of tsum.accumulate}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%out : memref<f32>) {
  ^bb0(%in: f32, %difference: f32):
    %r = arith.subf %difference, %in : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#none = affine_map<(d0, d1) -> ()>

func.func @several_dimensions(%x: memref<4x8xf32>, %out: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<f32>)
  // expected-error @below {{reduces several dimensions, which only exact sums do at once}}
  linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%out : memref<f32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @nodes_and_elements(%x: memref<8xf64>, %a: memref<f64>, %b: memref<f32>) {
  // expected-error @below {{reduces nodes and elements in the same loops}}
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf64>) outs(%a, %b : memref<f64>, memref<f32>) {
  ^bb0(%in: f64, %s: f64, %t: f32):
    %r = tsum.accumulate <reduce_sum f64> (%in) into (%s) : (f64) into (f64)
    %q = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%t) : (f64) into (f32)
    linalg.yield %r, %q : f64, f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @strategy_by_name(%x: memref<8xf32>, %out: memref<f32>) {
  // expected-error @below {{'tsum.strategy' must be a #tsum.strategy, given "inner"}}
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%out : memref<f32>) attrs = {tsum.strategy = "inner"} {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// expected-error @below {{takes 'memref<?xf32>' as argument 0, and values of a kernel are of static shape}}
func.func @dynamic_extent(%x: memref<?xf32>, %out: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%out : memref<?xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#halved = affine_map<(d0) -> (d0 floordiv 2)>

func.func @indexing_map(%x: memref<4xf32>, %out: memref<8xf32>) {
  // expected-error @below {{has an indexing map that is no projected permutation}}
  linalg.generic {indexing_maps = [#halved, #id], iterator_types = ["parallel"]}
      ins(%x : memref<4xf32>) outs(%out : memref<8xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

func.func @exact_sum_and_another(%x: memref<4x8xf32>, %a: memref<4xf32>, %b: memref<4xf32>) {
  // expected-error @below {{reduces exactly and has other results, which take loops of their own}}
  linalg.generic {indexing_maps = [#all, #rows, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%a, %b : memref<4xf32>, memref<4xf32>) {
  ^bb0(%in: f32, %s: f32, %t: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%s) : (f32) into (f32)
    %q = tsum.accumulate <reduce_sum f32 exact> (%in) into (%t) : (f32) into (f32)
    linalg.yield %r, %q : f32, f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>

func.func @output_along_the_reduced_dimension(%x: memref<4x8xf32>, %out: memref<4x8xf32>) {
  // expected-error @below {{has an output that is not of all its parallel loops}}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%out : memref<4x8xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%sum) : (f32) into (f32)
    linalg.yield %r : f32
  }
  return
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

func.func @output_of_some_dimensions(%x: memref<4x8xf32>, %out: memref<4xf32>) {
  // expected-error @below {{has an output that is not of all its parallel loops}}
  linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4x8xf32>) outs(%out : memref<4xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

func.func @output_with_gaps(%x: memref<8xf32>, %out: memref<8xf32, strided<[2]>>) {
  // expected-error @below {{has an output whose elements do not lie side by side}}
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<8xf32>) outs(%out : memref<8xf32, strided<[2]>>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

func.func @unknown_strides(%x: memref<8xf32, strided<[?]>>, %out: memref<8xf32>) {
  // expected-error @below {{has an operand of unknown strides}}
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<8xf32, strided<[?]>>) outs(%out : memref<8xf32>) {
  ^bb0(%in: f32, %unused: f32):
    linalg.yield %in : f32
  }
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @number_that_is_no_buffer(%x: memref<8xf32>, %y: f32, %out: memref<8xf32>) {
  // expected-error @below {{is not on buffers}}
  linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]}
      ins(%x, %y : memref<8xf32>, f32) outs(%out : memref<8xf32>) {
  ^bb0(%a: f32, %b: f32, %unused: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Rows that are shorter than a register: vectors run on from one into the next, and what has an
// element for each row or column is shuffled.

#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @short_rows
//  CHECK-SAME:   (%[[X:[^:]*]]: memref<32x3xf32>, %[[R:[^:]*]]: memref<32xf32>, %[[C:[^:]*]]: memref<3xf32>, %[[OUT:[^:]*]]: memref<32x3xf32>)
//       CHECK:   %[[COLUMNS:.*]] = affine.vector_load %[[C]][0] : memref<3xf32>, vector<3xf32>
//       CHECK:   affine.for %[[GROUP:.*]] = 0 to 2
//       CHECK:     %[[ROWS:.*]] = affine.vector_load %[[R]][%[[GROUP]] * 16] : memref<32xf32>, vector<16xf32>
//       CHECK:     %[[X0:.*]] = affine.vector_load %[[X]][%[[GROUP]] * 16, 0] : memref<32x3xf32>, vector<16xf32>
//       CHECK:     %[[R0:.*]] = vector.shuffle %[[ROWS]], %[[ROWS]] [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5]
//       CHECK:     %[[C0:.*]] = vector.shuffle %[[COLUMNS]], %[[COLUMNS]] [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
//       CHECK:     %[[SCALED:.*]] = arith.mulf %[[X0]], %[[R0]]
//       CHECK:     %[[SUM:.*]] = arith.addf %[[SCALED]], %[[C0]]
//       CHECK:     affine.vector_store %[[SUM]], %[[OUT]][%[[GROUP]] * 16, 0]
//       CHECK:     affine.vector_load %[[X]][%[[GROUP]] * 16, 16]
//       CHECK:     vector.shuffle %[[ROWS]], %[[ROWS]] [5, 5, 6,
//       CHECK:     affine.vector_load %[[X]][%[[GROUP]] * 16, 32]
//   CHECK-NOT:   affine.for
func.func @short_rows(%x: memref<32x3xf32>, %r: memref<32xf32>, %c: memref<3xf32>,
                      %out: memref<32x3xf32>) {
  linalg.generic {indexing_maps = [#all, #row, #column, #all],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %r, %c : memref<32x3xf32>, memref<32xf32>, memref<3xf32>)
      outs(%out : memref<32x3xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %unused: f32):
    %scaled = arith.mulf %a, %b : f32
    %sum = arith.addf %scaled, %d : f32
    linalg.yield %sum : f32
  }
  return
}
