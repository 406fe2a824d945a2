// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-to-linalg,tsum-fuse,tsum-tile))' \
// RUN:   --split-input-file --verify-diagnostics | FileCheck %s

// Each tile is one sum, along the lanes; the fill and the epilogue are in the loop.

// CHECK-LABEL: func.func @inner
//  CHECK-SAME:   (%[[X:[^:]*]]: memref<4x1000xf32>, %[[OUT:[^:]*]]: memref<4xf32>, %[[BEGIN:[^:]*]]: index, %[[END:[^:]*]]: index)
//  CHECK-SAME:   tsum.tiles = 4
//       CHECK:   %[[IN:.*]] = bufferization.to_tensor %[[X]]
//   CHECK-NOT:   linalg.
//       CHECK:   %[[LOOP:.*]] = scf.for %[[TILE:.*]] = %[[BEGIN]] to %[[END]]
//       CHECK:     %[[ROW:.*]] = tensor.extract_slice %[[IN]][%[[TILE]], 0] [1, 1000]
//       CHECK:     %[[INIT:.*]] = linalg.fill {{.*}} -> tensor<1xf32>
//       CHECK:     %[[SUM:.*]] = linalg.generic {{.*}}ins(%[[ROW]] {{.*}}outs(%[[INIT]]
//  CHECK-SAME:       tsum.strategy = #tsum.strategy<inner>
//       CHECK:     %[[SQRT:.*]] = linalg.generic {{.*}}ins(%[[SUM]] :
//       CHECK:     tensor.insert_slice %[[SQRT]] into %{{.*}}[%[[TILE]]] [1]
//       CHECK:   bufferization.materialize_in_destination %[[LOOP]] in restrict writable %[[OUT]]
func.func @inner(%x: tensor<4x1000xf32>) -> tensor<4xf32> {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x1000xf32> -> tensor<4xf32>
  %r = tsum.sqrt %sum : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Tiles of columns have one size: the last one begins where it still fits.

// CHECK: #[[$START:.*]] = affine_map<(d0) -> (d0 * [[#$SIZE:]],
// CHECK-SAME: {{^ }}[[#10000-$SIZE]])>

// CHECK-LABEL: func.func @outer_ragged
//       CHECK:   scf.for %[[TILE:[^ ]*]]
//       CHECK:     %[[COLUMN:.*]] = affine.min #[[$START]](%[[TILE]])
//       CHECK:     tensor.extract_slice %{{.*}}[0, %[[COLUMN]]] [16, [[#$SIZE]]]
//       CHECK:     linalg.generic
//  CHECK-SAME:       tsum.strategy = #tsum.strategy<outer>
//       CHECK:     tensor.insert_slice %{{.*}}[%[[COLUMN]]] {{\[}}[[#$SIZE]]]
func.func @outer_ragged(%x: tensor<16x10000xf32>) -> tensor<10000xf32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<16x10000xf32> -> tensor<10000xf32>
  return %r : tensor<10000xf32>
}

// -----

// Few elements side by side: a tile is a run of sums.

// CHECK-LABEL: func.func @narrow
//       CHECK:   scf.for
//       CHECK:     tensor.extract_slice %{{.*}}, 0] [[[#ROWS:]], 3]
//       CHECK:     tsum.strategy = #tsum.strategy<narrow>
//       CHECK:     tensor.insert_slice %{{.*}} [[[#ROWS]]]
func.func @narrow(%x: tensor<10000x3xf32>) -> tensor<10000xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<10000x3xf32> -> tensor<10000xf32>
  return %r : tensor<10000xf32>
}

// -----

// Short lines, too.

// CHECK-LABEL: func.func @short_lines
//       CHECK:     tensor.extract_slice %{{.*}}[%{{.*}}, 0] [[[#ROWS:]], 20] [1, 1]
//       CHECK:     tsum.strategy = #tsum.strategy<short>
//       CHECK:     tensor.insert_slice %{{.*}} [[[#ROWS]]]
func.func @short_lines(%x: tensor<1300x20xf32>) -> tensor<1300xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<1300x20xf32> -> tensor<1300xf32>
  return %r : tensor<1300xf32>
}

// -----

