# SPDX-License-Identifier: Apache-2.0
"""Gradients of functions of tensors: TensorFlow's tape and gradients, JAX's grad and its like."""
from __future__ import annotations

import collections.abc
import functools
import typing

from . import _core
from ._core import DTypeError, Error, ShapeError, Tensor

INEXACT = (_core.f16, _core.bf16, _core.f32, _core.f64, _core.complex64, _core.complex128)
COMPLEX = (_core.complex64, _core.complex128)


def gradients(ys: typing.Any, xs: typing.Any, grad_ys: typing.Any = None,
              unconnected_gradients: str = "none", *,
              memory: int | None = None) -> list[Tensor | None]:
    """The gradients of the sum of all elements of `ys` with respect to `xs`: TensorFlow's.

    `ys` and `xs` are tensors or lists of them; the result has a tensor of the shape and dtype of
    each of `xs`, or None where `ys` do not depend on it, zeros with `unconnected_gradients="zero"`.
    `grad_ys` has a factor for each of `ys`: a tensor of its dtype that broadcasts to its shape, a
    number or None.

    `memory` bounds the bytes that kernels have in memory at once, beside data and what is asked
    for, wherever these gradients, or what is computed of them, are evaluated: what kernels leave
    for later ones is computed again where more would be kept. No bit depends on it. Of several
    bounds in one evaluation the least counts; where more is needed in any case, 0 for example, as
    little as is found. `tsum.explain` says what is computed again.

    Evaluated tensors do not know what they were computed from: ask for gradients before values, or
    compute under a `tsum.GradientTape`. Builds a graph, which visits every operation behind `ys`
    once, and computes nothing.

    Raises DTypeError (a TypeError) if one of `ys` or `xs` is neither a float nor complex, or for a
    factor of another dtype; ShapeError (a ValueError) for a factor that does not broadcast; Error
    for an evaluated tensor on the way whose graph is gone, or an operation without a gradient.
    An array among `xs` is a DTypeError, too: each use of one is another tensor. A negative `memory`
    is an Error, one that is no int a TypeError.
    """
    ys, xs = _listed(ys), _listed(xs)
    for x in xs:
        _check_tensor("gradients", x)
    zero = _is_zero("gradients", unconnected_gradients)
    found = _core._connected_gradients(ys, xs, None if grad_ys is None else _listed(grad_ys),
                                       memory)
    return _with_zeros(found, xs) if zero else found


