// SPDX-License-Identifier: Apache-2.0
#define TSUM_ISA avx2
#include "Loops.inc"
