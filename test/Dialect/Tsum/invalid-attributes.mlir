// RUN: tsum-opt %s --split-input-file --verify-diagnostics

// What passes leave for later ones.

// expected-error @below {{'tsum.row' is no attribute of tsum (valid: 'tsum.cut', 'tsum.joined', 'tsum.rows', 'tsum.columns', 'tsum.tiles',}}
func.func private @misspelt(tensor<4xf32>) attributes {tsum.row = 1}

// -----

// expected-error @below {{'tsum.cut' must be a string, given 7 : i64}}
func.func private @kind_of_cut(tensor<4xf32>) attributes {tsum.cut = 7}

// -----

// expected-error @below {{'tsum.joined' must be a string, given unit}}
func.func private @kind_of_joined(tensor<4xf32>) attributes {tsum.joined}

// -----

// expected-error @below {{'tsum.rows' must be an i64, of how many leading dimensions (0 to 2), given 7 : i64}}
func.func private @more_rows_than_dimensions(tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {tsum.rows = 7}

// -----

// expected-error @below {{'tsum.rows' must be an i64, of how many leading dimensions (0 to 1), given 2 : i64}}
func.func private @rows_of_the_smaller_result(tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>)
    attributes {tsum.rows = 2}

// -----

// expected-error @below {{'tsum.rows' must be an i64, of how many leading dimensions (0 to 2), given 3 : i64}}
func.func private @rows_of_buffers(memref<4x8xf32>, memref<4xf32>, index, index)
    attributes {tsum.rows = 3}

// -----

// expected-error @below {{'tsum.rows' must be an i64, of how many leading dimensions (0 to 2), given -1 : i64}}
func.func private @fewer_rows_than_none(tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {tsum.rows = -1}

// -----

// expected-error @below {{'tsum.rows' must be an i64, of how many leading dimensions (0 to 2), given 1 : i32}}
func.func private @width_of_rows(tensor<4x8xf32>) -> tensor<4x8xf32> attributes {tsum.rows = 1 : i32}

// -----

// expected-error @below {{'tsum.columns' must be a #tsum.columns, of fewer than 2 dimensions that are whole, given #tsum.columns<64, whole = [0, 1]>}}
func.func private @all_dimensions_are_whole(tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {tsum.columns = #tsum.columns<64, whole = [0, 1]>}

// -----

// expected-error @below {{'tsum.columns' must be a #tsum.columns, of fewer than 2 dimensions that are whole, given #tsum.columns<64, whole = [2]>}}
func.func private @whole_dimension_beyond_the_last(tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {tsum.columns = #tsum.columns<64, whole = [2]>}

// -----

// expected-error @below {{'tsum.columns' stands beside 'tsum.rows' (a kernel has one of them)}}
func.func private @rows_and_columns(tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {tsum.columns = #tsum.columns<64>, tsum.rows = 1 : i64}

// -----

// expected-error @below {{tiles of 0 columns (at least 1)}}
func.func private @no_columns(tensor<4x8xf32>) attributes {tsum.columns = #tsum.columns<0>}

// -----

// expected-error @+2 {{dimension 0 after 1 (dimensions that are whole ascend from 0)}}
func.func private @order_of_whole_dimensions(tensor<4x8x2xf32>)
    attributes {tsum.columns = #tsum.columns<64, whole = [1, 0]>}

// -----

// expected-error @below {{'tsum.tiles' must be an i64 of 0 or more, given -4 : i64}}
func.func private @fewer_tiles_than_none(memref<4xf32>, index, index) attributes {tsum.tiles = -4}

// -----

// expected-error @below {{'tsum.prefetch' belongs on an operation in a function}}
func.func private @place(tensor<4xf32>) attributes {tsum.prefetch = array<i64: 0>}

// -----

func.func @place(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tsum.tiles' belongs on a function}}
  %y = tsum.exp %x {tsum.tiles = 1} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @operand_beyond_the_last(%x: f32) -> f32 {
  // expected-error @below {{'tsum.prefetch' must be an array<i64> of operands' numbers (0 to 1), given array<i64: 2>}}
  %y = arith.addf %x, %x {tsum.prefetch = array<i64: 2>} : f32
  return %y : f32
}
