# SPDX-License-Identifier: Apache-2.0
"""Random functions of a few arrays: compositions of what has a gradient.

A function is a list of steps on a namespace of operations, so that tsum and another framework
compute it by the same program. Each step is chosen among those whose operands are inside its
domain, away from kinks and branch cuts or exactly on them: numbers that are multiples of 1/256 stay
exact in f32, so that ties are ties for everybody.
"""
import dataclasses
import math
import typing

import numpy as np

LARGEST = 200.0  # of the magnitudes of values; beyond, derivatives lose their digits
GAP = 5e-3       # from a kink
SHAPES = [(), (1,), (3,), (5,), (2, 3), (3, 1), (1, 5), (4, 3), (2, 3, 4), (2, 1, 3), (1, 3, 4),
          (7, 33), (130,)]


@dataclasses.dataclass
class Value:
    array: np.ndarray
    exact: bool  # the same bits whoever computes it, in f32 as in f64


@dataclasses.dataclass
class Step:
    text: str
    of: typing.Callable   # of the namespace and the operands
    operands: tuple


@dataclasses.dataclass
class Function:
    leaves: list
    steps: list
    results: list         # numbers of values, leaves first
    weights: list

    def __call__(self, n, *leaves):
        """The weighted sum of all results: a scalar."""
        values = list(leaves)
        for step in self.steps:
            values.append(step.of(n, *(values[i] for i in step.operands)))
        sums = [n.reduce_sum(values[i] * n.array(w)) for i, w in zip(self.results, self.weights)]
        return sum(sums[1:], sums[0])

    def __str__(self):
        lines = [f"v{i} = data of shape {list(x.shape)}" for i, x in enumerate(self.leaves)]
        for i, step in enumerate(self.steps, len(self.leaves)):
            lines.append(f"v{i} = {step.text}({', '.join(f'v{o}' for o in step.operands)})")
        return "\n".join(lines + ["loss of " + ", ".join(f"v{i}" for i in self.results)])


#===-- Domains -------------------------------------------------------------------------------===//

def within(low, high):
    return lambda x: bool(np.all((x.array >= low) & (x.array <= high)))


def apart(x, y):
    """Whether nobody is in doubt which of `x` and `y` is larger."""
    if x.exact and y.exact:
        return True
    a, b = x.array, y.array
    return bool(np.all(np.abs(a - b) > GAP * np.maximum(1, np.maximum(np.abs(a), np.abs(b)))))


ZERO = Value(np.float64(0), True)


def not_zero(x):
    return apart(x, ZERO)


def far_from_zero(x):
    return bool(np.all(np.abs(x.array) > 0.1))


def between_integers(offset):
    return lambda x: x.exact or bool(np.all(np.abs((x.array + offset) % 1 - 0.5) < 0.5 - GAP))


def anything(*_):
    return True


#===-- Tables --------------------------------------------------------------------------------===//

# Names and domains.
UNARY = {
    "negative": anything, "abs": not_zero, "sign": not_zero, "square": anything,
    "sqrt": within(0.1, 100), "rsqrt": within(0.1, 100), "reciprocal": far_from_zero,
    "relu": not_zero, "floor": between_integers(0), "ceil": between_integers(0),
    "trunc": between_integers(0), "round": between_integers(0.5), "exp": within(-20, 4),
    "expm1": within(-20, 4), "log": within(0.05, 200), "log1p": within(-0.9, 200),
    "log2": within(0.05, 200), "log10": within(0.05, 200), "sin": anything, "cos": anything,
    "tan": within(-1.3, 1.3), "asin": within(-0.95, 0.95), "acos": within(-0.95, 0.95),
    "atan": anything, "sinh": within(-4, 4), "cosh": within(-4, 4), "tanh": within(-10, 10),
    "asinh": anything, "acosh": within(1.1, 200), "atanh": within(-0.95, 0.95),
    "cbrt": far_from_zero, "sigmoid": within(-20, 20), "softplus": within(-20, 20),
    "erf": within(-4, 4), "erfc": within(-4, 4), "stop_gradient": anything,
}
BINARY = {
    "add": anything, "subtract": anything, "multiply": anything,
    "divide": lambda x, y: far_from_zero(y),
    "floordiv": lambda x, y: far_from_zero(y) and quotient_is_clear(x, y),
    "floormod": lambda x, y: far_from_zero(y) and quotient_is_clear(x, y),
    "pow": lambda x, y: within(0.2, 5)(x) and within(-3, 3)(y),
    "atan2": lambda x, y: bool(np.all(np.hypot(x.array, y.array) > 0.1))
    and (bool(np.all(y.array > 0)) or far_from_zero(x)),
    # Where |x| = |y|, JAX's second derivatives are those of a kink, which hypot does not have.
    "hypot": lambda x, y: bool(np.all(np.hypot(x.array, y.array) > 0.1)
                               and np.all(np.abs(x.array) != np.abs(y.array))),
    "logaddexp": anything,
    "copysign": lambda x, y: far_from_zero(x) and far_from_zero(y),
    "maximum": apart, "minimum": apart, "product_error": anything,
}
KEEP_EXACT = {"negative", "abs", "sign", "square", "relu", "floor", "ceil", "trunc", "round",
              "stop_gradient", "add", "subtract", "multiply", "maximum", "minimum"}
