// RUN: tsum-opt %s --tsum-to-linalg --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-DAG: #[[$ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$KEPT:.*]] = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @sum_of_rows
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
//       CHECK:   %[[EMPTY:.*]] = tensor.empty() : tensor<4xf32>
//       CHECK:   %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] {{.*}}outs(%[[EMPTY]]
//       CHECK:   %[[SUM:.*]] = linalg.generic
//  CHECK-SAME:     indexing_maps = [#[[$ALL]], #[[$KEPT]]]
//  CHECK-SAME:     iterator_types = ["parallel", "reduction"]
//  CHECK-SAME:     ins(%[[X]] {{.*}}outs(%[[INIT]]
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %[[OUT:.*]]: f32):
//       CHECK:     %[[ADD:.*]] = tsum.accumulate <reduce_sum f32> (%[[IN]]) into (%[[OUT]])
//       CHECK:     linalg.yield %[[ADD]]
//       CHECK:   return %[[SUM]]
func.func @sum_of_rows(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// The last of the axes is the line: its nodes are merged along the one before, then along the first.

// CHECK-LABEL: func.func @dimensions_nest_as_the_axes_say
//  CHECK-SAME:   %[[X:.*]]: tensor<4x5x6x7xf32>
//       CHECK:   %[[A:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction", "parallel", "parallel"]
//  CHECK-SAME:     ins(%[[X]] : {{.*}}outs(%{{.*}} : tensor<4x6x7xf64>)
//       CHECK:     tsum.accumulate <reduce_sum f32 to nodes> {{.*}} : (f32) into (f64)
//       CHECK:   %[[B:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
//  CHECK-SAME:     ins(%[[A]] : {{.*}}outs(%{{.*}} : tensor<4x6xf64>)
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes to nodes> {{.*}} : (f64) into (f64)
//       CHECK:   %[[C:.*]] = linalg.generic {{.*}}iterator_types = ["reduction", "parallel"]
//  CHECK-SAME:     ins(%[[B]] : {{.*}}outs(%{{.*}} : tensor<6xf32>)
//       CHECK:     tsum.accumulate <reduce_sum f32 from nodes> {{.*}} : (f64) into (f32)
//       CHECK:   return %[[C]]
func.func @dimensions_nest_as_the_axes_say(%x: tensor<4x5x6x7xf32>) -> tensor<6xf32> {
  %r = tsum.reduce_sum %x axes = [0, 3, 1] : tensor<4x5x6x7xf32> -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// -----

// What has no order goes by the same chain, in its own type.

// CHECK-LABEL: func.func @integer_sums_wrap
//       CHECK:   %[[LINES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]{{.*}}outs(%{{.*}} : tensor<4xi32>)
//       CHECK:     tsum.accumulate <reduce_sum i32> {{.*}} : (i32) into (i32)
//       CHECK:   linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[LINES]] :
//       CHECK:     tsum.accumulate <reduce_sum i32> {{.*}} : (i32) into (i32)
func.func @integer_sums_wrap(%x: tensor<4x8xi32>) -> tensor<i32> {
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<4x8xi32> -> tensor<i32>
  return %r : tensor<i32>
}

// -----

// A node of f64 is a pair, of which the second part, what the first has lost, is nothing at first: of
// a product too.

// CHECK-LABEL: func.func @nodes_of_f64_are_pairs
//   CHECK-DAG:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f64
//   CHECK-DAG:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
//   CHECK-DAG:   %[[HIGH:.*]] = linalg.fill ins(%[[ONE]] : f64) outs(%{{.*}} : tensor<4xf64>)
//   CHECK-DAG:   %[[LOW:.*]] = linalg.fill ins(%[[ZERO]] : f64) outs(%{{.*}} : tensor<4xf64>)
//       CHECK:   %[[LINES:.*]]:2 = linalg.generic {{.*}}outs(%[[HIGH]], %[[LOW]] :
//       CHECK:     tsum.accumulate <reduce_prod f64 to nodes> {{.*}} : (f64) into (f64, f64)
//       CHECK:   linalg.generic {{.*}}ins(%[[LINES]]#0, %[[LINES]]#1 : {{.*}}outs(%{{.*}} : tensor<f64>)
//       CHECK:     tsum.accumulate <reduce_prod f64 from nodes> {{.*}} : (f64, f64) into (f64)
func.func @nodes_of_f64_are_pairs(%x: tensor<4x8xf64>) -> tensor<f64> {
  %r = tsum.reduce_prod %x axes = [0, 1] : tensor<4x8xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

// bf16 lies in memory as its bits. It is summed in f32 from the first element on, and rounded once.

// CHECK-LABEL: func.func @small_floats_are_rounded_once
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xi16>) -> tensor<4xi16>
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}ins(%[[X]] : {{.*}}outs(%{{.*}} : tensor<4xf64>)
//       CHECK:     %[[ELEMENT:.*]] = arith.bitcast %{{.*}} : i32 to f32
//       CHECK:     tsum.accumulate <reduce_sum bf16> (%[[ELEMENT]]) into (%{{.*}}) : (f32) into (f64)
//       CHECK:   linalg.generic {{.*}}["parallel"]{{.*}}ins(%[[SUM]] : {{.*}}outs(%{{.*}} : tensor<4xi16>)
//   CHECK-NOT:   linalg.generic
func.func @small_floats_are_rounded_once(%x: tensor<4x8xbf16>) -> tensor<4xbf16> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xbf16> -> tensor<4xbf16>
  return %r : tensor<4xbf16>
}

// -----

// The product of few f32 is beyond their range: factors are multiplied in f64.

// CHECK-LABEL: func.func @products_are_of_f64
//       CHECK:     %[[WIDE:.*]] = arith.extf %{{.*}} : f32 to f64
//       CHECK:     tsum.accumulate <reduce_prod f32> (%[[WIDE]]) into (%{{.*}}) : (f64) into (f32)
func.func @products_are_of_f64(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_prod %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// The smallest of nothing is infinite. Elements of f16 are compared as they are.

// CHECK-LABEL: func.func @extrema_of_small_floats
//       CHECK:   %[[INFINITY:.*]] = arith.constant 0x7F800000 : f32
//       CHECK:   linalg.fill ins(%[[INFINITY]]
//       CHECK:   tsum.accumulate <reduce_min f16> (%{{.*}}) into (%{{.*}}) : (f16) into (f32)
func.func @extrema_of_small_floats(%x: tensor<4x8xf16>) -> tensor<4xf16> {
  %r = tsum.reduce_min %x axes = [1] : tensor<4x8xf16> -> tensor<4xf16>
  return %r : tensor<4xf16>
}

// -----

// Any byte but 0 is true.

// CHECK-LABEL: func.func @booleans_are_bytes
//  CHECK-SAME:   tensor<4x8xi8>) -> tensor<4xi8>
//       CHECK:   %[[TRUE:.*]] = arith.constant 1 : i8
//       CHECK:   linalg.fill ins(%[[TRUE]]
//       CHECK:     %[[IS_TRUE:.*]] = arith.cmpi ne
//       CHECK:     %[[BYTE:.*]] = arith.extui %[[IS_TRUE]] : i1 to i8
//       CHECK:     tsum.accumulate <reduce_all i1> (%[[BYTE]])
func.func @booleans_are_bytes(%x: tensor<4x8xi1>) -> tensor<4xi1> {
  %r = tsum.reduce_all %x axes = [1] : tensor<4x8xi1> -> tensor<4xi1>
  return %r : tensor<4xi1>
}

// -----

// Signs are in the operations, not in the types.

// CHECK-LABEL: func.func @unsigned
//  CHECK-SAME:   (%[[X:.*]]: tensor<4xi8>, %[[Y:.*]]: tensor<4xi8>) -> tensor<4xf32>
//       CHECK:   %[[MAX:.*]] = linalg.generic {{.*}}ins(%[[X]], %[[Y]]
//       CHECK:     arith.maxui
//       CHECK:   %[[CAST:.*]] = linalg.generic {{.*}}ins(%[[MAX]]
//       CHECK:     arith.uitofp {{.*}} : i8 to f32
//       CHECK:   return %[[CAST]]
func.func @unsigned(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xf32> {
  %max = tsum.maximum %x, %y : tensor<4xui8>
  %r = tsum.cast %max : tensor<4xui8> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @signed
//       CHECK:   arith.maxsi
//       CHECK:   arith.sitofp
func.func @signed(%x: tensor<4xi32>, %y: tensor<4xi32>) -> tensor<4xf32> {
  %max = tsum.maximum %x, %y : tensor<4xi32>
  %r = tsum.cast %max : tensor<4xi32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// What is out of range, for which the conversion gives poison, is replaced.

// CHECK-LABEL: func.func @cast_to_integer_saturates
//       CHECK:   ^bb0(%[[IN:[^:]*]]: f32
//   CHECK-DAG:     %[[CAST:.*]] = arith.fptoui %[[IN]] : f32 to i8
//   CHECK-DAG:     %[[BELOW:.*]] = arith.cmpf olt, %[[IN]]
//       CHECK:     %[[NOT_BELOW:.*]] = arith.select %[[BELOW]], %{{.*}}, %[[CAST]]
//       CHECK:     %[[ABOVE:.*]] = arith.cmpf oge, %[[IN]]
//       CHECK:     %[[IN_RANGE:.*]] = arith.select %[[ABOVE]], %{{.*}}, %[[NOT_BELOW]]
//       CHECK:     %[[NAN:.*]] = arith.cmpf uno, %[[IN]]
//       CHECK:     %[[NUMBER:.*]] = arith.select %[[NAN]], %{{.*}}, %[[IN_RANGE]]
//       CHECK:     linalg.yield %[[NUMBER]]
func.func @cast_to_integer_saturates(%x: tensor<4xf32>) -> tensor<4xui8> {
  %r = tsum.cast %x : tensor<4xf32> -> tensor<4xui8>
  return %r : tensor<4xui8>
}

// -----

// CHECK: #[[$KEPT:.*]] = affine_map<(d0, d1, d2) -> (d1)>

// CHECK-LABEL: func.func @broadcast
//  CHECK-SAME:   %[[X:.*]]: tensor<8xf32>
//       CHECK:   linalg.generic {indexing_maps = [#[[$KEPT]],
//  CHECK-SAME:     iterator_types = ["parallel", "parallel", "parallel"]
//  CHECK-SAME:     ins(%[[X]]
func.func @broadcast(%x: tensor<8xf32>) -> tensor<4x8x2xf32> {
  %r = tsum.broadcast %x dims = [1] : tensor<8xf32> -> tensor<4x8x2xf32>
  return %r : tensor<4x8x2xf32>
}

// -----

// CHECK-LABEL: func.func @constant
//       CHECK:   arith.constant dense<[1, 2, -1]> : tensor<3xi8>
func.func @constant() -> tensor<3xui8> {
  %r = tsum.constant dense<[1, 2, 255]> : tensor<3xui8>
  return %r : tensor<3xui8>
}

// -----

func.func @keepdims(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  // expected-error @below {{failed to legalize operation 'tsum.reduce_sum'}}
  %r = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
  return %r : tensor<4x1xf32>
}

// -----

func.func @reshape(%x: tensor<4x8xf32>) -> tensor<32xf32> {
  // expected-error @below {{failed to legalize operation 'tsum.reshape'}}
  %r = tsum.reshape %x : tensor<4x8xf32> -> tensor<32xf32>
  return %r : tensor<32xf32>
}

// -----

// An exact sum has no order: one op over all its dimensions. That of small floats goes into f64, from
// which it is rounded once.

// CHECK-LABEL: func.func @exact_sum
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}["reduction", "parallel", "reduction"]{{.*}}outs(%{{.*}} : tensor<8xf64>)
//       CHECK:     tsum.accumulate <reduce_sum bf16 exact> (%{{.*}}) into (%{{.*}}) : (f32) into (f64)
//       CHECK:   linalg.generic {{.*}}["parallel"]{{.*}}ins(%[[SUM]] :
func.func @exact_sum(%x: tensor<4x8x3xbf16>) -> tensor<8xbf16> {
  %r = tsum.reduce_sum %x axes = [0, 2] exact : tensor<4x8x3xbf16> -> tensor<8xbf16>
  return %r : tensor<8xbf16>
}

// -----

// A node stays one, and of small floats it is not rounded.

// CHECK-LABEL: func.func @nodes
//       CHECK:   %[[LINES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]
//       CHECK:     tsum.accumulate <reduce_sum bf16 to nodes> (%{{.*}}) into (%{{.*}}) : (f32) into (f64)
//       CHECK:   %[[NODE:.*]] = linalg.generic {{.*}}["reduction"]{{.*}}ins(%[[LINES]] :
//       CHECK:     tsum.accumulate <reduce_sum bf16 from nodes to nodes>
//       CHECK:   return %[[NODE]]
func.func @nodes(%x: tensor<4x8xbf16>) -> tensor<f64> {
  %r = tsum.reduce_sum %x axes = [0, 1] node 0 : tensor<4x8xbf16> -> tensor<f64>
  return %r : tensor<f64>
}

// CHECK-LABEL: func.func @lost_by_rounding
//       CHECK:   %[[NODE:.*]]:2 = linalg.generic
//       CHECK:     tsum.accumulate <reduce_prod f64 to nodes> (%{{.*}}) into (%{{.*}}, %{{.*}})
//       CHECK:   return %[[NODE]]#1
func.func @lost_by_rounding(%x: tensor<4xf64>) -> tensor<f64> {
  %r = tsum.reduce_prod %x axes = [0] node 1 : tensor<4xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @view(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{'tsum.transpose' op is a view, which no kernel computes}}
  %r = tsum.transpose %x permutation = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// -----

func.func @complex_numbers(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  // expected-error @below {{'tsum.square' op is of complex numbers, which no kernel computes}}
  %r = tsum.square %x : tensor<4xcomplex<f32>>
  return %r : tensor<4xcomplex<f32>>
}

// -----

// The exact quotient is rounded to the result's type; to a small float from f64, in which it is
// rounded to odd.

// CHECK-LABEL: func.func @exact_quotients
//       CHECK:   tsum.accumulate <reduce_sum f64 exact over 1000 as f32> {{.*}} : (f64) into (f32)
//       CHECK:   tsum.accumulate <reduce_sum f32 exact over 3 as bf16> {{.*}} : (f32) into (f64)
func.func @exact_quotients(%x: tensor<1000x8xf64>, %y: tensor<3x8xf32>) -> (tensor<8xf32>, tensor<8xbf16>) {
  %a = tsum.reduce_sum %x axes = [0] exact over 1000 : tensor<1000x8xf64> -> tensor<8xf32>
  %b = tsum.reduce_sum %y axes = [0] exact over 3 : tensor<3x8xf32> -> tensor<8xbf16>
  return %a, %b : tensor<8xf32>, tensor<8xbf16>
}

// -----

// CHECK-LABEL: func.func @dynamic_rows
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8xf32>
//       CHECK:   %[[ROWS:.*]] = tensor.dim %[[X]], %{{.*}} : tensor<?x8xf32>
//       CHECK:   %[[EMPTY:.*]] = tensor.empty(%[[ROWS]]) : tensor<?x8xf32>
//       CHECK:   %[[SQUARES:.*]] = linalg.generic {{.*}}ins(%[[X]] : tensor<?x8xf32>) outs(%[[EMPTY]]
//       CHECK:   %[[INIT:.*]] = linalg.fill {{.*}}outs(%{{.*}} : tensor<?xf32>)
//       CHECK:   %[[SUMS:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
//  CHECK-SAME:     ins(%[[SQUARES]] : tensor<?x8xf32>) outs(%[[INIT]] : tensor<?xf32>)
//       CHECK:     tsum.accumulate <reduce_sum f32>
//       CHECK:   %[[REPEATED:.*]] = linalg.generic {{.*}}ins(%[[SUMS]] : tensor<?xf32>) outs(%{{.*}} : tensor<3x?xf32>)
//       CHECK:   return %[[REPEATED]]
func.func @dynamic_rows(%x: tensor<?x8xf32>) -> tensor<3x?xf32> {
  %squares = tsum.square %x : tensor<?x8xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<?x8xf32> -> tensor<?xf32>
  %r = tsum.broadcast %sums dims = [1] : tensor<?xf32> -> tensor<3x?xf32>
  return %r : tensor<3x?xf32>
}

// -----

// What has no order may be reduced along any extent; small floats are rounded for each row.

// CHECK-LABEL: func.func @dynamic_lines
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xi16>, %[[Y:.*]]: tensor<?x4xf16>
//       CHECK:   linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]{{.*}}ins(%[[X]] : {{.*}}outs(%{{.*}} : tensor<?xi16>)
//       CHECK:   linalg.generic {{.*}}iterator_types = ["reduction"]{{.*}}outs(%{{.*}} : tensor<i16>)
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}ins(%[[Y]] : {{.*}}outs(%{{.*}} : tensor<?xf64>)
//       CHECK:   linalg.generic {{.*}}ins(%[[SUM]] : {{.*}}outs(%{{.*}} : tensor<?xf16>)
func.func @dynamic_lines(%x: tensor<?x?xi16>, %y: tensor<?x4xf16>) -> (tensor<i16>, tensor<?xf16>) {
  %a = tsum.reduce_sum %x axes = [0, 1] : tensor<?x?xi16> -> tensor<i16>
  %b = tsum.reduce_sum %y axes = [1] : tensor<?x4xf16> -> tensor<?xf16>
  return %a, %b : tensor<i16>, tensor<?xf16>
}

// -----

func.func @order_of_a_dynamic_extent(%x: tensor<?x8xf32>) -> tensor<8xf32> {
  // expected-error @below {{reduces floats along dimension 0 of 'tensor<?x8xf32>', whose extent is dynamic and decides on the order (tsum-to-linalg takes dynamic extents that are kept; give this one a static extent)}}
  %r = tsum.reduce_sum %x axes = [0] : tensor<?x8xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

// A byte that is returned as it came is made 0 or 1, whatever the shape.

// CHECK-LABEL: func.func @copied_booleans
//  CHECK-SAME:   %[[X:.*]]: tensor<?xi8>)
//       CHECK:   %[[NO:.*]] = linalg.generic {{.*}}ins(%[[X]], %[[X]] : {{.*}}outs(%{{.*}} : tensor<?xi8>)
//       CHECK:   %[[R:.*]] = linalg.generic {{.*}}ins(%[[X]], %[[NO]] : {{.*}}outs(%{{.*}} : tensor<?xi8>)
//       CHECK:   return %[[R]]
func.func @copied_booleans(%x: tensor<?xi1>) -> tensor<?xi1> {
  return %x : tensor<?xi1>
}

// -----

func.func @exact_sum_along_a_dynamic_extent(%x: tensor<?xf32>) -> tensor<f32> {
  // expected-error @below {{whose extent is dynamic and decides on whether anything is added}}
  %r = tsum.reduce_sum %x axes = [0] exact : tensor<?xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// Of the nodes of pieces, which the outermost dimension is cut into, the last link of the chain is
// taken in pieces; their merge is one from nodes, rounded once.

// CHECK-LABEL: func.func @pieces
//       CHECK:   %[[ROWS:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
//       CHECK:     tsum.accumulate <reduce_sum bf16 to nodes>
//       CHECK:   %[[ALL:.*]] = linalg.generic {{.*}}iterator_types = ["reduction"]} ins(%[[ROWS]] :
//       CHECK:     tsum.accumulate <reduce_sum bf16 from nodes to nodes>
//       CHECK:   %[[N:.*]] = tsum.pieces <64 of 1000> (%[[ALL]]) : (tensor<f64>) -> (tensor<16xf64>)
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}}iterator_types = ["reduction"]} ins(%[[N]] :
//       CHECK:     tsum.accumulate <reduce_sum bf16 from nodes>
//       CHECK:   %[[R:.*]] = linalg.generic {{.*}}ins(%[[SUM]] :
//       CHECK:   return %[[R]] : tensor<i16>
func.func @pieces(%x: tensor<1000x7xbf16>) -> tensor<bf16> {
  %n = tsum.reduce_pieces <reduce_sum bf16> %x axes = [0, 1] in <64 of 1000> node 0
      : tensor<1000x7xbf16> -> tensor<16xf64>
  %r = tsum.merge_nodes <reduce_sum bf16> (%n) axes = [0] : (tensor<16xf64>) -> tensor<bf16>
  return %r : tensor<bf16>
}
