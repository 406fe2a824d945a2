// RUN: rm -rf %t && mkdir %t
// RUN: tsum-compile %s -o %t/kernels.o --header %t/kernels.h
// RUN: clang -std=c11 -Wall -Wextra -Werror -I %t %S/Inputs/tsum-compile.c %t/kernels.o -o %t/program
// RUN: %t/program | FileCheck %s
//      CHECK: norms: 3.74166 8.77496
// CHECK-NEXT: difference: -11.5 -13
// CHECK-NEXT: sum: 91
// CHECK-NEXT: rows: 5 7 9 5 7 9
// CHECK-NEXT: weighted: 36
// CHECK-NEXT: sums: 6 15
// CHECK-NEXT: largest: 3 6

// What it links is C's own library.
// RUN: llvm-nm --undefined-only %t/kernels.o | FileCheck %s --check-prefix=UNDEFINED --allow-empty
// UNDEFINED-NOT: {{tsum|llvm|mlir|_Z}}
// RUN: llvm-nm --defined-only --extern-only %t/kernels.o | FileCheck %s --check-prefix=DEFINED
//      DEFINED: T deviation
// DEFINED-NEXT: T norm
// DEFINED-NEXT: T repeated
// DEFINED-NEXT: T sums_and_largest
// DEFINED-NEXT: T weighted
//  DEFINED-NOT: T

// RUN: FileCheck %s --check-prefix=HEADER --input-file %t/kernels.h
//      HEADER: /* norm: arg0 is f32[2,3], result0 is f32[2]. */
// HEADER-NEXT: void norm(const float *arg0, float *result0);
//      HEADER: #define DEVIATION_SCRATCH_BYTES {{[1-9][0-9]*}}
// HEADER-NEXT: void deviation(const float *arg0, float *result0, float *result1, void *scratch);

// The header is C++ as well.
// RUN: clang++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -x c++ %t/kernels.h

// RUN: not tsum-compile %s -o %t/none.o --target-features=+avx2,+fmaa 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNKNOWN
// RUN: not tsum-compile %s -o %t/none.o --target-features=avx2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNSIGNED
// UNKNOWN: tsum-compile: error: there is no extension '+fmaa'
// UNSIGNED: tsum-compile: error: there is no extension 'avx2'

// Only what --target-features names is used.
// RUN: tsum-compile %s --emit=asm | FileCheck %s --check-prefix=BASE --implicit-check-not=vmov
// BASE: norm:
// RUN: tsum-compile %s --emit=asm --target-features=+avx2,+fma | FileCheck %s --check-prefix=AVX2
// AVX2: vmov
// RUN: tsum-compile %s --emit=llvm | FileCheck %s --check-prefix=LLVM
// LLVM: define internal void @{{.*}}(ptr
// LLVM: define void @norm(ptr %0, ptr %1)
// RUN: tsum-compile %s --emit=mlir | FileCheck %s --check-prefix=MLIR
// MLIR: llvm.func

// RUN: echo 'func.func @f(%%x: tensor<?xf32>) -> tensor<?xf32> { return %%x : tensor<?xf32> }' > %t/dynamic.mlir
// RUN: not tsum-compile %t/dynamic.mlir -o %t/none.o 2>&1 | FileCheck %s --check-prefix=DYNAMIC
// DYNAMIC: error: argument 0 is 'tensor<?xf32>' (tensors of static shape can be compiled)
// RUN: printf 'module {}' > %t/empty.mlir
// RUN: not tsum-compile %t/empty.mlir 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: tsum-compile: error: the file has no function

func.func @norm(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %squares = tsum.square %x : tensor<2x3xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %norms = tsum.sqrt %sums : tensor<2xf32>
  return %norms : tensor<2xf32>
}

// Several kernels, with what lies between them in scratch memory.
func.func @deviation(%x: tensor<2x3xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %half = tsum.constant dense<0.5> : tensor<f32>
  %squares = tsum.square %x : tensor<2x3xf32>
  %all = tsum.reduce_sum %squares axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %shape = tsum.reshape %squares : tensor<2x3xf32> -> tensor<3x2xf32>
  %pairs = tsum.reduce_sum %x axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %columns = tsum.reduce_sum %shape axes = [0] : tensor<3x2xf32> -> tensor<2xf32>
  %scaled = tsum.broadcast %half dims = [] : tensor<f32> -> tensor<2xf32>
  %product = tsum.multiply %columns, %scaled : tensor<2xf32>
  %difference = tsum.subtract %pairs, %product : tensor<2xf32>
  return %difference, %all : tensor<2xf32>, tensor<f32>
}

// A result that no kernel stores as it is.
func.func @repeated(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %sums = tsum.reduce_sum %x axes = [0] : tensor<2x3xf32> -> tensor<3xf32>
  %rows = tsum.broadcast %sums dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
  return %rows : tensor<2x3xf32>
}

// One kernel with two results.
func.func @sums_and_largest(%x: tensor<2x3xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %sums = tsum.reduce_sum %x axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %largest = tsum.reduce_max %x axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  return %sums, %largest : tensor<2xf32>, tensor<2xf32>
}

func.func @weighted(%x: tensor<2x3xf32>) -> tensor<f32> {
  %weights = tsum.constant dense<[[1.0, 2.0, 3.0], [3.0, 2.0, 0.0]]> : tensor<2x3xf32>
  %product = tsum.multiply %x, %weights : tensor<2x3xf32>
  %sum = tsum.reduce_sum %product axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  return %sum : tensor<f32>
}
