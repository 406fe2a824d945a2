// RUN: tsum-opt %s --split-input-file --verify-diagnostics

func.func @element_of_a_dynamic_tensor(%x: tensor<?x8xi1>) -> tensor<?x8xi1> {
  // expected-error @below {{operand #0 must be tensor of f32/f64/f16/bf16/i8/i16/i32/i64/ui8/ui16/ui32/ui64/complex<f32>/complex<f64> with less than 2^63 bytes, but got 'tensor<?x8xi1>'}}
  %r = tsum.negative %x : tensor<?x8xi1>
  return %r : tensor<?x8xi1>
}

// -----

func.func @dynamic_beside_static(%x: tensor<?xf32>, %y: tensor<4xf32>) -> tensor<?xf32> {
  // expected-error @below {{failed to verify that all of {x, y} have same type}}
  %r = "tsum.add"(%x, %y) : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %x : tensor<?xf32>
}

// -----

func.func @cast_to_a_dynamic_extent(%x: tensor<4xf32>) -> tensor<?xf64> {
  // expected-error @below {{result type 'tensor<?xf64>' does not have the shape of the operand, 'tensor<4xf32>' (a dynamic extent stays one)}}
  %r = tsum.cast %x : tensor<4xf32> -> tensor<?xf64>
  return %r : tensor<?xf64>
}

// -----