def value_and_grad(fun: typing.Callable, argnums: int | collections.abc.Sequence[int] = 0,
                   has_aux: bool = False, *, memory: int | None = None) -> typing.Callable:
    """A function that returns `fun`'s value, and its gradient by the arguments `argnums`.

    The semantics of JAX's. `fun` returns a real scalar or, with `has_aux`, a pair of one and
    anything else, which is returned with it. The arguments `argnums` are tensors, arrays or floats,
    or tuples, lists and dictionaries of them, and gradients have the same structure: zeros where
    the value does not depend on an argument. `argnums` is a number, for one gradient, or several.

    What is returned is not evaluated yet: where it is called often, put `tsum.jit` around it. `fun`
    may look at values on the way, unless it is traced by `tsum.jit`. `memory` bounds what is kept
    for the gradient, as that of `tsum.gradients`.

    With complex arguments the gradient is TensorFlow's, the conjugate of JAX's.

    Raises ShapeError (a ValueError) where `fun` returns no scalar, DTypeError (a TypeError) where
    it returns a complex one, and for an argument that is neither a float nor complex.
    """
    numbers = _numbers(argnums)

    @_named_after(fun)
    def value_and_gradient(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        for number in numbers:
            if not -len(args) <= number < len(args):
                raise TypeError(f"grad: argument {number} is not among the {len(args)} that are "
                                "passed by position")
        leaves: list[Tensor] = []
        arguments = list(args)
        structures = []
        for number in numbers:
            arguments[number], structure = _fresh(args[number], leaves, f"argument {number}")
            structures.append(structure)
        tape = _core._Tape(False)
        try:
            result = fun(*arguments, **kwargs)
        finally:
            tape.stop()
        value, aux = _split(result, has_aux)
        value = _core.asarray(value)
        if value.shape != ():
            raise ShapeError(f"grad: the function returned shape {value.shape}, not a scalar (sum "
                             "it, or see vjp and gradients)")
        if value.dtype in COMPLEX:
            raise DTypeError("grad: the function returned a complex number (take its real part or "
                             "its absolute value)")
        for leaf in leaves:
            tape.watch(leaf)
        found = iter(_with_zeros(tape.gradient([value], leaves, memory=memory), leaves))
        built = tuple(structure(found) for structure in structures)
        gradient = built[0] if isinstance(argnums, int) else built
        return ((value, aux), gradient) if has_aux else (value, gradient)

    return value_and_gradient


def grad(fun: typing.Callable, argnums: int | collections.abc.Sequence[int] = 0,
         has_aux: bool = False, *, memory: int | None = None) -> typing.Callable:
    """A function that returns the gradient of `fun` with respect to the arguments `argnums`.

    As `tsum.value_and_grad`, without the value; with `has_aux` the gradient and what `fun` returns
    beside its value. `tsum.grad(tsum.grad(f))` is the second derivative.

        slope = tsum.grad(lambda x: tsum.reduce_sum(tsum.square(x)))(x)     # 2 x
    """
    both = value_and_grad(fun, argnums, has_aux, memory=memory)

    @_named_after(fun)
    def gradient(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def vjp(fun: typing.Callable, *primals: typing.Any, has_aux: bool = False,
        memory: int | None = None) -> tuple:
    """`fun(*primals)`, and a function from upstream gradients to those with respect to `primals`.

    The semantics of JAX's. That function takes what `fun` returned in structure, with tensors that
    broadcast to its shapes, and returns a tuple of gradients in the structure of `primals`. It may
    be called more than once. With `has_aux`, `fun` returns a pair, whose second part comes third.
    `memory` is that of `tsum.gradients`.

    Raises DTypeError for arguments and results that are neither floats nor complex.
    """
    leaves: list[Tensor] = []
    arguments, structures = [], []
    for number, primal in enumerate(primals):
        argument, structure = _fresh(primal, leaves, f"argument {number}")
        arguments.append(argument)
        structures.append(structure)
    tape = _core._Tape(True)
    try:
        result = fun(*arguments)
    finally:
        tape.stop()
    value, aux = _split(result, has_aux)
    outputs: list[Tensor] = []
    build = _flatten(value, outputs, _core.asarray)
    value = build(iter(outputs))
    for leaf in leaves:
        tape.watch(leaf)

    def pull_back(upstream: typing.Any) -> tuple:
        given: list[typing.Any] = []
        _flatten(upstream, given, lambda x: x)
        if len(given) != len(outputs):
            raise ValueError(f"vjp: {len(given)} upstream gradients for {len(outputs)} results "
                             "(one each, in the same structure)")
        found = iter(_with_zeros(tape.gradient(outputs, leaves, given, memory), leaves))
        return tuple(structure(found) for structure in structures)

    return (value, pull_back, aux) if has_aux else (value, pull_back)


def jvp(fun: typing.Callable, primals: collections.abc.Sequence[typing.Any],
        tangents: collections.abc.Sequence[typing.Any]) -> tuple:
    """`fun(*primals)`, and how it changes as `primals` change along `tangents`: forward mode.

    The semantics of JAX's. `tangents` have the structure of `primals` and their shapes and dtypes.
    Takes one pass, however many elements the result has.

    Raises DTypeError for arguments and results that are neither floats nor complex, ShapeError for
    a tangent of another shape.
    """
    leaves: list[Tensor] = []
    arguments = [_fresh(primal, leaves, f"argument {number}")[0]
                 for number, primal in enumerate(primals)]
    directions: list[Tensor] = []
    for tangent in tangents:
        _flatten(tangent, directions, lambda x: x)
    if len(directions) != len(leaves):
        raise ValueError(f"jvp: {len(directions)} tangents for {len(leaves)} tensors (one each)")
    directions = [_core.asarray(d, leaf.dtype) if not hasattr(d, "dtype") else _core.asarray(d)
                  for d, leaf in zip(directions, leaves)]
    tape = _core._Tape(False)
    try:
        result = fun(*arguments)
    finally:
        tape.stop()
    outputs: list[Tensor] = []
    build = _flatten(result, outputs, _core.asarray)
    changes = tape.jvp(outputs, leaves, directions)
    return build(iter(outputs)), build(iter(changes))


class GradientTape:
    """Records operations, for gradients through what is computed meanwhile: TensorFlow's.

        with tsum.GradientTape() as tape:
            tape.watch(x)
            y = tsum.reduce_sum(tsum.square(x))
            print(y)                       # values may be looked at
        dy_dx = tape.gradient(y, x)        # 2 x

    It records what this thread builds inside the `with` block, and functions of `tsum.jit` there
    build graphs in place of running. What is recorded keeps what it was computed from, and the
    memory of that, until the tape goes. Tensors are watched one by one; what was computed before,
    and what does not depend on watched tensors, is constant. Tapes nest: the gradients that an
    inner one gives are recorded by the outer one.

    A tape gives gradients once, unless it is `persistent`.
    """

    def __init__(self, persistent: bool = False) -> None:
        self._persistent = persistent
        self._tape: typing.Any = None
        self._is_on = False

    def __enter__(self) -> GradientTape:
        if self._is_on:
            raise Error("GradientTape: it is recording already")
        if self._tape is None:
            self._tape = _core._Tape(True)
        self._tape.resume()
        self._is_on = True
        return self

    def __exit__(self, *exception: object) -> None:
        if self._tape:
            self._tape.stop()
        self._is_on = False

    def watch(self, tensor: typing.Any) -> None:
        """Has gradients with respect to a tensor, or to each of a structure of tensors.

        Arrays are not watched, since each use of one is another tensor: `x = tsum.asarray(x)`
        first. Raises DTypeError for what is neither a float nor complex.
        """
        self._check_begun("watch")
        leaves: list[typing.Any] = []
        _flatten(tensor, leaves, lambda x: x)
        for leaf in leaves:
            _check_tensor("watch", leaf)
            self._tape.watch(leaf)

    def gradient(self, target: typing.Any, sources: typing.Any, output_gradients: typing.Any = None,
                 unconnected_gradients: str = "none", *,
                 memory: int | None = None) -> typing.Any:
        """The gradients of the sum of all elements of `target` with respect to `sources`.

        `target` is a tensor or a structure of them, the result has the structure of `sources`: a
        tensor for each, or None where it is not watched or `target` does not depend on it (zeros
        with `unconnected_gradients="zero"`). `output_gradients` has a factor for each of `target`,
        as `grad_ys` of `tsum.gradients`, whose `memory` it has, too.

        Raises Error if the tape has given its gradients and is not persistent, and what
        `tsum.gradients` raises.
        """
        zero = _is_zero("gradient", unconnected_gradients)
        self._check_begun("gradient")
        targets: list[Tensor] = []
        _flatten(target, targets, _core.asarray)
        leaves: list[Tensor] = []
        build = _flatten(sources, leaves, _core.asarray)
        factors: typing.Any = None
        if output_gradients is not None:
            factors = []
            # None is a factor here, of 1.
            if len(targets) == 1 and not isinstance(target, (list, tuple, dict)):
                factors.append(output_gradients)
            else:
                factors.extend(_listed(output_gradients))
        found = self._tape.gradient(targets, leaves, factors, memory)
        if not self._persistent:
            self._tape = False
        return build(iter(_with_zeros(found, leaves) if zero else found))

    def stop_recording(self) -> typing.Any:
        """A context in which nothing is recorded."""
        return _Pause(self)

    def reset(self) -> None:
        """Forgets what was recorded and watched."""
        self._check_begun("reset")
        self._tape = _core._Tape(True)
        if not self._is_on:
            self._tape.stop()

    def watched_variables(self) -> tuple:
        """Nothing: there are no variables, and tensors are watched one by one."""
        return ()

    def _check_begun(self, what: str) -> None:
        if self._tape is None:
            raise Error(f"{what}: the tape has recorded nothing (use it in a with statement)")
        if self._tape is False:
            raise Error(f"{what}: the tape has given its gradients (a persistent one gives them "
                        "more than once: GradientTape(persistent=True))")


class _Pause:
    def __init__(self, tape: GradientTape) -> None:
        self._tape = tape

    def __enter__(self) -> None:
        if not self._tape._is_on:
            raise Error("stop_recording: the tape is not recording")
        self._tape._tape.stop()

    def __exit__(self, *exception: object) -> None:
        if self._tape._tape:
            self._tape._tape.resume()


#===-- Structures ----------------------------------------------------------------------------===//

def _flatten(object: typing.Any, leaves: list, convert: typing.Callable) -> typing.Callable:
    """Appends the tensors of a structure to `leaves`; what builds it again around others."""
    if object is None:
        return lambda found: None
    if isinstance(object, dict):
        parts = {key: _flatten(value, leaves, convert) for key, value in object.items()}
        return lambda found: {key: part(found) for key, part in parts.items()}
    if isinstance(object, tuple):
        of_tuple = [_flatten(value, leaves, convert) for value in object]
        if hasattr(object, "_fields"):
            return lambda found: type(object)(*(part(found) for part in of_tuple))
        return lambda found: tuple(part(found) for part in of_tuple)
    if isinstance(object, list):
        of_list = [_flatten(value, leaves, convert) for value in object]
        return lambda found: [part(found) for part in of_list]
    leaves.append(convert(object))
    return next


def _fresh(argument: typing.Any, leaves: list, what: str) -> tuple:
    """An argument as tensors that nothing else has, and what builds its structure around others."""
    def convert(leaf):
        tensor = _core.asarray(leaf)
        if tensor.dtype not in INEXACT:
            raise DTypeError(f"grad: {what} has dtype {tensor.dtype.name} (only floats and complex "
                             "numbers have gradients: cast it, or leave it out of argnums)")
        return _core._same(tensor)

    own: list[Tensor] = []
    build = _flatten(argument, own, convert)
    leaves.extend(own)
    return build(iter(own)), build


def _check_tensor(name: str, x: typing.Any) -> None:
    """Each use of an array is another tensor, on which nothing depends."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{name}: {type(x).__name__} is no tensor (x = tsum.asarray(x) makes one, "
                         "to be computed with)")


def _listed(objects: typing.Any) -> list:
    return list(objects) if isinstance(objects, (list, tuple)) else [objects]


def _with_zeros(found: list, like: list) -> list:
    return [_core.broadcast_to(_core.asarray(0, x.dtype), x.shape) if gradient is None else gradient
            for gradient, x in zip(found, map(_core.asarray, like))]


def _is_zero(name: str, unconnected: typing.Any) -> bool:
    unconnected = getattr(unconnected, "value", unconnected)
    if unconnected not in ("none", "zero"):
        raise ValueError(f"{name}: unconnected_gradients is {unconnected!r} ('none' or 'zero')")
    return unconnected == "zero"


def _numbers(argnums: typing.Any) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    if not numbers or not all(isinstance(number, int) for number in numbers):
        raise TypeError(f"grad: argnums is {argnums!r} (the number of an argument, or a sequence "
                        "of them)")
    return numbers


def _split(result: typing.Any, has_aux: bool) -> tuple:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError("grad: with has_aux the function returns a pair of its value and anything "
                        "else")
    return result


def _named_after(fun: typing.Any) -> typing.Callable:
    if not callable(fun):
        raise TypeError(f"grad: {type(fun).__name__} is not callable")
    return functools.wraps(fun)
