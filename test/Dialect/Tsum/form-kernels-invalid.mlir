// RUN: tsum-opt %s --tsum-form-kernels --split-input-file --verify-diagnostics --allow-unregistered-dialect
// RUN: not tsum-opt %s --tsum-compile --split-input-file --allow-unregistered-dialect 2>/dev/null
// RUN: not tsum-opt %s --tsum-form-kernels --tsum-form-kernels --split-input-file 2>&1 \
// RUN:   --allow-unregistered-dialect | FileCheck %s --check-prefix=TWICE

// TWICE: 'builtin.module' op is called 'kernels', as the module of the kernels will be, which are formed once
func.func @kernels_twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tsum.negative %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// A declaration has no work.
func.func private @declared(tensor<?xf32>) -> f32

// -----

// expected-error @below {{'func.func' op takes 'f32' as argument 0 (kernels are made of tensors of static shape, of tsum's element types and less than 2^63 bytes)}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error @below {{'func.func' op takes 'tensor<?xf32>' as argument 0}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// expected-error @below {{'func.func' op takes 'tensor<4xindex>' as argument 0}}
func.func @element_type(%x: tensor<4xindex>) -> tensor<4xindex> {
  return %x : tensor<4xindex>
}

// -----

// expected-error @below {{'func.func' op takes 'tensor<4294967296x4294967296xf32>' as argument 0}}
func.func @too_large(%x: tensor<4294967296x4294967296xf32>) -> tensor<4294967296x4294967296xf32> {
  return %x : tensor<4294967296x4294967296xf32>
}

// -----

// expected-error @below {{'func.func' op has 2 blocks, and a kernel has one}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op does not end in 'func.return'}}
func.func @unreachable(%x: tensor<4xf32>) -> tensor<4xf32> {
  ub.unreachable
}

// -----

func.func private @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tsum.negative %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @caller(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'func.call' op is no operation of tsum on tensors, of which kernels are made}}
  %y = call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @alien(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'arith.addf' op is no operation of tsum on tensors}}
  %y = arith.addf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @unregistered(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'alien.op' op is no operation of tsum on tensors}}
  %y = "alien.op"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @view(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{'tsum.transpose' op is a view, which no kernel computes}}
  %y = tsum.transpose %x permutation = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

func.func @launches(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tsum.launch @kernels::@f(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
// expected-error @below {{'builtin.module' op is called 'kernels', as the module of the kernels will be, which are formed once}}
module @kernels {
  func.func private @f(tensor<4xf32>) -> tensor<4xf32>
}
