// SPDX-License-Identifier: Apache-2.0
#define TSUM_ISA baseline
#include "Loops.inc"
