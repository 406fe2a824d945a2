// RUN: tsum-opt %s --tsum-cut-reductions --split-input-file --verify-diagnostics | FileCheck %s

// Kernels that no pass makes, and what the pass makes of them.

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// One that runs twice stays whole: both would take its pieces.

// CHECK-LABEL: func.func @kernel_that_runs_twice
// CHECK-COUNT-2: tsum.launch @kernels::@k(%{{.*}}) : (tensor<1000000xf32>) -> tensor<f32>
//   CHECK-NOT:   _pieces
func.func @kernel_that_runs_twice(%x: tensor<1000000xf32>) -> (tensor<f32>, tensor<f32>) {
  %r = tsum.launch @kernels::@k(%x) : (tensor<1000000xf32>) -> tensor<f32>
  %s = tsum.launch @kernels::@k(%x) : (tensor<1000000xf32>) -> tensor<f32>
  return %r, %s : tensor<f32>, tensor<f32>
}
module @kernels {
  func.func @k(%x: tensor<1000000xf32>) -> tensor<f32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %r = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%x : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    return %r : tensor<f32>
  }
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// Pieces would not begin with what the output holds.

// CHECK-LABEL: func.func @output_that_is_given
//   CHECK-NOT:   _pieces
func.func @output_that_is_given(%x: tensor<1000000xf32>, %y: tensor<f32>) -> tensor<f32> {
  %r = tsum.launch @kernels::@k(%x, %y) : (tensor<1000000xf32>, tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}
module @kernels {
  func.func @k(%x: tensor<1000000xf32>, %init: tensor<f32>) -> tensor<f32> {
    %r = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%x : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    return %r : tensor<f32>
  }
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>
#scalar = affine_map<() -> ()>

// Two sums that do not go by one loop are no chain: each gets a kernel of its own, and is cut there.

// CHECK-LABEL: func.func @two_sums
//       CHECK:   %[[NODES:.*]] = tsum.launch @kernels::@k_apart_pieces(%arg0)
//       CHECK:   %[[A:.*]] = tsum.launch @kernels::@k_apart(%[[NODES]])
//       CHECK:   %[[NODES:.*]] = tsum.launch @kernels::@k_pieces(%arg1)
//       CHECK:   tsum.launch @kernels::@k(%[[NODES]], %[[A]])
func.func @two_sums(%x: tensor<1000000xf32>, %y: tensor<1000000xf32>) -> tensor<f32> {
  %r = tsum.launch @kernels::@k(%x, %y) : (tensor<1000000xf32>, tensor<1000000xf32>) -> tensor<f32>
  return %r : tensor<f32>
}
module @kernels {
  func.func @k(%x: tensor<1000000xf32>, %y: tensor<1000000xf32>) -> tensor<f32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %a = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%x : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    %b = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%y : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    %r = linalg.generic {indexing_maps = [#scalar, #scalar, #scalar], iterator_types = []}
        ins(%a, %b : tensor<f32>, tensor<f32>) outs(%empty : tensor<f32>) {
    ^bb0(%s: f32, %t: f32, %out: f32):
      %sum = arith.addf %s, %t : f32
      linalg.yield %sum : f32
    } -> tensor<f32>
    return %r : tensor<f32>
  }
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// The new kernel takes a name that is free.

// CHECK-LABEL: func.func @name_of_the_pieces
//       CHECK:   %[[NODES:.*]] = tsum.launch @kernels::@[[PIECES:k_pieces_[0-9]+]](
//       CHECK:   tsum.launch @kernels::@k(%[[NODES]])
//       CHECK:   func.func @k_pieces() {
//       CHECK:   func.func @[[PIECES]](
func.func @name_of_the_pieces(%x: tensor<1000000xf32>) -> tensor<f32> {
  %r = tsum.launch @kernels::@k(%x) : (tensor<1000000xf32>) -> tensor<f32>
  return %r : tensor<f32>
}
module @kernels {
  func.func @k_pieces() {
    return
  }
  func.func @k(%x: tensor<1000000xf32>) -> tensor<f32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %r = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%x : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      linalg.yield %sum : f32
    } -> tensor<f32>
    return %r : tensor<f32>
  }
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @a_sum_that_does_not_say_what_it_is(%x: tensor<1000000xf32>) -> tensor<f32> {
  %r = tsum.launch @kernels::@k(%x) : (tensor<1000000xf32>) -> tensor<f32>
  return %r : tensor<f32>
}
module @kernels {
  func.func @k(%x: tensor<1000000xf32>) -> tensor<f32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    // expected-error @below {{yields what is no result of tsum.accumulate}}
    %r = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
        ins(%x : tensor<1000000xf32>) outs(%init : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %out, %in : f32
      linalg.yield %sum : f32
    } -> tensor<f32>
    return %r : tensor<f32>
  }
}