// CHECK-LABEL: func.func @tiles_are_numbered_row_major
//  CHECK-SAME:   tsum.tiles = 15
//       CHECK:   scf.for %[[TILE:[^ ]*]]
//       CHECK:     %[[PLACE:.*]]:2 = affine.delinearize_index %[[TILE]] into (5, 3)
//       CHECK:     %[[COLUMN:.*]] = affine.min #{{.*}}(%[[PLACE]]#1)
//       CHECK:     tensor.extract_slice %{{.*}}[%[[PLACE]]#0, %[[COLUMN]]]
func.func @tiles_are_numbered_row_major(%x: tensor<5x10000xf32>) -> tensor<5x10000xf32> {
  %r = tsum.square %x : tensor<5x10000xf32>
  return %r : tensor<5x10000xf32>
}

// -----

// CHECK-LABEL: func.func @middle_axis
//  CHECK-SAME:   %{{.*}}: memref<5x16x64xf32, strided<[2048, 128, 1]>>, %{{.*}}: memref<5x64xf32>
//  CHECK-SAME:   tsum.tiles = 5
//       CHECK:   scf.for %[[TILE:[^ ]*]]
//       CHECK:     tensor.extract_slice %{{.*}}[%[[TILE]], 0, 0] [1, 16, 64]
//       CHECK:     tsum.strategy = #tsum.strategy<outer>
func.func @middle_axis(%x: tensor<5x16x64xf32> {tsum.strides = array<i64: 2048, 128, 1>})
    -> tensor<5x64xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<5x16x64xf32> -> tensor<5x64xf32>
  return %r : tensor<5x64xf32>
}

// -----

// A kept dimension between reduced ones: a tile is several results, so that memory is read in runs. The
// nodes of their lines stay within it.

// CHECK-LABEL: func.func @kept_between
//       CHECK:   scf.for
//       CHECK:     %[[SLICE:.*]] = tensor.extract_slice %{{.*}}[0, %{{.*}}, 0] [100, [[RESULTS:[0-9]+]], 100] [1, 1, 1]
//       CHECK:     %[[LINES:.*]] = linalg.generic {{.*}}["parallel", "parallel", "reduction"]{{.*}}ins(%[[SLICE]] :
//       CHECK:       tsum.accumulate <reduce_sum f32 to nodes>
//       CHECK:     } -> tensor<100x[[RESULTS]]xf64>
//       CHECK:     linalg.generic {{.*}}["reduction", "parallel"]{{.*}}ins(%[[LINES]] :
//  CHECK-SAME:       tsum.strategy = #tsum.strategy<nested>
//       CHECK:       tsum.accumulate <reduce_sum f32 from nodes>
//       CHECK:     } -> tensor<[[RESULTS]]xf32>
func.func @kept_between(%x: tensor<100x128x100xf32>) -> tensor<128xf32> {
  %r = tsum.reduce_sum %x axes = [0, 2] : tensor<100x128x100xf32> -> tensor<128xf32>
  return %r : tensor<128xf32>
}

// -----

// CHECK-LABEL: func.func @scalar_is_one_tile
//  CHECK-SAME:   tsum.tiles = 1
//   CHECK-NOT:   scf.for
//       CHECK:   linalg.generic
func.func @scalar_is_one_tile(%x: tensor<16xf32>) -> tensor<f32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<16xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @empty_output_has_no_tiles
//  CHECK-SAME:   tsum.tiles = 0
//  CHECK-NEXT:   return
func.func @empty_output_has_no_tiles(%x: tensor<16x0xf32>) -> tensor<0xf32> {
  %r = tsum.reduce_sum %x axes = [0] : tensor<16x0xf32> -> tensor<0xf32>
  return %r : tensor<0xf32>
}

// -----

// One loop writes both results; what is returned as it came is copied.

// CHECK-LABEL: func.func @two_results
//  CHECK-SAME:   (%[[X:[^:]*]]: memref<16xf32>, %[[A:[^:]*]]: memref<16xf32>, %[[B:[^:]*]]: memref<16xf32>, %{{.*}}: index, %{{.*}}: index)
//       CHECK:   %[[LOOP:.*]]:2 = scf.for
//       CHECK:     %[[R:.*]]:2 = linalg.generic
//   CHECK-NOT:     linalg.generic
//       CHECK:     scf.yield
//       CHECK:   bufferization.materialize_in_destination %[[LOOP]]#0 in restrict writable %[[A]]
//       CHECK:   bufferization.materialize_in_destination %[[LOOP]]#1 in restrict writable %[[B]]
func.func @two_results(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %r = tsum.square %x : tensor<16xf32>
  return %x, %r : tensor<16xf32>, tensor<16xf32>
}

