# SPDX-License-Identifier: Apache-2.0
"""Prints a function of so many elementwise ops: `layers.py COUNT`."""
import random
import sys

WIDTH = 100
TYPE = "tensor<4000xf32>"

count = int(sys.argv[1])
choose = random.Random(1).choice
print(f"func.func @layers({', '.join(f'%x{i}: {TYPE}' for i in range(WIDTH))}) -> {TYPE} {{")
before = [f"%x{i}" for i in range(WIDTH)]
for layer in range(count // WIDTH):
    values = [f"%v{layer}_{i}" for i in range(WIDTH)]
    for value in values:
        op = choose(["add", "multiply", "maximum"])
        print(f"  {value} = tsum.{op} {choose(before)}, {choose(before)} : {TYPE}")
    before = values
total = before[0]
for i, value in enumerate(before[1:]):
    print(f"  %s{i} = tsum.add {total}, {value} : {TYPE}")
    total = f"%s{i}"
print(f"  return {total} : {TYPE}\n}}")
