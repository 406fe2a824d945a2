// RUN: tsum-opt %s --tsum-tile --split-input-file --verify-diagnostics | FileCheck %s

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// A tile is a piece. The last one is shorter, which the reduction says: it would give another node if
// it began earlier.

//   CHECK-DAG: #[[$START:.*]] = affine_map<(d0) -> (d0 * 4096)>
//   CHECK-DAG: #[[$REST:.*]] = affine_map<(d0) -> (4096, d0 * -4096 + 10000)>
// CHECK-LABEL: func.func @pieces_of_a_line
//  CHECK-SAME:   %{{.*}}: memref<10000xf32>, %{{.*}}: memref<3xf64>, %{{.*}}: index, %{{.*}}: index)
//  CHECK-SAME:   tsum.tiles = 3
//       CHECK:   scf.for %[[PIECE:[^ ]*]]
//   CHECK-DAG:     %[[START:.*]] = affine.apply #[[$START]](%[[PIECE]])
//   CHECK-DAG:     %[[SIZE:.*]] = affine.min #[[$REST]](%[[PIECE]])
//       CHECK:     %[[SLICE:.*]] = tensor.extract_slice %{{.*}}[%[[START]]] [%[[SIZE]]] [1]
//       CHECK:     %[[NODE:.*]] = linalg.generic {{.*}}ins(%[[SLICE]] : tensor<?xf32>)
//  CHECK-SAME:       tsum.piece = #tsum.piece<4096 of 10000>
//       CHECK:     tensor.insert_slice %[[NODE]] into %{{.*}}[%[[PIECE]]] [1] [1]
func.func @pieces_of_a_line(%x: tensor<10000xf32>) -> tensor<3xf64> {
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<f64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<f64>) -> tensor<f64>
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  %r = tsum.pieces <4096 of 10000> (%node) : (tensor<f64>) -> (tensor<3xf64>)
  return %r : tensor<3xf64>
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// Pieces of one size need not say so. Tiles are numbered by pieces first, then by columns.

