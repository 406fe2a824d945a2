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