// -----

// expected-error @below {{returns the results of several ops (tsum-fuse makes one of them where their shapes are equal)}}
func.func @results_of_two_shapes(%x: tensor<4x16xf32>) -> (tensor<4xf32>, tensor<16xf32>) {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x16xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %x axes = [0] : tensor<4x16xf32> -> tensor<16xf32>
  return %a, %b : tensor<4xf32>, tensor<16xf32>
}

// -----

// Of a kernel on rows that reads them twice, the second reader asks for the next row.

// CHECK-LABEL: func.func @rows_twice
//       CHECK:   scf.for
//       CHECK:     linalg.generic {{.*}}"reduction"
//   CHECK-NOT:       tsum.prefetch
//       CHECK:       tsum.accumulate <reduce_max f32>
//       CHECK:     linalg.generic
//  CHECK-SAME:       tsum.prefetch = array<i64: 0>
func.func @rows_twice(%x: tensor<4x1024xf32>) -> tensor<4x1024xf32>
    attributes {tsum.rows = 1 : i64} {
  %max = tsum.reduce_max %x axes = [1] : tensor<4x1024xf32> -> tensor<4xf32>
  %all = tsum.broadcast %max dims = [0] : tensor<4xf32> -> tensor<4x1024xf32>
  %r = tsum.subtract %x, %all : tensor<4x1024xf32>
  return %r : tensor<4x1024xf32>
}

// -----

// Of a kernel on columns a tile is some of them, and of what is whole everything. Where they have
// more lines than a processor looks ahead in, the second reader asks for the next columns.

//       CHECK: #[[$START:.*]] = affine_map<(d0) -> (d0 * 336, 664)>
// CHECK-LABEL: func.func @columns_twice
//  CHECK-SAME:   %[[X:[^:]*]]: memref<3x40x1000xf32>, {{.*}} tsum.tiles = 9
//       CHECK:   %[[IN:.*]] = bufferization.to_tensor %[[X]]
//       CHECK:   scf.for %[[TILE:[^ ]*]] =
//       CHECK:     %[[PLACE:.*]]:2 = affine.delinearize_index %[[TILE]] into (3, 3)
//       CHECK:     %[[START:.*]] = affine.min #[[$START]](%[[PLACE]]#1)
//       CHECK:     tensor.extract_slice %[[IN]][%[[PLACE]]#0, 0, %[[START]]] [1, 40, 336]
//       CHECK:     linalg.generic {{.*}}"reduction"
//   CHECK-NOT:       tsum.prefetch
//       CHECK:       tsum.accumulate <reduce_max f32>
//       CHECK:     linalg.generic
//  CHECK-SAME:       tsum.prefetch = array<i64: 0>
func.func @columns_twice(%x: tensor<3x40x1000xf32>) -> tensor<3x40x1000xf32>
    attributes {tsum.columns = #tsum.columns<448, whole = [1]>} {
  %max = tsum.reduce_max %x axes = [1] : tensor<3x40x1000xf32> -> tensor<3x1000xf32>
  %all = tsum.broadcast %max dims = [0, 2] : tensor<3x1000xf32> -> tensor<3x40x1000xf32>
  %r = tsum.subtract %x, %all : tensor<3x40x1000xf32>
  return %r : tensor<3x40x1000xf32>
}

// -----

// The processor follows a few lines by itself.

// CHECK-LABEL: func.func @columns_of_few_lines
//       CHECK:   scf.for
//   CHECK-NOT:     tsum.prefetch
//       CHECK:   return
func.func @columns_of_few_lines(%x: tensor<16x1000xf32>) -> tensor<16x1000xf32>
    attributes {tsum.columns = #tsum.columns<448, whole = [0]>} {
  %max = tsum.reduce_max %x axes = [0] : tensor<16x1000xf32> -> tensor<1000xf32>
  %all = tsum.broadcast %max dims = [1] : tensor<1000xf32> -> tensor<16x1000xf32>
  %r = tsum.subtract %x, %all : tensor<16x1000xf32>
  return %r : tensor<16x1000xf32>
}

// -----

// A result with an element for each row is written by the loop over the rows, before them.

