// SPDX-License-Identifier: Apache-2.0
//
// A program that has nothing of tsum but the functions that tsum-compile made.
#include "kernels.h"

#include <stdio.h>

static void print(const char *name, const float *values, int count) {
  printf("%s:", name);
  for (int i = 0; i < count; ++i)
    printf(" %g", values[i]);
  printf("\n");
}

_Alignas(64) static unsigned char scratch[DEVIATION_SCRATCH_BYTES];

int main(void) {
  float x[6] = {1, 2, 3, 4, 5, 6}, norms[2], difference[2], rows[6], sum;
  norm(x, norms);
  print("norms", norms, 2);
  deviation(x, difference, &sum, scratch);
  print("difference", difference, 2);
  print("sum", &sum, 1);
  repeated(x, rows, scratch);
  print("rows", rows, 6);
  weighted(x, &sum);
  print("weighted", &sum, 1);
  sums_and_largest(x, norms, difference);
  print("sums", norms, 2);
  print("largest", difference, 2);
  return 0;
}
