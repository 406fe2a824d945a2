// RUN: tsum-opt %s --tsum-to-llvm --split-input-file --verify-diagnostics | FileCheck %s
// RUN: tsum-opt %s --tsum-to-llvm='target-features=+avx2,+fma' --split-input-file --verify-diagnostics \
// RUN:   | FileCheck %s --check-prefix=FEATURES

// The buffers come by way of one array of pointers.

//    CHECK-LABEL: llvm.func @kernel
//     CHECK-SAME:   (%[[BUFFERS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
//      CHECK-NOT:   target_features
//      CHECK-DAG:   %[[SLOT0:.*]] = llvm.getelementptr %[[BUFFERS]][0]
//      CHECK-DAG:   %[[IN:.*]] = llvm.load %[[SLOT0]] : !llvm.ptr -> !llvm.ptr
//      CHECK-DAG:   %[[SLOT1:.*]] = llvm.getelementptr %[[BUFFERS]][1]
//      CHECK-DAG:   %[[OUT:.*]] = llvm.load %[[SLOT1]] : !llvm.ptr -> !llvm.ptr
//          CHECK:   llvm.br ^[[LOOP:[a-z0-9]*]](%[[BEGIN]] : i64)
//          CHECK: ^[[LOOP]](%[[TILE:.*]]: i64):
//          CHECK:   llvm.icmp "slt" %[[TILE]], %[[END]] : i64
//          CHECK:   llvm.fadd {{.*}} : vector<64xf32>
//          CHECK:   llvm.return
// FEATURES-LABEL: llvm.func @kernel
//  FEATURES-SAME:   target_features = #llvm.target_features<["+avx2", "+fma"]>
func.func @kernel(%in: memref<4x64xf32>, %out: memref<4x64xf32>, %begin: index, %end: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %tile = %begin to %end step %one {
    %x = vector.load %in[%tile, %zero] : memref<4x64xf32>, vector<64xf32>
    %sum = arith.addf %x, %x : vector<64xf32>
    vector.store %sum, %out[%tile, %zero] : memref<4x64xf32>, vector<64xf32>
  }
  return
}

// -----

// Where a stride is negative, element 0 is not the lowest: addresses promise nothing.

// CHECK-LABEL: llvm.func @negative_stride
//   CHECK-NOT:   nuw
//       CHECK:   llvm.return
func.func @negative_stride(%in: memref<8xf32, strided<[-1]>>, %out: memref<8xf32>, %begin: index,
                           %end: index) {
  %x = memref.load %in[%begin] : memref<8xf32, strided<[-1]>>
  memref.store %x, %out[%begin] : memref<8xf32>
  return
}

// -----

// Stores past the caches are seen before the kernel's end is.

// CHECK-LABEL: llvm.func @streams
//       CHECK:   llvm.store {{.*}} nontemporal
//       CHECK:   llvm.fence seq_cst
//  CHECK-NEXT:   llvm.return
func.func @streams(%in: memref<64xf32>, %out: memref<64xf32>, %begin: index, %end: index) {
  %x = vector.load %in[%begin] : memref<64xf32>, vector<16xf32>
  vector.store %x, %out[%begin] {alignment = 64 : i64, nontemporal = true}
      : memref<64xf32>, vector<16xf32>
  return
}

// -----

// A kernel owns no memory but its stack.

func.func @allocates(%begin: index, %end: index) {
  // expected-error @below {{failed to legalize operation 'memref.alloc'}}
  %buffer = memref.alloc() : memref<4xf32>
  return
}
