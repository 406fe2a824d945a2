// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-to-linalg,tsum-fuse,tsum-join-reductions,cse))' \
// RUN:   --split-input-file --verify-diagnostics | FileCheck %s

// One pass over the data, which squares each element once.

// CHECK-LABEL: func.func @sum_squares_and_extrema
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[R:.*]]:4 = linalg.generic {{.*}}["parallel", "reduction"]{{.*}} ins(%[[X]] :
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32, %[[D:.*]]: f32):
//   CHECK-DAG:     %[[SUM:.*]] = tsum.accumulate <reduce_sum f32> (%[[IN]]) into (%[[A]])
//   CHECK-DAG:     %[[SQUARE:.*]] = arith.mulf %[[IN]], %[[IN]]
//   CHECK-DAG:     %[[SQUARES:.*]] = tsum.accumulate <reduce_sum f32> (%[[SQUARE]]) into (%[[B]])
//   CHECK-DAG:     %[[LARGEST:.*]] = tsum.accumulate <reduce_max f32> (%[[IN]]) into (%[[C]])
//   CHECK-DAG:     %[[SMALLEST:.*]] = tsum.accumulate <reduce_min f32> (%[[SQUARE]]) into (%[[D]])
//       CHECK:     linalg.yield %[[SUM]], %[[SQUARES]], %[[LARGEST]], %[[SMALLEST]]
//       CHECK:   return %[[R]]#0, %[[R]]#1, %[[R]]#2, %[[R]]#3
func.func @sum_squares_and_extrema(%x: tensor<4x8xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %max = tsum.reduce_max %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %min = tsum.reduce_min %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %sum, %squares, %max, %min
      : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// The links of two chains are joined, each to its like.

// CHECK-LABEL: func.func @sums_over_two_dimensions
//       CHECK:   %[[LINES:.*]]:2 = linalg.generic {{.*}}["parallel", "reduction"]
//   CHECK-DAG:     tsum.accumulate <reduce_sum f32 to nodes>
//   CHECK-DAG:     tsum.accumulate <reduce_sum f32 to nodes>
//       CHECK:   linalg.generic {{.*}}["reduction"]{{.*}} ins(%[[LINES]]#0, %[[LINES]]#1 :
//   CHECK-DAG:     tsum.accumulate <reduce_sum f32 from nodes>
//   CHECK-DAG:     tsum.accumulate <reduce_sum f32 from nodes>
//   CHECK-NOT:   "reduction"
func.func @sums_over_two_dimensions(%x: tensor<4x8xf32>) -> (tensor<f32>, tensor<f32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %squares = tsum.reduce_sum %square axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  return %sum, %squares : tensor<f32>, tensor<f32>
}

// -----

// What has no order, and so no nodes, is joined with nodes as well.

// CHECK-LABEL: func.func @sum_and_largest_over_two_dimensions
//       CHECK:   %[[LINES:.*]]:2 = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:     tsum.accumulate <reduce_sum f32 to nodes> {{.*}} : (f32) into (f64)
//       CHECK:     tsum.accumulate <reduce_max f32> {{.*}} : (f32) into (f32)
//       CHECK:   linalg.generic {{.*}}["reduction"]{{.*}} ins(%[[LINES]]#0, %[[LINES]]#1 :
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes>
//       CHECK:     tsum.accumulate <reduce_max f32>
//   CHECK-NOT:   "reduction"
func.func @sum_and_largest_over_two_dimensions(%x: tensor<4x8xf32>) -> (tensor<f32>, tensor<f32>) {
  %sum = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %max = tsum.reduce_max %x axes = [0, 1] : tensor<4x8xf32> -> tensor<f32>
  return %sum, %max : tensor<f32>, tensor<f32>
}

// -----

// Epilogues become one op, which hands on what has none.

// CHECK-LABEL: func.func @epilogues
//       CHECK:   %[[SUMS:.*]]:2 = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:   %[[R:.*]]:2 = linalg.generic {{.*}}["parallel"]{{.*}} ins(%[[SUMS]]#0, %[[SUMS]]#1 :
//       CHECK:   ^bb0(%[[SUM:.*]]: f32, %[[SQUARES:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
//       CHECK:     %[[NORM:.*]] = math.sqrt %[[SQUARES]]
//       CHECK:     linalg.yield %[[SUM]], %[[NORM]]
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @epilogues(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %norm = tsum.sqrt %squares : tensor<4xf32>
  return %sum, %norm : tensor<4xf32>, tensor<4xf32>
}

// -----

// A chain of operands in common joins three sums of one kernel.

// CHECK-LABEL: func.func @cosine
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUMS:.*]]:3 = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[X]], %[[Y]] :
//       CHECK:   linalg.generic {{.*}} ins(%[[SUMS]]#0, %[[SUMS]]#1, %[[SUMS]]#2 :
//   CHECK-NOT:   linalg.generic
func.func @cosine(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  %xy = tsum.multiply %x, %y : tensor<4x8xf32>
  %xx = tsum.square %x : tensor<4x8xf32>
  %yy = tsum.square %y : tensor<4x8xf32>
  %a = tsum.reduce_sum %xy axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %xx axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %c = tsum.reduce_sum %yy axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %bc = tsum.multiply %b, %c : tensor<4xf32>
  %norms = tsum.sqrt %bc : tensor<4xf32>
  %r = tsum.divide %a, %norms : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// The second sum needs the first.

// CHECK-LABEL: func.func @dependent_sums_stay_apart
//       CHECK:   %[[MEAN:.*]] = linalg.generic {{.*}}"reduction"
//       CHECK:   linalg.generic {{.*}}"reduction"{{.*}}%[[MEAN]]
func.func @dependent_sums_stay_apart(%x: tensor<4x8xf32>) -> tensor<4xf32>
    attributes {tsum.rows = 1 : i64} {
  %mean = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %means = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = tsum.subtract %x, %means : tensor<4x8xf32>
  %square = tsum.square %d : tensor<4x8xf32>
  %r = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Blocks of a sum are of f32, and those of a product of f64: both have the lanes of the order.

// CHECK-LABEL: func.func @blocks_of_other_sizes
//       CHECK:   %{{.*}}:2 = linalg.generic {{.*}}"reduction"
//       CHECK:   tsum.accumulate <reduce_sum f32>
//       CHECK:   tsum.accumulate <reduce_prod f32>
func.func @blocks_of_other_sizes(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_prod %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// A count in i32 goes with a maximum of f64, and whether there is a NaN: as many lanes as are loaded.

// CHECK-LABEL: func.func @narrow_ones_of_wide_data
//       CHECK:   %{{.*}}:3 = linalg.generic {{.*}}"reduction"
//       CHECK:   tsum.accumulate <reduce_max f64>
//       CHECK:   tsum.accumulate <reduce_sum i32>
//       CHECK:   tsum.accumulate <reduce_any i1>
//   CHECK-NOT:   "reduction"
func.func @narrow_ones_of_wide_data(%x: tensor<4x8xf64>)
    -> (tensor<4xf64>, tensor<4xi32>, tensor<4xi1>) {
  %nan = tsum.is_nan %x : tensor<4x8xf64>
  %one = tsum.cast %nan : tensor<4x8xi1> -> tensor<4x8xi32>
  %a = tsum.reduce_max %x axes = [1] : tensor<4x8xf64> -> tensor<4xf64>
  %b = tsum.reduce_sum %one axes = [1] : tensor<4x8xi32> -> tensor<4xi32>
  %c = tsum.reduce_any %nan axes = [1] : tensor<4x8xi1> -> tensor<4xi1>
  return %a, %b, %c : tensor<4xf64>, tensor<4xi32>, tensor<4xi1>
}

// -----

// A sum in i64 would leave the maximum of bytes an eighth of its lanes.

// CHECK-LABEL: func.func @wide_ones_of_narrow_data
//       CHECK:   tsum.accumulate <reduce_max ui8>
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:   tsum.accumulate <reduce_sum i64>
func.func @wide_ones_of_narrow_data(%x: tensor<4x8xui8>) -> (tensor<4xui8>, tensor<4xi64>) {
  %wide = tsum.cast %x : tensor<4x8xui8> -> tensor<4x8xi64>
  %a = tsum.reduce_max %x axes = [1] : tensor<4x8xui8> -> tensor<4xui8>
  %b = tsum.reduce_sum %wide axes = [1] : tensor<4x8xi64> -> tensor<4xi64>
  return %a, %b : tensor<4xui8>, tensor<4xi64>
}

// -----

// CHECK-LABEL: func.func @other_loops_stay_apart
//       CHECK:   linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:   linalg.generic {{.*}}["reduction", "parallel"]
func.func @other_loops_stay_apart(%x: tensor<8x8xf32>) -> tensor<8xf32> {
  %a = tsum.reduce_sum %x axes = [1] : tensor<8x8xf32> -> tensor<8xf32>
  %b = tsum.reduce_sum %x axes = [0] : tensor<8x8xf32> -> tensor<8xf32>
  %r = tsum.add %a, %b : tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

// Results are counted, of which there are four at most, and not the parts of their nodes.

// CHECK-LABEL: func.func @three_pairs
//       CHECK:   %{{.*}}:6 = linalg.generic {{.*}}["parallel", "reduction"]
func.func @three_pairs(%x: tensor<4x8xf64>) -> (tensor<f64>, tensor<f64>, tensor<f64>) {
  %square = tsum.square %x : tensor<4x8xf64>
  %abs = tsum.abs %x : tensor<4x8xf64>
  %a = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xf64> -> tensor<f64>
  %b = tsum.reduce_sum %square axes = [0, 1] : tensor<4x8xf64> -> tensor<f64>
  %c = tsum.reduce_sum %abs axes = [0, 1] : tensor<4x8xf64> -> tensor<f64>
  return %a, %b, %c : tensor<f64>, tensor<f64>, tensor<f64>
}

// -----

// Exact sums go together, but not with others.

// CHECK-LABEL: func.func @exact_sums_stay_alone
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:     tsum.accumulate <reduce_sum f32>
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:     tsum.accumulate <reduce_sum f32 exact>
//       CHECK:     tsum.accumulate <reduce_sum f32 exact over 8>
func.func @exact_sums_stay_alone(%x: tensor<4x8xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.reduce_sum %x axes = [1] exact : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %c = tsum.reduce_sum %x axes = [1] exact over 8 : tensor<4x8xf32> -> tensor<4xf32>
  return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @nodes_stay_apart_from_elements
//       CHECK:   linalg.generic
//       CHECK:     tsum.accumulate <reduce_sum f64>
//       CHECK:   linalg.generic
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes>
func.func @nodes_stay_apart_from_elements(%x: tensor<4x8xf64>, %a: tensor<4xf64>, %b: tensor<4xf32>)
    -> (tensor<4xf64>, tensor<4xf32>) {
  %elements = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf64>) outs(%a : tensor<4xf64>) {
  ^bb0(%in: f64, %out: f64):
    %r = tsum.accumulate <reduce_sum f64> (%in) into (%out) : (f64) into (f64)
    linalg.yield %r : f64
  } -> tensor<4xf64>
  %nodes = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf64>) outs(%b : tensor<4xf32>) {
  ^bb0(%in: f64, %out: f32):
    %r = tsum.accumulate <reduce_sum f32 from nodes> (%in) into (%out) : (f64) into (f32)
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %elements, %nodes : tensor<4xf64>, tensor<4xf32>
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>

func.func @a_sum_that_does_not_say_what_it_is(%x: tensor<4x8xf32>, %a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{yields what is no result of tsum.accumulate}}
  %r = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%a : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %sum = arith.addf %out, %in : f32
    linalg.yield %sum : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @other_data_stays_apart
//       CHECK:   linalg.generic {{.*}}"reduction"
//       CHECK:   linalg.generic {{.*}}"reduction"
func.func @other_data_stays_apart(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4xf32> {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %y axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.add %a, %b : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// What is returned is not the results but repeats them.

// CHECK-LABEL: func.func @repeated_results
//       CHECK:   %[[BOTH:.*]]:2 = linalg.generic
//       CHECK:   %[[REPEATED:.*]]:2 = linalg.generic {{.*}} ins(%[[BOTH]]#0, %[[BOTH]]#1 :
//       CHECK:   return %[[REPEATED]]#0, %[[REPEATED]]#1 : tensor<4x8xf32>, tensor<4x8xf32>
func.func @repeated_results(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
    attributes {tsum.rows = 1 : i64} {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %max = tsum.reduce_max %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %maxima = tsum.broadcast %max dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  return %sums, %maxima : tensor<4x8xf32>, tensor<4x8xf32>
}
