// What no pass on kernels on tensors works on.

// RUN: tsum-opt %s --tsum-fuse --split-input-file --verify-diagnostics --allow-unregistered-dialect
// RUN: tsum-opt %s --tsum-join-reductions --split-input-file --verify-diagnostics \
// RUN:   --allow-unregistered-dialect
// RUN: tsum-opt %s --tsum-tile --split-input-file --verify-diagnostics --allow-unregistered-dialect

// expected-error @below {{'func.func' op has no body, of which a kernel could be made}}
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>

// -----

// expected-error @below {{'func.func' op has 2 blocks, and a kernel has one}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{takes 'tensor<?xf32>' as argument 0, and values of a kernel are of static shape}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// expected-error @below {{'func.func' op is '(f32) -> f32', and kernels at this stage take tensors and return some}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error @below {{takes 'tensor<8xi7>' as argument 0, and values of a kernel have elements of i8, i16, i32, i64, f16, f32 or f64 in memory (tsum-to-linalg makes them so)}}
func.func @bits(%x: tensor<8xi7>) -> tensor<8xi7> {
  return %x : tensor<8xi7>
}

// -----

// expected-error @below {{takes 'tensor<8xf32, "sparse">' as argument 0, and values of a kernel have tensors without an encoding}}
func.func @encoding(%x: tensor<8xf32, "sparse">) -> tensor<8xf32> {
  %y = tensor.empty() : tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

func.func @unregistered(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'alien.op' op is not registered, and no kernel has such operations}}
  %y = "alien.op"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
