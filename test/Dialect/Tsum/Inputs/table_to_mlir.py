# SPDX-License-Identifier: Apache-2.0
"""Prints a function for each row of Elementwise.def and Reductions.def, with what FileCheck expects
of it: table_to_mlir.py FOLDER."""
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
element = {"Bits": "i32", "Integer": "i32", "Bool": "i1"}

rows = re.findall(r"^TSUM_(UNARY|BINARY)\((\w+), \w+, (\w+), (\w+),",
                  (folder / "Elementwise.def").read_text(), re.MULTILINE)
for kind, name, domain, result in rows:
    operand = f"tensor<4x{element.get(domain, 'f32')}>"
    result = "tensor<4xi1>" if result == "Bool" else operand
    parameters = f"%x: {operand}" if kind == "UNARY" else f"%x: {operand}, %y: {operand}"
    operands = "%x" if kind == "UNARY" else "%x, %y"
    print(f"""// CHECK-LABEL: @{name}(
// CHECK: tsum.{name} %{{{{.*}}}} : {operand}
func.func @{name}({parameters}) -> {result} {{
  %r = tsum.{name} {operands} : {operand}
  return %r : {result}
}}""")

rows = re.findall(r"^TSUM_REDUCTION\((\w+), \w+, (\w+),",
                  (folder / "Reductions.def").read_text(), re.MULTILINE)
for name, domain in rows:
    kind = element.get(domain, "f32")
    print(f"""// CHECK-LABEL: @{name}(
// CHECK: tsum.{name} %{{{{.*}}}} axes = [0] : tensor<4x{kind}> -> tensor<{kind}>
func.func @{name}(%x: tensor<4x{kind}>) -> tensor<{kind}> {{
  %r = tsum.{name} %x axes = [0] : tensor<4x{kind}> -> tensor<{kind}>
  return %r : tensor<{kind}>
}}""")
