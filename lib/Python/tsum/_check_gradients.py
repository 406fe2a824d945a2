# SPDX-License-Identifier: Apache-2.0
"""tsum.check_gradients: gradients against differences."""
from __future__ import annotations

import collections.abc
import typing

from . import _core
from ._gradients import COMPLEX, INEXACT, _flatten, grad, jvp
from ._core import DTypeError, Tensor


def check_gradients(fun: typing.Callable, args: collections.abc.Sequence[typing.Any], *,
                    order: int = 1, step: float = 1e-5, rtol: float = 1e-5, atol: float = 1e-7,
                    max_elements: int = 1000, seed: int = 0) -> float:
    """Compares the gradients of `fun` at `args` with central differences, in both modes.

    The results of `fun`, tensors or structures of them, are added up with random weights; the
    gradient of that with respect to each element of `args`, which are tensors, arrays or numbers or
    structures of them, is compared with the difference quotient over `step` on either side. Of
    arguments with more than `max_elements` elements in all, that many random directions are tried
    instead. With `order=2`, gradients of the gradient are compared as well, and so on.

    Arguments of other floats are widened to f64, and to complex128: differences of shorter types
    are too rough. Real and imaginary parts are two elements. Where `fun` has a kink within `step`,
    the two differ. Takes two evaluations of `fun` for each element.

    Returns the largest difference, as a fraction of `atol + rtol * |difference quotient|`: at most
    1.
    Raises AssertionError, with the place and both values, where one is larger; DTypeError for
    arguments that are neither floats nor complex.

        tsum.check_gradients(lambda x: tsum.softmax(x), [np.random.rand(3, 5)], order=2)
    """
    import numpy as np

    if order < 1:
        raise ValueError(f"check_gradients: order is {order} (it must be 1 or more)")
    leaves: list[Tensor] = []
    builds = [_flatten(argument, leaves, _widened) for argument in args]
    values = [np.array(leaf) for leaf in leaves]
    random = np.random.default_rng(seed)
    weights: list[np.ndarray] = []

    def total(*leaves: Tensor) -> Tensor:
        found = iter(leaves)
        results: list[Tensor] = []
        _flatten(fun(*(build(found) for build in builds)), results, _core.asarray)
        results = [x for x in results if x.dtype in INEXACT]
        if not results:
            raise DTypeError("check_gradients: the function returned no floats")
        parts = [part for x in results
                 for part in ([_core.real(x), _core.imag(x)] if x.dtype in COMPLEX else [x])]
        while len(weights) < len(parts):
            weights.append(random.uniform(0.5, 1.5, parts[len(weights)].shape))
        sums = [_core.reduce_sum(_core.cast(part, _core.f64) * weight)
                for part, weight in zip(parts, weights)]
        result = sums[0]
        for more in sums[1:]:
            result = result + more
        return result

    worst = 0.0
    for level in range(order):
        worst = max(worst, _check(total, values, level + 1, step, rtol, atol, max_elements, random))
        if level + 1 < order:
            total = _gradient_along(total, [_direction(random, x) for x in values])
    return worst


def _check(total, values, level, step, rtol, atol, max_elements, random):
    import numpy as np

    gradient = grad(total, tuple(range(len(values))))(*values)
    _core.eval(*gradient)
    found = [np.array(g) for g in gradient]
    worst = 0.0
    for where, direction in _directions(values, max_elements, random):
        above, below = (float(total(*(x + sign * step * d for x, d in zip(values, direction))))
                        for sign in (1, -1))
        difference = (above - below) / (2 * step)
        backwards = sum(float(np.sum((g.conj() * d).real)) for g, d in zip(found, direction))
        forwards = float(jvp(total, values, direction)[1])
        for mode, value in ("reverse", backwards), ("forward", forwards):
            error = abs(value - difference) / (atol + rtol * abs(difference))
            if not error <= 1 and not (np.isnan(value) and np.isnan(difference)):
                raise AssertionError(
                    f"check_gradients: order {level}, {where}: {mode} mode gives {value!r}, and "
                    f"the difference quotient is {difference!r}")
            worst = max(worst, error)
    return worst


def _directions(values, max_elements, random):
    """What is changed together: each element, or random combinations of all."""
    import numpy as np

    if sum(x.size for x in values) > max_elements:
        for n in range(max_elements):
            yield f"random direction {n}", [_direction(random, x) for x in values]
        return
    for n, x in enumerate(values):
        for index in np.ndindex(x.shape):
            for part in (1, 1j) if x.dtype.kind == "c" else (1,):
                direction = [np.zeros_like(y) for y in values]
                direction[n][index] = part
                which = " (imag)" if part == 1j else ""
                yield f"argument {n} at {list(index)}{which}", direction


def _direction(random, x):
    direction = random.uniform(-1, 1, x.shape)
    return direction + 1j * random.uniform(-1, 1, x.shape) if x.dtype.kind == "c" else direction


def _gradient_along(total, directions):
    """The function whose gradient is the product of the second derivative and `directions`."""
    gradient = grad(total, tuple(range(len(directions))))

    def along(*leaves):
        parts = [_core.reduce_sum(_core.real(g * _core.asarray(d)) if g.dtype in COMPLEX else g * d)
                 for g, d in zip(gradient(*leaves), directions)]
        result = parts[0]
        for more in parts[1:]:
            result = result + more
        return result

    return along


def _widened(argument):
    tensor = _core.asarray(argument)
    if tensor.dtype not in INEXACT:
        raise DTypeError(f"check_gradients: an argument has dtype {tensor.dtype.name} (only floats "
                         "and complex numbers have gradients)")
    return _core.cast(tensor, _core.complex128 if tensor.dtype in COMPLEX else _core.f64)
