// Each stage can be the last one, and all of them lead to the LLVM dialect.

// RUN: tsum-opt %s --tsum-compile=stop-after=simplify  | FileCheck %s --check-prefix=SIMPLIFY
// RUN: tsum-opt %s --tsum-compile=stop-after=kernels   | FileCheck %s --check-prefix=KERNELS
// RUN: tsum-opt %s --tsum-compile=stop-after=linalg    | FileCheck %s --check-prefix=LINALG
// RUN: tsum-opt %s --tsum-compile=stop-after=fuse      | FileCheck %s --check-prefix=FUSE
// RUN: tsum-opt %s --tsum-compile=stop-after=cut       | FileCheck %s --check-prefix=CUT
// RUN: tsum-opt %s --tsum-compile=stop-after=tile      | FileCheck %s --check-prefix=TILE
// RUN: tsum-opt %s --tsum-compile=stop-after=bufferize | FileCheck %s --check-prefix=BUFFERIZE
// RUN: tsum-opt %s --tsum-compile=stop-after=vector    | FileCheck %s --check-prefix=VECTOR
// RUN: tsum-opt %s --tsum-compile=stop-after=llvm      | FileCheck %s --check-prefix=LLVM
// RUN: tsum-opt %s --tsum-compile='target-features=+avx2,+fma' \
// RUN:   | FileCheck %s --check-prefixes=LLVM,FEATURES

// RUN: not tsum-opt %s --tsum-compile=stop-after=vectors 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN-NOT: LLVM ERROR
// UNKNOWN: tsum-compile: there is no stage 'vectors' (the stages: simplify, kernels, linalg, fuse, cut, tile, bufferize, vector, llvm; LLVM IR and assembly are no MLIR: tsum-compile --emit=llvm and --emit=asm write them)

func.func @norm(%x: tensor<100x1x300xf32>) -> tensor<100xf32> {
  %none = tsum.reduce_sum %x axes = [] : tensor<100x1x300xf32> -> tensor<100x1x300xf32>
  %flat = tsum.reshape %none : tensor<100x1x300xf32> -> tensor<100x300xf32>
  %square = tsum.square %flat : tensor<100x300xf32>
  %sum = tsum.reduce_sum %square axes = [1] : tensor<100x300xf32> -> tensor<100xf32>
  %r = tsum.sqrt %sum : tensor<100xf32>
  return %r : tensor<100xf32>
}

// SIMPLIFY-LABEL: func.func @norm
//  SIMPLIFY-SAME:   %[[X:.*]]: tensor<100x1x300xf32>
//       SIMPLIFY:   tsum.reshape %[[X]]
//       SIMPLIFY:   tsum.square
//       SIMPLIFY:   tsum.reduce_sum
//   SIMPLIFY-NOT:   tsum.reduce_sum

// From the kernels on the function stays the schedule that it then is.
// KERNELS-LABEL: func.func @norm
//       KERNELS:   tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](
//       KERNELS: module @kernels
//       KERNELS:   func.func @[[KERNEL]]
//       KERNELS:     tsum.reduce_sum

//  LINALG-LABEL: func.func @norm
//        LINALG:   tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](
//        LINALG:   func.func @[[KERNEL]]
// LINALG-COUNT-3:     linalg.generic
//    LINALG-NOT:     linalg.generic

//          FUSE: module @kernels
//  FUSE-COUNT-2:   linalg.generic
//      FUSE-NOT:   linalg.generic

// A small reduction stays whole.
//           CUT: module @kernels
//       CUT-NOT:   tsum.pieces
//   CUT-COUNT-2:   linalg.generic
//       CUT-NOT:   linalg.generic

//    TILE-LABEL: module @kernels
//          TILE:   func.func {{.*}}memref<100xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index) {{.*}}tsum.tiles = 100
//          TILE:   scf.for {{.*}} = %[[BEGIN]] to %[[END]]
//  TILE-COUNT-2:     linalg.generic {{.*}}tensor<1

// Nothing is allocated but a little of the stack, and nothing is copied.
//      BUFFERIZE: module @kernels
//  BUFFERIZE-NOT:   memref.alloc()
//  BUFFERIZE-NOT:   memref.copy
//  BUFFERIZE-NOT:   tensor<
//      BUFFERIZE:   scf.for
// BUFFERIZE-COUNT-2:  linalg.generic {{.*}}memref<1
//  BUFFERIZE-NOT:   tensor<
//  BUFFERIZE-NOT:   memref.copy

//        VECTOR: module @kernels
//    VECTOR-NOT:   linalg
//        VECTOR:   affine.vector_load {{.*}}, vector<16xf32>
//        VECTOR:   math.sqrt {{.*}} : vector<1xf32>
//    VECTOR-NOT:   linalg

//    LLVM-LABEL: func.func @norm
//          LLVM:   tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](
//          LLVM:   llvm.func @[[KERNEL]](%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
// FEATURES-SAME:     target_features = #llvm.target_features<["+avx2", "+fma"]>
//      LLVM-NOT:   unrealized_conversion_cast
//          LLVM:   llvm.load {{.*}} : !llvm.ptr -> vector<16xf32>
//          LLVM:   llvm.return
