// What no pass on kernels on buffers works on.

// RUN: tsum-opt %s --tsum-overlap-stores --split-input-file --verify-diagnostics
// RUN: tsum-opt %s --tsum-vectorize --split-input-file --verify-diagnostics
// RUN: tsum-opt %s --tsum-to-llvm --split-input-file --verify-diagnostics

// expected-error @below {{'func.func' op has no body, of which a kernel could be made}}
func.func private @declared(memref<4xf32>)

// -----

// expected-error @below {{'func.func' op has 2 blocks, and a kernel has one}}
func.func @blocks(%x: memref<4xf32>, %begin: index, %end: index) {
  cf.br ^next
^next:
  return
}

// -----

// expected-error @below {{'func.func' op does not end in 'func.return'}}
func.func @unreachable(%x: memref<4xf32>, %begin: index, %end: index) {
  ub.unreachable
}

// -----

// expected-error @below {{'func.func' op takes 'memref<?xf32>' as argument 0, and values of a kernel are of static shape}}
func.func @dynamic(%x: memref<?xf32>, %begin: index, %end: index) {
  return
}

// -----

// expected-error @below {{'func.func' op takes 'memref<*xf32>' as argument 0, and values of a kernel are of static shape}}
func.func @unranked(%x: memref<*xf32>, %begin: index, %end: index) {
  return
}

// -----

// expected-error @below {{takes 'memref<4294967296x4294967296xf32>' as argument 0, and values of a kernel have less than 2^63 bytes}}
func.func @too_large(%x: memref<4294967296x4294967296xf32>, %begin: index, %end: index) {
  return
}

// -----

// expected-error @below {{and values of a kernel have strided buffers}}
func.func @layout(%x: memref<8xf32, affine_map<(i) -> (i floordiv 2)>>, %begin: index,
                  %end: index) {
  return
}

// -----

// expected-error @below {{takes 'memref<4xi128>' as argument 0, and values of a kernel have elements of i8, i16, i32, i64, f16, f32 or f64 in memory}}
func.func @wide(%x: memref<4xi128>, %begin: index, %end: index) {
  return
}

// -----

// expected-error @below {{takes 'memref<4xvector<2xf32>>' as argument 0, and values of a kernel have elements of i8}}
func.func @vectors(%x: memref<4xvector<2xf32>>, %begin: index, %end: index) {
  return
}

// -----

func.func @result(%x: memref<4xf32>, %begin: index, %end: index) {
  // expected-error @below {{'memref.cast' op has the result 'memref<*xf32>', and values of a kernel are of static shape}}
  %y = memref.cast %x : memref<4xf32> to memref<*xf32>
  return
}

// -----

func.func @scalable(%x: memref<4xf32>, %begin: index, %end: index) {
  // expected-error @below {{has the result 'vector<[4]xindex>', and values of a kernel have vectors of fixed length}}
  %y = vector.step : vector<[4]xindex>
  return
}

// -----

func.func @calls(%x: memref<4xf32>, %begin: index, %end: index) {
  // expected-error @below {{'func.call' op calls another function, and no kernel has such operations}}
  call @calls(%x, %begin, %end) : (memref<4xf32>, index, index) -> ()
  return
}

// -----

// expected-error @below {{'func.func' op is '(tensor<4xf32>) -> tensor<4xf32>', and kernels at this stage take buffers and return nothing}}
func.func @tensors(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

func.func @tensor(%x: memref<4xf32>, %begin: index, %end: index) {
  // expected-error @below {{'tensor.empty' op has the result 'tensor<4xf32>', and kernels at this stage have no tensors}}
  %y = tensor.empty() : tensor<4xf32>
  return
}

// -----

func.func @wide_vector(%x: memref<4xf32>, %begin: index, %end: index) {
  // expected-error @below {{has the result 'vector<2147483648xf32>', and values of a kernel have vectors of at most 8192 lanes}}
  %y = ub.poison : vector<2147483648xf32>
  return
}