# Of a + bi; the domain is of its parts.
COMPLEX = {
    **dict.fromkeys(["exp", "expm1", "sin", "cos", "sinh", "cosh", "square", "negative", "conj"],
                    anything),
    **dict.fromkeys(["log", "sqrt", "rsqrt", "reciprocal", "log1p", "abs"],
                    lambda a, b: within(0.2, 3)(a)),
    **dict.fromkeys(["tan", "tanh", "sigmoid"],
                    lambda a, b: within(-1, 1)(a) and within(-1, 1)(b)),
    **dict.fromkeys(["asin", "acos", "atan", "asinh", "acosh", "atanh"],
                    lambda a, b: within(0.2, 3)(a) and within(0.2, 3)(b)),
}
REDUCTIONS = ["reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_mean",
              "reduce_variance", "reduce_std", "reduce_logsumexp", "reduce_l1", "reduce_sum_square",
              "reduce_euclidean_norm", "ptp", "nansum", "nanmean", "nanprod", "nanmax", "nanvar"]
NORMS = ["softmax", "log_softmax", "standardize", "layer_norm", "rms_norm"]
COMPARISONS = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]


def quotient_is_clear(x, y):
    return between_integers(0)(Value(x.array / y.array, False))


def groups(x, axes):
    """The elements that a reduction combines, along the last axis."""
    kept = [d for d in range(x.ndim) if d not in axes]
    return np.transpose(x, kept + list(axes)).reshape([x.shape[d] for d in kept] + [-1])


def largest_is_clear(x, axes, of_absolutes=1):
    ordered = np.sort(groups(of_absolutes * x.array, axes), axis=-1)
    return x.exact or ordered.shape[-1] < 2 or bool(
        np.all(ordered[..., -1] - ordered[..., -2] > GAP * np.maximum(1, np.abs(ordered[..., -1]))))


def reduces_well(name, x, axes):
    ends = largest_is_clear(x, axes) and largest_is_clear(x, axes, -1)
    if name in ("reduce_max", "nanmax"):
        return largest_is_clear(x, axes)
    if name == "reduce_min":
        return largest_is_clear(x, axes, -1)
    if name == "ptp":
        return ends
    if name == "reduce_l1":
        return not_zero(x)
    if name in ("reduce_std", "standardize", "layer_norm"):
        return bool(axes) and bool(np.all(groups(x.array, axes).std(-1) > 0.1))
    if name in ("reduce_euclidean_norm", "rms_norm"):
        return bool(axes) and bool(np.all(np.linalg.norm(groups(x.array, axes), axis=-1) > 0.1))
    return True


#===-- Making them ---------------------------------------------------------------------------===//

