// RUN: tsum-opt %s --split-input-file --verify-diagnostics

// Reductions.

// expected-error @below {{there is no reduction 'reduce_median'}}
func.func @unknown_reduction() attributes {test.r = #tsum.reduction<reduce_median f32>} {
  return
}

// -----

// expected-error @below {{reduce_any takes no elements of type 'f32' in kernels (valid: 'i1')}}
func.func @any_of_floats() attributes {test.r = #tsum.reduction<reduce_any f32>} {
  return
}

// -----

// expected-error @below {{reduce_max takes no elements of type 'i1' in kernels (valid: 'f32', 'f64', 'f16', 'bf16', 'i8', }}
func.func @largest_boolean() attributes {test.r = #tsum.reduction<reduce_max i1>} {
  return
}

// -----

// expected-error @below {{reduce_sum takes no elements of type 'complex<f32>' in kernels}}
func.func @sum_of_complex_numbers() attributes {test.r = #tsum.reduction<reduce_sum complex<f32>>} {
  return
}

// -----

// expected-error @below {{reduce_sum takes no elements of type 'i7' in kernels}}
func.func @sum_of_odd_integers() attributes {test.r = #tsum.reduction<reduce_sum i7>} {
  return
}

// -----

// expected-error @below {{only a sum of floats is exact}}
func.func @exact_integers() attributes {test.r = #tsum.reduction<reduce_sum i32 exact>} {
  return
}

// -----

// expected-error @below {{only an exact sum is divided, or rounded to another type}}
func.func @rounded_to_another_type() attributes {test.r = #tsum.reduction<reduce_sum f64 as f32>} {
  return
}

// -----

// expected-error @below {{an exact sum over 0 (valid: 1..140737488355327)}}
func.func @divided_by_nothing() attributes {test.r = #tsum.reduction<reduce_sum f64 exact over 0>} {
  return
}

// -----

// expected-error @below {{an exact sum as 'i32' (it is rounded to a float)}}
func.func @rounded_to_an_integer() attributes {test.r = #tsum.reduction<reduce_sum f64 exact as i32>} {
  return
}

// -----

// expected-error @below {{only a sum of floats is exact}}
func.func @exact_product() attributes {test.r = #tsum.reduction<reduce_prod f32 exact>} {
  return
}

// -----

// expected-error @below {{only sums and products of floats have nodes}}
func.func @nodes_of_a_maximum() attributes {test.r = #tsum.reduction<reduce_max f32 to nodes>} {
  return
}

// -----

// expected-error @below {{only sums and products of floats have nodes}}
func.func @nodes_of_integers() attributes {test.r = #tsum.reduction<reduce_sum i32 from nodes>} {
  return
}

// -----

// expected-error @below {{expected 'nodes'}}
func.func @to_what() attributes {test.r = #tsum.reduction<reduce_sum f32 to node>} {
  return
}

// -----

// Strategies and pieces.

// expected-error @below {{to be one of: inner, outer, narrow, short, nodes, exact, nested}}
// expected-error @below {{failed to parse Tsum_StrategyAttr parameter 'value'}}
func.func @unknown_strategy() attributes {test.s = #tsum.strategy<iner>} {
  return
}

// -----

// expected-error @below {{pieces of 1000 elements (a power of two is needed)}}
func.func @pieces_of_a_thousand() attributes {test.p = #tsum.piece<1000 of 4096>} {
  return
}

// -----

// expected-error @below {{pieces of 0 elements (a power of two is needed)}}
func.func @pieces_of_nothing() attributes {test.p = #tsum.piece<0 of 4096>} {
  return
}

// -----

// expected-error @below {{pieces of 4096 elements leave an extent of 4096 whole}}
func.func @one_piece() attributes {test.p = #tsum.piece<4096 of 4096>} {
  return
}

// -----

func.func @as_many_pieces(%x: tensor<3xf64>) -> tensor<4x3xf64> {
  // expected-error @below {{gives 'tensor<5x3xf64>' for 'tensor<3xf64>', given 'tensor<4x3xf64>'}}
  %p = tsum.pieces <256 of 1025> (%x) : (tensor<3xf64>) -> (tensor<4x3xf64>)
  return %p : tensor<4x3xf64>
}

