// RUN: rm -rf %t && mkdir %t
// RUN: tsum-run %s --function x --output %t/x.npy
// RUN: printf 'no numbers' > %t/text.npy
// RUN: printf 'func.func @f(' > %t/cut.mlir
// RUN: printf 'module {}' > %t/empty.mlir

// RUN: not tsum-run %s --function sum --input %t/x.npy 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: tsum-run-errors.mlir:[[#@LINE+1]]:16: error: argument 0 ('{{.*}}x.npy') is f32[2,3], and the function takes 'tensor<4x9xf32>'
func.func @sum(%x: tensor<4x9xf32>) -> tensor<4xf32> {
  %r = tsum.reduce_sum %x axes = [1] : tensor<4x9xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// RUN: not tsum-run %s --function dtype --input %t/x.npy 2>&1 | FileCheck %s --check-prefix=DTYPE
// DTYPE: is f32[2,3], and the function takes 'tensor<2x3xf64>'
func.func @dtype(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  return %x : tensor<2x3xf64>
}

// RUN: not tsum-run %s --function number --input %t/x.npy 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: is f32[2,3], and the function takes 'f32'
func.func @number(%x: f32) {
  return
}

// RUN: not tsum-run %s --function sum 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: 0 arguments are given, and 'sum' takes 1

// RUN: not tsum-run %s --function x --output %t/a.npy --output %t/b.npy 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OUTPUTS
// OUTPUTS: tsum-run: error: --output is given 2 times, and the number of results is 1
func.func @x() -> tensor<2x3xf32> {
  %x = tsum.constant dense<1.0> : tensor<2x3xf32>
  return %x : tensor<2x3xf32>
}

// RUN: not tsum-run %s --function alien --input %t/x.npy 2>&1 | FileCheck %s --check-prefix=ALIEN
// ALIEN: error: 'arith.addf' op is no node of an expression graph (tsum ops are, but for launches and parts of reductions)
func.func @alien(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %r = arith.addf %x, %x : tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// RUN: not tsum-run %s --function declared 2>&1 | FileCheck %s --check-prefix=DECLARED
// DECLARED: error: 'func.func' op must have a body of one block to be evaluated
func.func private @declared()

// RUN: printf 'func.func @endless() -> tensor<4xf32> { llvm.unreachable }' > %t/endless.mlir
// RUN: not tsum-run %t/endless.mlir 2>&1 | FileCheck %s --check-prefix=ENDLESS
// RUN: not tsum-compile %t/endless.mlir 2>&1 | FileCheck %s --check-prefix=ENDLESS
// RUN: not tsum-opt %t/endless.mlir --tsum-canonicalize-layout 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ENDLESS
// ENDLESS: error: 'func.func' op does not end in 'func.return'

// RUN: not tsum-run %s 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: tsum-run: error: the file has several functions: choose one with --function (sum, dtype, number, x, alien, declared)

// RUN: not tsum-run %s --function y 2>&1 | FileCheck %s --check-prefix=FUNCTION
// FUNCTION: tsum-run: error: there is no function 'y' (the functions: sum,

// RUN: not tsum-run %t/empty.mlir 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: tsum-run: error: the file has no function

// RUN: not tsum-run %t/cut.mlir 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: cut.mlir:1:13: error:

// RUN: not tsum-run %t/missing.mlir 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: tsum-run: error: cannot open input file '{{.*}}missing.mlir': No such file or directory

// RUN: not tsum-run %s --function sum --input %t/missing.npy 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MISSING-NPY
// MISSING-NPY: tsum-run: error: load_npy: '{{.*}}missing.npy': cannot be opened: No such file or directory

// RUN: not tsum-run %s --function sum --input %t/text.npy 2>&1 | FileCheck %s --check-prefix=TEXT
// TEXT: tsum-run: error: load_npy: '{{.*}}text.npy':

// RUN: not tsum-run %s --function x --output %t/missing/x.npy 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FOLDER
// FOLDER: tsum-run: error: save_npy: '{{.*}}x.npy': cannot be created: No such file or directory

// RUN: not tsum-run %s --function x --print-after=kernel 2>&1 | FileCheck %s --check-prefix=STAGE
// STAGE: tsum-run: error: {{.*}}there is no stage 'kernel' (the stages: import, generic, simplify, kernels,

// RUN: not tsum-run %s --function x --inptu %t/x.npy 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: Unknown command line argument '--inptu'
// OPTION: Did you mean '--input'?
