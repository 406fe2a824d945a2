#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# merge-objects.sh LD NM OBJCOPY SHARED ARCHIVES OUTPUT: makes of the archives, listed in a file,
# one object file in which only the symbols that the library SHARED exports are global.
set -e
ld=$1 nm=$2 objcopy=$3 shared=$4 archives=$5 output=$6

"$nm" --dynamic --defined-only --format=just-symbols "$shared" >exported.txt
sed 's/^/--undefined=/' exported.txt >roots.rsp
# Groups are dissolved: a group with local symbols must not give way to another program's.
"$ld" --relocatable --gc-sections --force-group-allocation @roots.rsp \
  --start-group "@$archives" --end-group -o "$output"
"$objcopy" --strip-debug --keep-global-symbols=exported.txt "$output"