func.func @reduced_to_a_dynamic_extent(%x: tensor<4x8xf32>) -> tensor<?xf32> {
  // expected-error @below {{result type 'tensor<?xf32>' does not match the reduced type 'tensor<4xf32>'}}
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

func.func @repeated_how_often(%x: tensor<?xf32>) -> tensor<?x?xf32> {
  // expected-error @below {{repeats the operand along dimension 1 of 'tensor<?x?xf32>', whose extent is dynamic (give how often)}}
  %r = tsum.broadcast %x dims = [0] : tensor<?xf32> -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// -----

func.func @reshape_of_dynamic_extents(%x: tensor<?x8xf32>) -> tensor<?xf32> {
  // expected-error @below {{makes 'tensor<?xf32>' of 'tensor<?x8xf32>' (where extents are dynamic, it adds and drops extents of 1 alone)}}
  %r = tsum.reshape %x : tensor<?x8xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

func.func @slice_of_a_dynamic_extent(%x: tensor<?xf32>) -> tensor<2xf32> {
  // expected-error @below {{has the operand 'tensor<?xf32>', and is of static shapes alone}}
  %r = tsum.slice %x starts = [0] steps = [1] : tensor<?xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @iota_of_a_dynamic_extent() -> tensor<?xi32> {
  // expected-error @below {{has the result 'tensor<?xi32>', and is of static shapes alone}}
  %r = tsum.iota steps = [1] : tensor<?xi32>
  return %r : tensor<?xi32>
}

// -----

func.func @node_along_a_dynamic_extent(%x: tensor<?xf32>) -> tensor<f64> {
  // expected-error @below {{gives a node along dynamic extents of 'tensor<?xf32>', of which some have none (give static ones)}}
  %r = tsum.reduce_sum %x axes = [0] node 0 : tensor<?xf32> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @quotient_along_a_dynamic_extent(%x: tensor<?xf32>) -> tensor<f32> {
  // expected-error @below {{is divided, or rounded to another type, along dynamic extents of 'tensor<?xf32>', which sums of one element are not (give static ones)}}
  %r = tsum.reduce_sum %x axes = [0] exact over 3 : tensor<?xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @below {{found 'tensor<*xf32>'}}
  %r = tsum.negative %x : tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The product of the extents is 2^64, which is 0 in 64 bits.
func.func @too_large(%x: tensor<4294967296x4294967296xf32>) -> tensor<f32> {
  // expected-error @below {{less than 2^63 bytes, but got 'tensor<4294967296x4294967296xf32>'}}
  %r = tsum.reduce_sum %x axes = [0, 1] : tensor<4294967296x4294967296xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @element_type(%x: tensor<4xi1>) -> tensor<4xi1> {
  // expected-error @below {{must be tensor of f32/f64/f16/bf16/i8/i16/i32/i64/ui8/ui16/ui32/ui64/complex<f32>/complex<f64> with less than 2^63 bytes, but got 'tensor<4xi1>'}}
  %r = tsum.negative %x : tensor<4xi1>
  return %r : tensor<4xi1>
}

// -----

func.func @comparison_of_types(%x: tensor<4xi8>, %y: tensor<4xi16>) -> tensor<4xi1> {
  // expected-note @above {{prior use here}}
  // expected-error @below {{expects different type than prior uses}}
  %r = tsum.less %x, %y : tensor<4xi8>
  return %r : tensor<4xi1>
}

// -----

func.func @condition(%x: tensor<4xf32>, %c: tensor<5xi1>) -> tensor<4xf32> {
  // expected-note @above {{prior use here}}
  // expected-error @below {{expects different type than prior uses}}
  %r = tsum.where %c, %x, %x : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @steps() -> tensor<4x2xi32> {
  // expected-error @below {{has 1 steps for a result of rank 2 (give one per dimension)}}
  %r = tsum.iota steps = [1] : tensor<4x2xi32>
  return %r : tensor<4x2xi32>
}

// -----

func.func @domain(%x: tensor<4xi32>) -> tensor<4xi32> {
  // expected-error @below {{must be tensor of f32/f64/f16/bf16/complex<f32>/complex<f64> with less than 2^63 bytes, but got 'tensor<4xi32>'}}
  %r = tsum.sqrt %x : tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

func.func @axis_out_of_range(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tsum.reduce_sum' op axis 3 is out of range for a tensor of rank 2 (valid: 0..1)}}
  %r = tsum.reduce_sum %x axes = [3] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @negative_axis(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-error @below {{axis -1 is out of range for a tensor of rank 2 (valid: 0..1)}}
  %r = tsum.reduce_sum %x axes = [-1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @axis_beyond_32_bits(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  // expected-error @below {{axis 4294967296 is out of range for a tensor of rank 2 (valid: 0..1)}}
  %r = tsum.reduce_sum %x axes = [4294967296] : tensor<4x8xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

func.func @axis_of_scalar(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{axis 0 is out of range for a tensor of rank 0 (a scalar has none)}}
  %r = tsum.reduce_sum %x axes = [0] : tensor<f32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @axis_twice(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-error @below {{axis 1 is given twice}}
  %r = tsum.reduce_sum %x axes = [1, 1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @axis_twice_apart(%x: tensor<4x8xf32>) -> tensor<f32> {
  // expected-error @below {{axis 1 is given twice}}
  %r = tsum.reduce_sum %x axes = [1, 0, 1] : tensor<4x8xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @reduced_type(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  // expected-error @below {{result type 'tensor<8xf32>' does not match the reduced type 'tensor<4xf32>'}}
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

func.func @reduced_type_keepdims(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-error @below {{result type 'tensor<4xf32>' does not match the reduced type 'tensor<4x1xf32>'}}
  %r = tsum.reduce_sum %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @reduced_element_type(%x: tensor<4x8xui8>) -> tensor<4xi32> {
  // expected-error @below {{result type 'tensor<4xi32>' does not match the reduced type 'tensor<4xui8>'}}
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x8xui8> -> tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

func.func @number_of_dims(%x: tensor<4xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{has 2 dims for an operand of rank 1 (give one per dimension)}}
  %r = tsum.broadcast %x dims = [0, 1] : tensor<4xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @dim_out_of_range(%x: tensor<4xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{dim 2 is out of range for a tensor of rank 2 (valid: 0..1)}}
  %r = tsum.broadcast %x dims = [2] : tensor<4xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @dims_descend(%x: tensor<8x4xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{dim 0 follows 1, and they must ascend}}
  %r = tsum.broadcast %x dims = [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @unit_extent_does_not_stretch(%x: tensor<1xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{dimension 0 of the operand has extent 1, dimension 1 of the result 8 (they must be equal)}}
  %r = tsum.broadcast %x dims = [1] : tensor<1xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @broadcast_element_type(%x: tensor<4xf32>) -> tensor<4x8xf64> {
  // expected-error @below {{requires the same element type for all operands and results}}
  %r = tsum.broadcast %x dims = [0] : tensor<4xf32> -> tensor<4x8xf64>
  return %r : tensor<4x8xf64>
}

// -----

func.func @reshape_elements(%x: tensor<4x8xf32>) -> tensor<31xf32> {
  // expected-error @below {{operand has 32 elements, result 31 (they must be equal)}}
  %r = tsum.reshape %x : tensor<4x8xf32> -> tensor<31xf32>
  return %r : tensor<31xf32>
}

// -----

func.func @reshape_element_type(%x: tensor<4xf32>) -> tensor<4xi32> {
  // expected-error @below {{requires the same element type for all operands and results}}
  %r = tsum.reshape %x : tensor<4xf32> -> tensor<4xi32>
  return %r : tensor<4xi32>
}

// -----

func.func @cast_shape(%x: tensor<4xf32>) -> tensor<5xf64> {
  // expected-error @below {{requires the same shape for all operands and results}}
  %r = tsum.cast %x : tensor<4xf32> -> tensor<5xf64>
  return %r : tensor<5xf64>
}

// -----

func.func @constant_type() -> tensor<4xf32> {
  // expected-error @below {{failed to verify that all of {value, result} have same type}}
  %r = "tsum.constant"() {value = dense<0.0> : tensor<5xf32>} : () -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// expected-error @below {{'tsum.strides' of argument 1 has 1 strides for rank 2}}
func.func private @number_of_strides(tensor<f32>, tensor<4x8xf32> {tsum.strides = array<i64: 1>})

// -----

// expected-error @below {{'tsum.strides' of argument 0 must be an array<i64>, given [8, 1]}}
func.func private @kind_of_strides(tensor<4x8xf32> {tsum.strides = [8, 1]})

// -----

// expected-error @below {{'tsum.strides' of argument 0 is known of static shapes alone, given 'tensor<?xf32>'}}
func.func private @strides_of_a_dynamic_shape(tensor<?xf32> {tsum.strides = array<i64: 1>})

// -----

// -2^63, which MLIR takes for unknown.
// expected-error @below {{'tsum.strides' of argument 0 reach over 2^63 bytes or more, given [-9223372036854775808] for 'tensor<1xi8>'}}
func.func private @unknown_stride(tensor<1xi8> {tsum.strides = array<i64: -9223372036854775808>})

// -----

// expected-error @below {{'tsum.strides' of result 0 has 1 strides for rank 2}}
func.func private @strides_of_result() -> (tensor<4x8xf32> {tsum.strides = array<i64: 1>})

// -----

// expected-error @below {{'tsum.offset' of argument 0 must be an i64, given 1.000000e+00 : f64}}
func.func private @kind_of_offset(tensor<4xf32> {tsum.offset = 1.0})

// -----

// expected-error @below {{'tsum.rows' is no result attribute of tsum (valid: 'tsum.name', 'tsum.offset', 'tsum.strides')}}
func.func private @attribute_of_result() -> (tensor<4xf32> {tsum.rows = 1})

// -----

// expected-error @below {{'tsum.strides' belongs on a ranked tensor, and argument 0 is 'f32'}}
func.func private @strides_of_number(f32 {tsum.strides = array<i64>})

// -----

// expected-error @below {{'tsum.name' of argument 0 must be a string, given 7}}
func.func private @name_is_string(tensor<4xf32> {tsum.name = 7})

// -----

// expected-error @below {{'tsum.nane' is no argument attribute of tsum (valid: 'tsum.name', 'tsum.offset', 'tsum.strides')}}
func.func private @misspelt(tensor<4xf32> {tsum.nane = "x"})

// -----

func.func @unknown_kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{launches @kernels::@f, which is no function}}
  %r = tsum.launch @kernels::@f(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @launch_for_nothing(%x: tensor<4xf32>) {
  // expected-error @below {{has no result}}
  tsum.launch @kernels::@f(%x) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @permutation(%x: tensor<4x8xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{permutation [0, 0] does not name each dimension of a tensor of rank 2 once}}
  %r = tsum.transpose %x permutation = [0, 0] : tensor<4x8xf32> -> tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}

// -----

func.func @exact_integers(%x: tensor<4xi32>) -> tensor<i32> {
  // expected-error @below {{is exact, which only sums of floats can be}}
  %r = tsum.reduce_sum %x axes = [0] exact : tensor<4xi32> -> tensor<i32>
  return %r : tensor<i32>
}

// -----

func.func @node_of_integers(%x: tensor<4xi32>) -> tensor<f64> {
  // expected-error @below {{gives a node, which only sums and products of floats have}}
  %r = tsum.reduce_sum %x axes = [0] node 0 : tensor<4xi32> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @node_of_an_exact_sum(%x: tensor<4xf32>) -> tensor<f64> {
  // expected-error @below {{gives a node, which only sums and products of floats have}}
  %r = tsum.reduce_sum %x axes = [0] exact node 0 : tensor<4xf32> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @second_number_of_one(%x: tensor<4xf32>) -> tensor<f64> {
  // expected-error @below {{gives number 1 of its nodes, which have 1 (counted from 0)}}
  %r = tsum.reduce_sum %x axes = [0] node 1 : tensor<4xf32> -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @node_of_one_element(%x: tensor<1x4xf32>) -> tensor<4xf64> {
  // expected-error @below {{gives a node, of which 'tensor<1x4xf32>' has none along [0]}}
  %r = tsum.reduce_sum %x axes = [0] node 0 : tensor<1x4xf32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @type_of_a_node(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @below {{does not match the reduced type 'tensor<f64>'}}
  %r = tsum.reduce_sum %x axes = [0] node 0 : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @length_of_permutation(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-error @below {{permutation [0] does not name each dimension of a tensor of rank 2 once}}
  %r = tsum.transpose %x permutation = [0] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @exact_product(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @below {{is exact, which only sums of floats can be}}
  %r = tsum.reduce_prod %x axes = [0] exact : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @divided_and_not_exact(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @below {{is divided, which only exact sums are}}
  %r = tsum.reduce_sum %x axes = [0] over 3 : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @divided_by_nothing(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @below {{is divided by 0 (valid: 1..140737488355327)}}
  %r = tsum.reduce_sum %x axes = [0] exact over 0 : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @divided_by_too_much(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @below {{is divided by 140737488355328 (valid: 1..140737488355327)}}
  %r = tsum.reduce_sum %x axes = [0] exact over 140737488355328 : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @rounded_to_an_integer(%x: tensor<4xf32>) -> tensor<i32> {
  // expected-error @below {{is exact and rounded to 'i32' (give a float)}}
  %r = tsum.reduce_sum %x axes = [0] exact : tensor<4xf32> -> tensor<i32>
  return %r : tensor<i32>
}

// -----

func.func @rounded_and_not_exact(%x: tensor<4xf64>) -> tensor<f32> {
  // expected-error @below {{result type 'tensor<f32>' does not match the reduced type 'tensor<f64>'}}
  %r = tsum.reduce_sum %x axes = [0] : tensor<4xf64> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @quotient_of_one_element(%x: tensor<4x1xf64>) -> tensor<4xf32> {
  // expected-error @below {{is a sum of one element of 'tensor<4x1xf64>' along [1], which is neither divided nor rounded}}
  %r = tsum.reduce_sum %x axes = [1] exact : tensor<4x1xf64> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @transposed_type(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{result type 'tensor<4x8xf32>' does not match the transposed type 'tensor<8x4xf32>'}}
  %r = tsum.transpose %x permutation = [1, 0] : tensor<4x8xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @number_of_starts(%x: tensor<4x8xf32>) -> tensor<2x8xf32> {
  // expected-error @below {{has 1 starts, 2 steps and a result of rank 2 for an operand of rank 2 (give one per dimension)}}
  %r = tsum.slice %x starts = [0] steps = [2, 1] : tensor<4x8xf32> -> tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// -----

func.func @rank_of_slice(%x: tensor<4x8xf32>) -> tensor<2xf32> {
  // expected-error @below {{has 2 starts, 2 steps and a result of rank 1 for an operand of rank 2 (give one per dimension)}}
  %r = tsum.slice %x starts = [0, 0] steps = [2, 1] : tensor<4x8xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @step_of_zero(%x: tensor<4xf32>) -> tensor<1xf32> {
  // expected-error @below {{step 0 is 0 (it must be positive or negative)}}
  %r = tsum.slice %x starts = [0] steps = [0] : tensor<4xf32> -> tensor<1xf32>
  return %r : tensor<1xf32>
}

// -----

func.func @slice_beyond_the_end(%x: tensor<4xf32>) -> tensor<2xf32> {
  // expected-error @below {{dimension 0 takes 2 elements from 2 in steps of 2, and the operand has 4}}
  %r = tsum.slice %x starts = [2] steps = [2] : tensor<4xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @slice_before_the_start(%x: tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @below {{dimension 0 takes 3 elements from 1 in steps of -1, and the operand has 4}}
  %r = tsum.slice %x starts = [1] steps = [-1] : tensor<4xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @slice_around_64_bits(%x: tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @below {{dimension 0 takes 3 elements from 0 in steps of 9223372036854775807, and the operand has 4}}
  %r = tsum.slice %x starts = [0] steps = [9223372036854775807] : tensor<4xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @parts_of_different_types(%x: tensor<4xf32>, %y: tensor<4xf64>) -> tensor<4xcomplex<f32>> {
  // expected-note @above {{prior use here}}
  // expected-error @below {{expects different type than prior uses: 'tensor<4xf32>' vs 'tensor<4xf64>'}}
  %r = tsum.complex %x, %y : tensor<4xcomplex<f32>>
  return %r : tensor<4xcomplex<f32>>
}

// -----

func.func @order_of_complex_numbers(%x: tensor<4xcomplex<f32>>) -> tensor<4xi1> {
  // expected-error @below {{must be tensor of f32/f64/f16/bf16/i8/i16/i32/i64/ui8/ui16/ui32/ui64 with less than 2^63 bytes, but got 'tensor<4xcomplex<f32>>'}}
  %r = tsum.less %x, %x : tensor<4xcomplex<f32>>
  return %r : tensor<4xi1>
}

// -----

func.func @real_part_of_a_real_number(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{must be tensor of complex<f32>/complex<f64> with less than 2^63 bytes, but got 'tensor<4xf32>'}}
  %r = tsum.real %x : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @pieces_without_order(%x: tensor<1000xi32>) -> tensor<4xf64> {
  // expected-error @below {{gives a node, which only sums and products of floats have}}
  %r = tsum.reduce_pieces <reduce_sum i32> %x axes = [0] in <256 of 1000> node 0 : tensor<1000xi32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_of_nodes(%x: tensor<1000xf64>) -> tensor<4xf64> {
  // expected-error @below {{is of #tsum.reduction<reduce_sum f64 from nodes> (no part of one, and none that is exact)}}
  %r = tsum.reduce_pieces <reduce_sum f64 from nodes> %x axes = [0] in <256 of 1000> node 0 : tensor<1000xf64> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_of_a_maximum(%x: tensor<1000xf32>) -> tensor<4xf64> {
  // expected-error @below {{gives a node, which only sums and products of floats have}}
  %r = tsum.reduce_pieces <reduce_max f32> %x axes = [0] in <256 of 1000> node 0 : tensor<1000xf32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_of_another_type(%x: tensor<1000xf32>) -> tensor<4xf64> {
  // expected-error @below {{#tsum.reduction<reduce_sum f64> does not reduce elements of 'tensor<1000xf32>'}}
  %r = tsum.reduce_pieces <reduce_sum f64> %x axes = [0] in <256 of 1000> node 0 : tensor<1000xf32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_over_nothing(%x: tensor<1000xf32>) -> tensor<4xf64> {
  // expected-error @below {{reduces nothing (give its axes)}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [] in <256 of 1000> node 0 : tensor<1000xf32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_of_a_dynamic_extent(%x: tensor<1000x?xf32>) -> tensor<4x?xf64> {
  // expected-error @below {{takes static extents of 1 or more, not those of 'tensor<1000x?xf32>'}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [0] in <256 of 1000> node 0 : tensor<1000x?xf32> -> tensor<4x?xf64>
  return %r : tensor<4x?xf64>
}

// -----

func.func @pieces_of_another_extent(%x: tensor<8x1000xf32>) -> tensor<8x4xf64> {
  // expected-error @below {{cuts an extent of 1000, and dimension 0 of 'tensor<8x1000xf32>' has 8}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [0, 1] in <256 of 1000> node 0 : tensor<8x1000xf32> -> tensor<8x4xf64>
  return %r : tensor<8x4xf64>
}

// -----

func.func @pieces_of_half_a_block(%x: tensor<1000xf32>) -> tensor<8xf64> {
  // expected-error @below {{has pieces of 128, which are no nodes of the tree (powers of two are, of blocks of 256 where one dimension is reduced)}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [0] in <128 of 1000> node 0 : tensor<1000xf32> -> tensor<8xf64>
  return %r : tensor<8xf64>
}

// -----

func.func @pieces_of_one_number(%x: tensor<1000xf32>) -> tensor<4xf64> {
  // expected-error @below {{gives one of the numbers of its nodes, which have 1 (node 0)}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [0] in <256 of 1000> node 1 : tensor<1000xf32> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_of_another_shape(%x: tensor<1000xf32>) -> tensor<3xf64> {
  // expected-error @below {{result type 'tensor<3xf64>' does not match 'tensor<4xf64>'}}
  %r = tsum.reduce_pieces <reduce_sum f32> %x axes = [0] in <256 of 1000> node 0 : tensor<1000xf32> -> tensor<3xf64>
  return %r : tensor<3xf64>
}

// -----

func.func @merge_of_half_a_node(%n: tensor<4xf64>) -> tensor<f64> {
  // expected-error @below {{takes nodes of 2 numbers each, given 1}}
  %r = tsum.merge_nodes <reduce_sum f64> (%n) axes = [0] : (tensor<4xf64>) -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @merge_of_nothing(%n: tensor<4xf64>) -> tensor<f64> {
  // expected-error @below {{takes the numbers of nodes, as tensors of one shape}}
  %r = tsum.merge_nodes <reduce_sum f64> () axes = [0] : () -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @merge_of_two_shapes(%n: tensor<4xf64>, %m: tensor<5xf64>) -> tensor<f64> {
  // expected-error @below {{takes the numbers of nodes, as tensors of one shape}}
  %r = tsum.merge_nodes <reduce_sum f64> (%n, %m) axes = [0] : (tensor<4xf64>, tensor<5xf64>) -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @merge_to_another_type(%n: tensor<4xf64>) -> tensor<f64> {
  // expected-error @below {{result type 'tensor<f64>' does not match the reduced type 'tensor<f32>'}}
  %r = tsum.merge_nodes <reduce_sum f32> (%n) axes = [0] : (tensor<4xf64>) -> tensor<f64>
  return %r : tensor<f64>
}

// -----

func.func @merge_of_an_exact_sum(%n: tensor<4xf64>) -> tensor<f32> {
  // expected-error @below {{is of #tsum.reduction<reduce_sum f32 exact> (no part of one, and none that is exact)}}
  %r = tsum.merge_nodes <reduce_sum f32 exact> (%n) axes = [0] : (tensor<4xf64>) -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @pieces_without_a_number(%x: tensor<1000xf64>) -> tensor<4xf64> {
  // expected-error @below {{gives one of the numbers of its nodes, which have 2 (node 0 or 1)}}
  %r = tsum.reduce_pieces <reduce_sum f64> %x axes = [0] in <256 of 1000> : tensor<1000xf64> -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

func.func @pieces_that_are_rounded(%x: tensor<1000xf16>) -> tensor<4xf16> {
  // expected-error @below {{is of #tsum.reduction<reduce_max f16>, which is reduced in a wider type and rounded at the end alone}}
  %r = tsum.reduce_pieces <reduce_max f16> %x axes = [0] in <256 of 1000> : tensor<1000xf16> -> tensor<4xf16>
  return %r : tensor<4xf16>
}

// -----

func.func @merge_of_results(%n: tensor<4xf64>) -> tensor<f64> {
  // expected-error @below {{is of #tsum.reduction<reduce_max f64>, which has no nodes: it reduces results}}
  %r = tsum.merge_nodes <reduce_max f64> (%n) axes = [0] : (tensor<4xf64>) -> tensor<f64>
  return %r : tensor<f64>
}