// CHECK-LABEL: func.func @whole_pieces_of_columns
//       CHECK:   scf.for %[[TILE:[^ ]*]]
//       CHECK:     %[[PLACE:.*]]:2 = affine.delinearize_index %[[TILE]] into (4, {{[0-9]+}})
//       CHECK:     tensor.extract_slice %{{.*}}[%{{.*}}, %{{.*}}] [1024, [[#COLUMNS:]]] [1, 1]
//   CHECK-NOT:     tsum.piece =
//       CHECK:     tensor.insert_slice %{{.*}}[%[[PLACE]]#0, %{{.*}}] [1, [[#COLUMNS]]] [1, 1]
func.func @whole_pieces_of_columns(%x: tensor<4096x20000xf32>) -> tensor<4x20000xf64> {
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<20000xf64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<20000xf64>) -> tensor<20000xf64>
  %node = linalg.generic {indexing_maps = [#all, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<4096x20000xf32>) outs(%init : tensor<20000xf64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<20000xf64>
  %r = tsum.pieces <1024 of 4096> (%node) : (tensor<20000xf64>) -> (tensor<4x20000xf64>)
  return %r : tensor<4x20000xf64>
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// Nodes of lines that a short piece merges come from a whole one, which begins earlier, so that what
// computes them has static extents.

//       CHECK: #[[$EARLIER:.*]] = affine_map<(d0) -> (d0 * 512, 488)>
// CHECK-LABEL: func.func @pieces_of_lines
//       CHECK:   scf.for %[[PIECE:[^ ]*]]
//       CHECK:     %[[START:.*]] = affine.min #[[$EARLIER]](%[[PIECE]])
//       CHECK:     tensor.extract_slice %{{.*}}[%[[START]], 0] [512, 100] [1, 1]
//       CHECK:     %[[LINES:.*]] = linalg.generic {{.*}}outs(%{{.*}} : tensor<512xf64>)
//       CHECK:     %[[SLICE:.*]] = tensor.extract_slice %[[LINES]][%{{.*}}] [%{{.*}}] [1]
//       CHECK:     linalg.generic {{.*}}ins(%[[SLICE]] : tensor<?xf64>)
//  CHECK-SAME:       tsum.piece = #tsum.piece<512 of 1000>
func.func @pieces_of_lines(%x: tensor<1000x100xf32>) -> tensor<2xf64> {
  %zero = arith.constant 0.0 : f64
  %lines = tensor.empty() : tensor<1000xf64>
  %zeros = linalg.fill ins(%zero : f64) outs(%lines : tensor<1000xf64>) -> tensor<1000xf64>
  %empty = tensor.empty() : tensor<f64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<f64>) -> tensor<f64>
  %nodes = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<1000x100xf32>) outs(%zeros : tensor<1000xf64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<1000xf64>
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%nodes : tensor<1000xf64>) outs(%init : tensor<f64>) {
  ^bb0(%in: f64, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 from nodes to nodes> (%in) into (%out) : (f64) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  %r = tsum.pieces <512 of 1000> (%node) : (tensor<f64>) -> (tensor<2xf64>)
  return %r : tensor<2xf64>
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @pieces_of_another_extent(%x: tensor<10000xf32>, %init: tensor<f64>) -> tensor<4xf64> {
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  // expected-error @below {{cuts an extent of 16384 where its reduction has 10000}}
  %r = tsum.pieces <4096 of 16384> (%node) : (tensor<f64>) -> (tensor<4xf64>)
  return %r : tensor<4xf64>
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @pieces_of_blocks(%x: tensor<10000xf32>, %init: tensor<f64>) -> tensor<79xf64> {
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  // expected-error @below {{cuts a line into pieces of 128 (whole blocks of 256 are needed)}}
  %r = tsum.pieces <128 of 10000> (%node) : (tensor<f64>) -> (tensor<79xf64>)
  return %r : tensor<79xf64>
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @pieces_of_rounded_sums(%x: tensor<10000xf32>, %init: tensor<f32>) -> tensor<3xf32> {
  %sum = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    linalg.yield %sum : f32
  } -> tensor<f32>
  // expected-error @below {{takes nodes, and #tsum.reduction<reduce_sum f32> gives none}}
  %r = tsum.pieces <4096 of 10000> (%sum) : (tensor<f32>) -> (tensor<3xf32>)
  return %r : tensor<3xf32>
}

// -----

func.func @pieces_of_data(%x: tensor<f64>) -> tensor<3xf64> {
  // expected-error @below {{takes results of a reduction over one dimension}}
  %r = tsum.pieces <4096 of 10000> (%x) : (tensor<f64>) -> (tensor<3xf64>)
  return %r : tensor<3xf64>
}

// -----

// A tile is of one piece, also where several would suit what merges the nodes of its lines.

// CHECK-LABEL: func.func @sums_0_pieces
//  CHECK-SAME:   tsum.tiles = 5
//       CHECK:   tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}] [1] [1] : tensor<f64> into tensor<5xf64>
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#lines = affine_map<(d0, d1, d2) -> (d0, d1)>
#both = affine_map<(d0, d1) -> (d0, d1)>
#outer = affine_map<(d0, d1) -> (d0)>
#last = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>
func.func @sums_0_pieces(%x: tensor<257x8x8xf32>) -> tensor<5xf64> {
  %zero = arith.constant 0.0 : f64
  %0 = tensor.empty() : tensor<257x8xf64>
  %1 = linalg.fill ins(%zero : f64) outs(%0 : tensor<257x8xf64>) -> tensor<257x8xf64>
  %2 = linalg.generic {indexing_maps = [#all, #lines], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<257x8x8xf32>) outs(%1 : tensor<257x8xf64>) {
  ^bb0(%in: f32, %out: f64):
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %r : f64
  } -> tensor<257x8xf64>
  %3 = tensor.empty() : tensor<257xf64>
  %4 = linalg.fill ins(%zero : f64) outs(%3 : tensor<257xf64>) -> tensor<257xf64>
  %5 = linalg.generic {indexing_maps = [#both, #outer], iterator_types = ["parallel", "reduction"]}
      ins(%2 : tensor<257x8xf64>) outs(%4 : tensor<257xf64>) {
  ^bb0(%in: f64, %out: f64):
    %r = tsum.accumulate <reduce_sum f32 from nodes to nodes> (%in) into (%out) : (f64) into (f64)
    linalg.yield %r : f64
  } -> tensor<257xf64>
  %6 = tensor.empty() : tensor<f64>
  %7 = linalg.fill ins(%zero : f64) outs(%6 : tensor<f64>) -> tensor<f64>
  %8 = linalg.generic {indexing_maps = [#last, #none], iterator_types = ["reduction"]}
      ins(%5 : tensor<257xf64>) outs(%7 : tensor<f64>) {
  ^bb0(%in: f64, %out: f64):
    %r = tsum.accumulate <reduce_sum f32 from nodes to nodes> (%in) into (%out) : (f64) into (f64)
    linalg.yield %r : f64
  } -> tensor<f64>
  %9 = tsum.pieces <64 of 257> (%8) : (tensor<f64>) -> (tensor<5xf64>)
  return %9 : tensor<5xf64>
}

// -----

// Where nodes are all that is written there are no rows, whatever is said of them.

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// CHECK-LABEL: func.func @nodes_alone
//  CHECK-SAME:   tsum.tiles = 3
//       CHECK:   tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}] [1] [1] : tensor<f64> into tensor<3xf64>
func.func @nodes_alone(%x: tensor<10000xf32>) -> tensor<3xf64> attributes {tsum.rows = 1 : i64} {
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<f64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<f64>) -> tensor<f64>
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  %r = tsum.pieces <4096 of 10000> (%node) : (tensor<f64>) -> (tensor<3xf64>)
  return %r : tensor<3xf64>
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @pieces_of_other_rows(%x: tensor<10000xf32>, %y: tensor<9000xf32>) -> (tensor<9000xf32>, tensor<3xf64>)
    attributes {tsum.rows = 1 : i64} {
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<f64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<f64>) -> tensor<f64>
  %node = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<10000xf32>) outs(%init : tensor<f64>) {
  ^bb0(%in: f32, %out: f64):
    %sum = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f64)
    linalg.yield %sum : f64
  } -> tensor<f64>
  // expected-error @below {{is #tsum.piece<4096 of 10000>, and of other pieces than the rows}}
  %n = tsum.pieces <4096 of 10000> (%node) : (tensor<f64>) -> (tensor<3xf64>)
  %to = tensor.empty() : tensor<9000xf32>
  %r = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%y : tensor<9000xf32>) outs(%to : tensor<9000xf32>) {
  ^bb0(%in: f32, %out: f32):
    %twice = arith.addf %in, %in : f32
    linalg.yield %twice : f32
  } -> tensor<9000xf32>
  return %r, %n : tensor<9000xf32>, tensor<3xf64>
}
