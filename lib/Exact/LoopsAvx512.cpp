// SPDX-License-Identifier: Apache-2.0
#define TSUM_ISA avx512
#include "Loops.inc"