// -----

// The number of pieces does not overflow.
func.func @most_pieces(%x: tensor<f64>) -> tensor<1xf64> {
  // expected-error @below {{gives 'tensor<36028797018963968xf64>' for 'tensor<f64>', given 'tensor<1xf64>'}}
  %p = tsum.pieces <256 of 9223372036854775807> (%x) : (tensor<f64>) -> (tensor<1xf64>)
  return %p : tensor<1xf64>
}

// -----

func.func @results_of_pieces(%x: tensor<3xf64>) -> tensor<5x3xf64> {
  // expected-error @below {{gives a result for each of its nodes, given 2 nodes and 1 results}}
  %p = tsum.pieces <256 of 1025> (%x, %x) : (tensor<3xf64>, tensor<3xf64>) -> (tensor<5x3xf64>)
  return %p : tensor<5x3xf64>
}

// -----

// tsum.accumulate.

func.func @outside_of_loops(%x: f32, %y: f32) -> f32 {
  // expected-error @below {{belongs in the body of a linalg.generic}}
  %r = tsum.accumulate <reduce_sum f32> (%x) into (%y) : (f32) into (f32)
  return %r : f32
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @in_a_branch(%x: tensor<8xf32>, %init: tensor<f32>, %c: i1) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %r = scf.if %c -> f32 {
      // expected-error @below {{belongs in the body of a linalg.generic}}
      %sum = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
      scf.yield %sum : f32
    } else {
      scf.yield %out : f32
    }
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>

func.func @nothing_is_reduced(%x: tensor<8xf32>, %init: tensor<8xf32>) {
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{belongs in a linalg.generic that reduces a dimension}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    linalg.yield %r : f32
  } -> tensor<8xf32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @type_of_elements(%x: tensor<8xf64>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf64>) outs(%init : tensor<f32>) {
  ^bb0(%in: f64, %out: f32):
    // expected-error @below {{takes 1 values of type 'f32' for #tsum.reduction<reduce_sum f32>, given ('f64')}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f64) into (f32)
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @half_a_node(%x: tensor<8xf64>, %init: tensor<f64>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf64>) outs(%init : tensor<f64>) {
  ^bb0(%in: f64, %out: f64):
    // expected-error @below {{takes 2 values of type 'f64' for #tsum.reduction<reduce_sum f64 from nodes>, given ('f64')}}
    %r = tsum.accumulate <reduce_sum f64 from nodes> (%in) into (%out) : (f64) into (f64)
    linalg.yield %r : f64
  } -> tensor<f64>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @type_of_nodes(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{accumulates into 1 values of type 'f64' for #tsum.reduction<reduce_sum f32 to nodes>, given ('f32')}}
    %r = tsum.accumulate <reduce_sum f32 to nodes> (%in) into (%out) : (f32) into (f32)
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @type_of_result(%x: tensor<8xf32>, %init: tensor<i64>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<i64>) {
  ^bb0(%in: f32, %out: i64):
    // expected-error @below {{accumulates into 1 values of type 'f32' for #tsum.reduction<reduce_sum f32>, given ('i64')}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (i64)
    linalg.yield %r : i64
  } -> tensor<i64>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @two_results_of_one_reduction(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init, %init : tensor<f32>, tensor<f32>) {
  ^bb0(%in: f32, %a: f32, %b: f32):
    // expected-error @below {{accumulates into 1 values of type 'f32' for #tsum.reduction<reduce_sum f32>, given ('f32', 'f32')}}
    %r:2 = tsum.accumulate <reduce_sum f32> (%in) into (%a, %b) : (f32) into (f32, f32)
    linalg.yield %r#0, %r#1 : f32, f32
  } -> (tensor<f32>, tensor<f32>)
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @into_an_input(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{accumulates into an output of its linalg.generic}}
    %r = tsum.accumulate <reduce_sum f32> (%out) into (%in) : (f32) into (f32)
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @into_a_number(%x: tensor<8xf32>, %init: tensor<f32>, %number: f32) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{accumulates into an output of its linalg.generic}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%number) : (f32) into (f32)
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @parts_of_a_node_swapped(%x: tensor<8xf64>, %init: tensor<f64>) {
  linalg.generic {indexing_maps = [#line, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf64>) outs(%init, %init : tensor<f64>, tensor<f64>) {
  ^bb0(%in: f64, %a: f64, %b: f64):
    // expected-error @below {{accumulates into outputs that follow each other}}
    %r:2 = tsum.accumulate <reduce_sum f64 to nodes> (%in) into (%b, %a) : (f64) into (f64, f64)
    linalg.yield %r#1, %r#0 : f64, f64
  } -> (tensor<f64>, tensor<f64>)
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @what_there_is_so_far_is_read(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %distance = arith.subf %in, %out : f32
    // expected-error @below {{alone takes what its outputs have so far}}
    %r = tsum.accumulate <reduce_sum f32> (%distance) into (%out) : (f32) into (f32)
    linalg.yield %r : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @into_one_output_and_yielded_for_another(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init, %init : tensor<f32>, tensor<f32>) {
  ^bb0(%in: f32, %a: f32, %b: f32):
    // expected-error @below {{gives what its linalg.generic yields for that output}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%a) : (f32) into (f32)
    %s = tsum.accumulate <reduce_sum f32> (%in) into (%b) : (f32) into (f32)
    linalg.yield %s, %r : f32, f32
  } -> (tensor<f32>, tensor<f32>)
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @yielded_twice(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init, %init : tensor<f32>, tensor<f32>) {
  ^bb0(%in: f32, %a: f32, %b: f32):
    // expected-error @below {{gives what its linalg.generic yields for that output}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%a) : (f32) into (f32)
    linalg.yield %r, %r : f32, f32
  } -> (tensor<f32>, tensor<f32>)
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @changed_before_it_is_yielded(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{gives what its linalg.generic yields for that output}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    %negative = arith.negf %r : f32
    linalg.yield %negative : f32
  } -> tensor<f32>
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// The body is not verified when the op in it is.
func.func @fewer_values_yielded_than_outputs(%x: tensor<8xf32>, %init: tensor<f32>) {
  linalg.generic {indexing_maps = [#line, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%init, %init : tensor<f32>, tensor<f32>) {
  ^bb0(%in: f32, %a: f32, %b: f32):
    // expected-error @below {{gives what its linalg.generic yields for that output}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%b) : (f32) into (f32)
    linalg.yield %r : f32
  } -> (tensor<f32>, tensor<f32>)
  return
}

// -----

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

func.func @body_that_does_not_yield(%x: tensor<8xf32>, %init: tensor<f32>) {
  "linalg.generic"(%x, %init) <{indexing_maps = [#line, #none],
      iterator_types = [#linalg.iterator_type<reduction>],
      operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%in: f32, %out: f32):
    // expected-error @below {{gives what its linalg.generic yields for that output}}
    %r = tsum.accumulate <reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    "func.return"(%r) : (f32) -> ()
  }) : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @limbs_of_nothing(%x: memref<4xf32>, %limbs: memref<16xi64>) {
  %zero = arith.constant 0 : index
  // expected-error @below {{calls "subtract", which tsum/Exact/Calls.def has not}}
  tsum.limbs "subtract" f32(%limbs, %x) at (%zero, %zero) numbers [4, 0] : memref<16xi64>, memref<4xf32>
  return
}

// -----

func.func @limbs_of_integers(%x: memref<4xf32>, %limbs: memref<16xi64>) {
  %zero = arith.constant 0 : index
  // expected-error @below {{is for elements of 'i32' (valid: f32, f64)}}
  tsum.limbs "add" i32(%limbs, %x) at (%zero, %zero) numbers [4, 0] : memref<16xi64>, memref<4xf32>
  return
}

// -----

func.func @limbs_of_too_few_numbers(%x: memref<4xf32>, %limbs: memref<16xi64>) {
  %zero = arith.constant 0 : index
  // expected-error @below {{takes 3 buffers and 2 numbers}}
  tsum.limbs "add" f32(%limbs, %x) at (%zero, %zero) numbers [4] : memref<16xi64>, memref<4xf32>
  return
}
