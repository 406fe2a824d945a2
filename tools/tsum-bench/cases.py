# SPDX-License-Identifier: Apache-2.0
"""What is measured: reductions of given shapes, dtypes, axes and layouts."""
from __future__ import annotations

import dataclasses
import itertools
import math

LAYOUTS = ("C", "transposed", "inner-slice", "outer-slice", "reversed")

ITEM_SIZES = {"float32": 4, "float64": 8, "float16": 2, "int32": 4, "int8": 1}


@dataclasses.dataclass(frozen=True)
class Case:
    """A reduction. `shape` and `axes` are those in C order: where `layout` is "transposed", the
    peers get the transposed array, and the axes where they are then."""
    name: str
    op: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[int, ...]
    layout: str = "C"

    def line(self) -> str:
        """The case in one line, as workers are given it."""
        axes = ",".join(map(str, self.axes))
        return f"{self.op} {self.dtype} {'x'.join(map(str, self.shape))} {axes} {self.layout}"

    @staticmethod
    def parse(line: str) -> Case:
        op, dtype, shape, axes, layout = line.split()
        return Case(line, op, tuple(map(int, shape.split("x"))), dtype,
                    tuple(map(int, axes.split(","))), layout)

    @property
    def operands(self) -> int:
        return 2 if self.op in ("sqdiff", "dot") else 1

    @property
    def read_bytes(self) -> int:
        """Of the elements that take part, whatever lies between them."""
        return self.operands * math.prod(self.shape) * ITEM_SIZES[self.dtype]


def _sum(name, shape, axes, dtype="float32"):
    return Case(name, "sum", shape, dtype, axes)


_MATRIX = (1024, 4096)

CASES = [
    _sum("scalar_call_8x8", (8, 8), (0, 1)),
    _sum("all_4MB", (1 << 20,), (0,)),
    _sum("all_256MB", (1 << 26,), (0,)),
    _sum("rows_1024x4096", _MATRIX, (1,)),
    _sum("cols_1024x4096", _MATRIX, (0,)),
    _sum("mid_64x128x256", (64, 128, 256), (1,)),
    _sum("bn_32x28x28x64_012", (32, 28, 28, 64), (0, 1, 2)),
    _sum("tinyinner_1Mx3", (1 << 20, 3), (1,)),
    _sum("f64_rows", (1024, 2048), (1,), "float64"),
    _sum("f16_rows", _MATRIX, (1,), "float16"),
    _sum("i32_cols", _MATRIX, (0,), "int32"),
    _sum("i8_all_16MB", (1 << 24,), (0,), "int8"),
    Case("fused_sqdiff_rows", "sqdiff", _MATRIX, "float32", (1,)),
    Case("fused_dot_16MB", "dot", (1 << 22,), "float32", (0,)),
    Case("softmax_1024x4096", "softmax", _MATRIX, "float32", (1,)),
    Case("logsumexp_1024x4096", "logsumexp", _MATRIX, "float32", (1,)),
    Case("variance_1024x4096", "variance", _MATRIX, "float32", (1,)),
    Case("layer_norm_1024x4096", "layer_norm", _MATRIX, "float32", (1,)),
]

SWEEP_SHAPES = [
    (1024, 4096), (64, 128, 256), (1 << 20, 3), (3, 1 << 20), (1 << 20, 7), (1000, 1000),
    (37, 41, 43, 47), (8, 1 << 21), (1 << 26,),
]


def sweep(shapes=None, layouts=LAYOUTS):
    """A sum of each shape over each subset of its axes, in each layout."""
    for shape in shapes or SWEEP_SHAPES:
        for layout in layouts:
            for count in range(1, len(shape) + 1):
                for axes in itertools.combinations(range(len(shape)), count):
                    text = "x".join(map(str, shape))
                    name = f"sweep/{text}/{layout}/{''.join(map(str, axes))}"
                    yield Case(name, "sum", shape, "float32", axes, layout)
