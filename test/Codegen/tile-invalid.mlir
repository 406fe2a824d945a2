// RUN: tsum-opt %s --tsum-tile --split-input-file --verify-diagnostics

// Reductions of nothing are constants: a canonicalized kernel has none.

#all = affine_map<(d0, d1) -> (d0, d1)>
#rows = affine_map<(d0, d1) -> (d0)>
func.func @sum_of_nothing(%x: tensor<100x0xf32>) -> tensor<100xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<100xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<100xf32>) -> tensor<100xf32>
  // expected-error @below {{has an extent of 0, which the canonicalizer folds away}}
  %r = linalg.generic {indexing_maps = [#all, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<100x0xf32>) outs(%init : tensor<100xf32>) {
  ^bb0(%in: f32, %out: f32):
    %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    linalg.yield %sum : f32
  } -> tensor<100xf32>
  return %r : tensor<100xf32>
}

// -----

func.func @rows_that_are_read(%x: tensor<8x512xf32>) -> (tensor<8x512xf32>, tensor<8xf32>)
    attributes {tsum.rows = 1 : i64} {
  %zero = arith.constant 0.0 : f32
  %out = tensor.empty() : tensor<8x512xf32>
  // expected-error @below {{has results that others of the kernel read (tsum-fuse has an op of its own hand them on)}}
  %rows = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x512xf32>) outs(%out : tensor<8x512xf32>) {
    ^bb0(%element: f32, %old: f32):
      %twice = arith.addf %element, %element : f32
      linalg.yield %twice : f32
  } -> tensor<8x512xf32>
  %none = tensor.empty() : tensor<8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%none : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%rows : tensor<8x512xf32>) outs(%init : tensor<8xf32>) {
    ^bb0(%element: f32, %so_far: f32):
      %more = tsum.accumulate <reduce_sum f32> (%element) into (%so_far) : (f32) into (f32)
      linalg.yield %more : f32
  } -> tensor<8xf32>
  return %rows, %sum : tensor<8x512xf32>, tensor<8xf32>
}