// CHECK-LABEL: func.func @rows_and_their_sums
//  CHECK-SAME:   (%{{.*}}: memref<1001x512xf32>, %[[R:[^:]*]]: memref<1001x512xf32>, %[[S:[^:]*]]: memref<1001xf32>,
//       CHECK:   %[[LOOP:.*]]:2 = scf.for {{.*}} -> (tensor<1001x512xf32>, tensor<1001xf32>)
//       CHECK:     %[[SUM:.*]] = linalg.generic {{.*}}"reduction"
//       CHECK:     %[[PART:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<3xf32>)
//       CHECK:     %[[SUMS:.*]] = tensor.insert_slice %[[PART]] into %{{.*}}[%[[PLACE:.*]]] [3]
//       CHECK:     %[[ROW:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[SUM]] : tensor<3x512xf32>, tensor<3xf32>)
//       CHECK:     %[[ALL:.*]] = tensor.insert_slice %[[ROW]] into %{{.*}}[%[[PLACE]], 0] [3, 512]
//   CHECK-NOT:     linalg.generic
//       CHECK:     scf.yield %[[ALL]], %[[SUMS]]
//   CHECK-DAG:   materialize_in_destination %[[LOOP]]#0 in restrict writable %[[R]]
//   CHECK-DAG:   materialize_in_destination %[[LOOP]]#1 in restrict writable %[[S]]
func.func @rows_and_their_sums(%x: tensor<1001x512xf32>) -> (tensor<1001x512xf32>, tensor<1001xf32>)
    attributes {tsum.rows = 1 : i64} {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<1001x512xf32> -> tensor<1001xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<1001xf32> -> tensor<1001x512xf32>
  %r = tsum.divide %x, %sums : tensor<1001x512xf32>
  return %r, %sum : tensor<1001x512xf32>, tensor<1001xf32>
}

// -----

// So are the nodes of pieces. What a piece reads of what is computed for its rows is in the tile, also
// where the last tile begins earlier.

//   CHECK-DAG: #[[$PLACE:.*]] = affine_map<(d0) -> (d0 * 4096, 5904)>
//   CHECK-DAG: #[[$REST:.*]] = affine_map<(d0) -> (4096, d0 * -4096 + 10000)>
//   CHECK-DAG: #[[$WITHIN:.*]] = affine_map<(d0, d1) -> (-d0 + d1 * 4096)>
// CHECK-LABEL: func.func @rows_and_their_nodes
//  CHECK-SAME:   tsum.tiles = 3
//       CHECK:   scf.for %[[PIECE:[^ ]*]]
//       CHECK:     %[[START:.*]] = affine.min #[[$PLACE]](%[[PIECE]])
//       CHECK:     %[[TANH:.*]] = linalg.generic
//       CHECK:       tsum.elementary "tanh"
//   CHECK-DAG:     %[[SIZE:.*]] = affine.min #[[$REST]](%[[PIECE]])
//   CHECK-DAG:     %[[WITHIN:.*]] = affine.apply #[[$WITHIN]](%[[START]], %[[PIECE]])
//       CHECK:     %[[LINE:.*]] = tensor.extract_slice %[[TANH]][%[[WITHIN]]] [%[[SIZE]]] [1]
//       CHECK:     %[[NODE:.*]] = linalg.generic {{.*}}ins(%[[LINE]] : tensor<?xf32>)
//  CHECK-SAME:       tsum.piece = #tsum.piece<4096 of 10000>
//       CHECK:     %[[ROW:.*]] = linalg.generic {{.*}}ins(%[[TANH]] : tensor<4096xf32>)
//   CHECK-NOT:     tsum.elementary
//   CHECK-DAG:     tensor.insert_slice %[[ROW]] into %{{.*}}[%[[START]]] [4096] [1]
//   CHECK-DAG:     tensor.insert_slice %[[NODE]] into %{{.*}}[%[[PIECE]]] [1] [1]
func.func @rows_and_their_nodes(%x: tensor<10000xf32>) -> (tensor<10000xf32>, tensor<3xf64>)
    attributes {tsum.rows = 1 : i64} {
  %t = tsum.tanh %x : tensor<10000xf32>
  %s = tsum.square %t : tensor<10000xf32>
  %n = tsum.reduce_pieces <reduce_sum f32> %s axes = [0] in <4096 of 10000> node 0
      : tensor<10000xf32> -> tensor<3xf64>
  %r = tsum.add %t, %t : tensor<10000xf32>
  return %r, %n : tensor<10000xf32>, tensor<3xf64>
}