class Maker:
    """Makes the function of a seed, trying its steps with the namespace `n`."""

    def __init__(self, n, seed, dtype):
        self.n, self.random, self.dtype = n, np.random.default_rng(seed), dtype
        self.on_grid = self.random.random() < 0.25
        shape = self.pick(SHAPES)
        self.leaves = [self.leaf(shape)]
        for _ in range(self.random.integers(0, 3)):
            self.leaves.append(self.leaf(self.related(shape)))
        self.values, self.steps, self.used = list(self.leaves), [], set()

    def pick(self, of):
        return of[self.random.integers(len(of))]

    def related(self, shape):
        """A shape that broadcasts with `shape`."""
        shape = shape[self.random.integers(0, len(shape) + 1):]
        return tuple(1 if self.random.random() < 0.2 else extent for extent in shape)

    def leaf(self, shape):
        low, high = self.pick([(-2, 2), (0.3, 1.6), (-0.9, 0.9), (1.2, 3)])
        x = self.random.uniform(low, high, shape)
        x = np.round(x * 2) / 2 if self.on_grid else x.astype(self.dtype).astype(np.float64)
        return Value(x, self.on_grid)

    def function(self):
        steps = int(self.random.integers(2, 10))
        for _ in range(steps * 6):
            if len(self.steps) < steps:
                self.attempt()
        first = len(self.leaves)
        results = [i for i in range(first, len(self.values)) if i not in self.used]
        weights = [self.random.uniform(-1, 1, self.values[i].array.shape) for i in results]
        return Function([x.array for x in self.leaves], self.steps, results, weights)

    def attempt(self):
        # Later values more often: chains, and not only leaves.
        back = min(int(self.random.geometric(0.4)), len(self.values))
        x = len(self.values) - back
        kind = self.pick([self.unary] * 5 + [self.binary] * 4 + [self.reduction] * 4
                         + [self.view] * 4 + [self.composite] * 2 + [self.where, self.complex])
        kind(x, self.values[x])

    def add(self, text, of, operands, exact=False):
        """Takes the step, if its values are moderate numbers."""
        arrays = [self.values[i].array for i in operands]
        array = np.asarray(self.n.compute(of, *arrays), np.float64)
        if not np.all(np.isfinite(array)) or np.abs(array).max(initial=0) > LARGEST:
            return
        exact = exact and all(self.values[i].exact for i in operands) and bool(
            np.all(array * 256 == np.round(array * 256)))
        self.values.append(Value(array, exact))
        self.steps.append(Step(text, of, tuple(operands)))
        self.used.update(operands)

    def unary(self, x, value):
        name = self.pick(list(UNARY))
        if UNARY[name](value):
            self.add(name, lambda n, x: getattr(n, name)(x), [x], name in KEEP_EXACT)

    def partner(self, value):
        """Another value whose shape broadcasts with this one's, or this one."""
        def fits(y):
            try:
                np.broadcast_shapes(value.array.shape, y.array.shape)
            except ValueError:
                return False
            return True

        return self.pick([i for i, y in enumerate(self.values) if fits(y)])

    def binary(self, x, value):
        name = self.pick(list(BINARY))
        kind = self.random.integers(8)
        exact = name in KEEP_EXACT
        if kind < 2:  # with a number
            number = self.pick([-1.5, -1.0, 0.5, 2.0, 3.0])
            y = Value(np.float64(number), True)
            if name == "pow" and number in (2.0, 3.0) or BINARY[name](value, y):
                self.add(f"{name} {number} of", lambda n, x: getattr(n, name)(x, number), [x],
                         exact)
            return
        y = self.partner(value)
        if kind < 5:
            x, y = y, x
        if BINARY[name](self.values[x], self.values[y]):
            self.add(name, lambda n, x, y: getattr(n, name)(x, y), [x, y], exact)

    def axes(self, rank):
        """Axes as they are written, and as a sorted tuple."""
        if rank == 0 or self.random.random() < 0.2:
            return None, tuple(range(rank))
        axes = tuple(d for d in range(rank) if self.random.random() < 0.5)
        written = tuple(d - rank if self.random.random() < 0.3 else d for d in axes)
        if self.random.random() < 0.3:
            written = written[::-1]
        return written[0] if len(axes) == 1 and self.random.random() < 0.6 else written, axes

    def reduction(self, x, value):
        name = self.pick(REDUCTIONS)
        written, axes = self.axes(value.array.ndim)
        keepdims = bool(self.random.integers(2))
        if not reduces_well(name, value, axes):
            return
        text = f"{name} axis={written} keepdims={keepdims} "
        mask = self.random.random(value.array.shape) < 0.2

        def of(n, x):
            if name.startswith("nan"):
                x = n.where(n.array(mask), math.nan, x)
            return getattr(n, name)(x, axis=written, keepdims=keepdims)

        self.add(text, of, [x], name in ("reduce_sum", "reduce_max", "reduce_min", "ptp"))

    def view(self, x, value):
        shape, rank = value.array.shape, value.array.ndim
        name = self.pick(["transpose", "reshape", "expand_dims", "squeeze", "flip", "broadcast_to",
                          "slice", "slice", "concatenated parts"])
        if name == "transpose":
            order = tuple(int(d) for d in self.random.permutation(rank))
            self.add(f"transpose {order} ", lambda n, x: n.transpose(x, order), [x], True)
        elif name == "reshape":
            extents = [e for e in shape if e > 1]
            new = self.pick([(math.prod(shape),), tuple(extents[::-1]), (1, *extents),
                             (*extents[:1], -1), (-1, 1)])
            self.add(f"reshape {new} ", lambda n, x: n.reshape(x, new), [x], True)
        elif name == "expand_dims":
            axis = int(self.random.integers(-rank - 1, rank + 1))
            if rank < 5:
                self.add(f"expand_dims {axis} ", lambda n, x: n.expand_dims(x, axis), [x], True)
        elif name == "squeeze":
            self.add("squeeze", lambda n, x: n.squeeze(x), [x], True)
        elif name == "flip" and rank:
            axis = int(self.random.integers(-rank, rank))
            self.add(f"flip {axis} ", lambda n, x: n.flip(x, axis), [x], True)
        elif name == "broadcast_to" and rank < 4 and value.array.size < 100:
            new = (2, *(3 if e == 1 else e for e in shape))
            self.add(f"broadcast_to {new} ", lambda n, x: n.broadcast_to(x, new), [x], True)
        elif name == "slice" and rank:
            count = self.random.integers(1, rank + 1)
            is_last = self.random.random() < 0.2
            index = tuple(map(self.index, shape[rank - count:] if is_last else shape[:count]))
            if is_last:
                index = (..., *index)
            if self.random.random() < 0.1:
                index = (*index, None)
            self.add(f"{index} of ", lambda n, x: x[index], [x], True)
        elif name == "concatenated parts" and rank and shape[0] > 1:
            # Overlapping slices, whose gradients add up where they meet.
            half = (shape[0] + 1) // 2
            self.add("halves", lambda n, x: x[:half] * x[-half:], [x])

    def index(self, extent):
        kind = self.random.integers(5)
        if kind == 0:
            return int(self.random.integers(-extent, extent))
        if kind == 1:
            return slice(None, None, -int(self.random.integers(1, 4)))
        start = int(self.random.integers(0, extent))
        return slice(start, int(self.random.integers(start, extent)) + 1,
                     int(self.random.integers(1, 4)))

    def composite(self, x, value):
        name = self.pick([*NORMS, "scaled layer_norm", "dot", "cosine_similarity", "average",
                          "clip_by_value", "moments", "through f64"])
        rank = value.array.ndim
        if name == "clip_by_value":
            low, high = self.pick([(-0.5, 0.5), (0.0, 1.0), (-1.0, 2.0)])
            if all(apart(value, Value(np.float64(bound), True)) for bound in (low, high)):
                self.add(f"clip_by_value {low} {high} ",
                         lambda n, x: n.clip_by_value(x, low, high), [x], True)
            return
        if name == "through f64":
            return self.add(name, lambda n, x: n.through_f64(lambda y: y * n.tanh(y), x), [x])
        if not rank:
            return
        written, axes = self.axes(rank)
        if name in NORMS and reduces_well(name, value, axes) and axes:
            written = tuple(range(rank)) if written is None else written
            self.add(f"{name} axis={written} ", lambda n, x: getattr(n, name)(x, axis=written), [x])
        elif name == "moments":
            def of(n, x):
                mean, variance = n.moments(x, written)
                return mean * variance + mean

            self.add(f"moments axes={written} ", of, [x])
        elif name == "average":
            weights = self.random.uniform(0.2, 1, value.array.shape)
            self.add(f"average axis={written} ",
                     lambda n, x: n.average(x, weights=n.array(weights), axis=written), [x])
        elif name == "scaled layer_norm" and reduces_well("layer_norm", value, (rank - 1,)):
            y = self.partner(value)
            if np.broadcast_shapes(self.values[y].array.shape, value.array.shape) \
                    == value.array.shape:
                self.add(name, lambda n, x, y: n.layer_norm(x, y, y), [x, y])
        elif name in ("dot", "cosine_similarity"):
            y = self.partner(value)
            other = self.values[y].array
            if other.shape != value.array.shape or name != "dot" and not (
                    np.all(np.linalg.norm(other, axis=-1) > 0.1)
                    and np.all(np.linalg.norm(value.array, axis=-1) > 0.1)):
                return
            self.add(name, lambda n, x, y: getattr(n, name)(x, y), [x, y])

    def where(self, x, value):
        c, y = self.partner(value), self.partner(value)
        name = self.pick(COMPARISONS)
        number = self.pick([0.0, 0.5, 1.0])
        opposite = bool(self.random.integers(2))
        if not apart(self.values[c], Value(np.float64(number), True)):
            return
        try:
            np.broadcast_shapes(*(self.values[i].array.shape for i in (c, x, y)))
        except ValueError:
            return

        def of(n, c, x, y):
            condition = getattr(n, name)(c, number)
            return n.where(n.logical_not(condition) if opposite else condition, x, y)

        self.add(f"where {'not ' if opposite else ''}{name} {number} ", of, [c, x, y], True)

    def complex(self, x, value):
        y = self.partner(value)
        name = self.pick([*COMPLEX, "multiply", "divide", "pow"])
        part = self.pick(["real", "imag", "abs"])
        a, b = value, self.values[y]
        if not (within(-3, 3)(a) and within(-3, 3)(b)):
            return
        if part == "abs" and not far_from_zero(a):
            return
        if name in COMPLEX:
            if COMPLEX[name](a, b):
                def of(n, a, b):
                    z = getattr(n, name)(n.complex(a, b))
                    return z if name == "abs" else getattr(n, part)(z)

                if part != "abs" or name in ("exp", "reciprocal", "log1p", "square", "conj"):
                    self.add(f"{part} of {name} of complex", of, [x, y])
        elif within(0.2, 3)(a):
            def of(n, a, b):
                z = n.complex(a, b)
                return getattr(n, part)(getattr(n, name)(z, n.complex(b, a)
                                                         if name == "multiply" else z))

            self.add(f"{part} of {name} of complex", of, [x, y])
