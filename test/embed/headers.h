// SPDX-License-Identifier: Apache-2.0
//
// All public headers.
#include <tsum/explain.h>
#include <tsum/npy.h>
#include <tsum/partial.h>
#include <tsum/stream.h>
#include <tsum/tsum.h>
