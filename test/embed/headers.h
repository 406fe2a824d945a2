// SPDX-License-Identifier: Apache-2.0
//
// All public headers.
#if __has_include(<mpi.h>)
#include <tsum/mpi.h>
#endif
#include <tsum/explain.h>
#include <tsum/npy.h>
#include <tsum/partial.h>
#include <tsum/stream.h>
#include <tsum/tsum.h>
