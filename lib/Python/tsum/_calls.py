# SPDX-License-Identifier: Apache-2.0
"""What is said of a call that a function does not take, and what its parameters are.

`publish` puts functions of C++ and of Python behind callables that ask this module when something
is wrong; it costs a call nothing that can be measured, and imports nothing before.
"""
from __future__ import annotations

import types
import typing

from . import _core

# Names that other libraries have for a parameter.
OTHERS = (("dim", "axis"), ("dims", "axis"), ("reduction_indices", "axis"), ("axes", "axis"),
          ("axis", "axes"), ("a", "input_tensor"), ("x", "input_tensor"),
          ("input", "input_tensor"), ("arr", "x"), ("input_tensor", "x"), ("a", "x"), ("x1", "x"),
          ("x2", "y"), ("b", "y"), ("other", "y"), ("correction", "ddof"), ("eps", "epsilon"))

CHECKED = type(_core._checked(print))

_published: dict[int, typing.Any] = {}
_signatures: dict[int, typing.Any] = {}


def publish(namespace: dict[str, typing.Any], module: str) -> None:
    """Puts the package's own functions in `namespace` behind checked ones, said to be `module`'s.

    A function under several names is one object under all of them, as before. Of the package's own
    classes it is the constructors and the methods.
    """
    for name, value in namespace.items():
        if name.startswith("_") or not str(getattr(value, "__module__", "")).startswith("tsum"):
            continue
        if isinstance(value, type):
            if not issubclass(value, Exception):
                publish_methods(value)
        elif callable(value):
            namespace[name] = checked(value, module)


def publish_methods(owner: type) -> None:
    """Puts the constructor and the methods that the class itself has behind checked ones."""
    for name, value in list(vars(owner).items()):
        if name.startswith("_") and not (
                name == "__init__" and isinstance(value, types.FunctionType)):
            continue
        if isinstance(value, types.FunctionType) or type(value).__name__ == "nb_method":
            setattr(owner, name, _stand_in(value, owner.__module__))
        elif type(value).__name__ == "nb_func":  # a static method of C++
            setattr(owner, name, staticmethod(_stand_in(value, owner.__module__)))


def checked(function: typing.Any, module: str) -> typing.Any:
    """The callable that stands for `function` in `module`: one for each function."""
    found = _published.get(id(function))
    if found is not None:
        return found
    if type(function) is CHECKED:  # of another namespace
        return function
    made = _published[id(function)] = _stand_in(function, module)
    return made


def _stand_in(function, module):
    made = _core._checked(function)
    made.__module__ = module
    made.__name__, made.__qualname__ = function.__name__, function.__qualname__
    of_cpp = getattr(function, "__nb_signature__", None)
    made.__doc__ = of_cpp[0][1] if of_cpp else function.__doc__
    return made


def signature(function: typing.Any) -> typing.Any:
    """`inspect.signature` of a function of C++ or of Python."""
    import inspect

    found = _signatures.get(id(function))
    if found is None:
        of_cpp = getattr(function, "__nb_signature__", None)
        if of_cpp is not None:
            found = _parsed(of_cpp[0][0], of_cpp[0][2] or ())
        elif hasattr(function, "__wrapped__") and function.__name__ in vars(_core.Tensor):
            found = _of_method(function)
        else:
            try:
                found = inspect.signature(function)
            except ValueError:  # NumPy does not say
                found = inspect.signature(function, follow_wrapped=False)
        _signatures[id(function)] = found
    return found


def _of_method(method):
    """The signature of a function, whose first argument is the object that the method is of."""
    import inspect

    takes = signature(method.__wrapped__)
    first, *others = takes.parameters.values()
    return takes.replace(parameters=[
        first.replace(name="self", kind=inspect.Parameter.POSITIONAL_ONLY
                      if first.kind == inspect.Parameter.POSITIONAL_ONLY
                      else inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=first.empty),
        *others])


def _parsed(text, defaults):
    """The signature that a line of Python, `def f(...) -> ...`, declares.

    Where nanobind wrote it, a backslash and a number stand for one of the defaults.
    """
    import __future__
    import inspect
    import re

    scope: dict[str, typing.Any] = {"_defaults": defaults}
    text = re.sub(r"\\(\d+)", r"_defaults[\1]", text)
    code = compile(text + ": ...", "<signature>", "exec", __future__.annotations.compiler_flag)
    exec(code, scope)
    (function,) = (value for value in scope.values() if inspect.isfunction(value))
    return inspect.signature(function)


def explain(function: typing.Any, args: list, kwargs: dict, error: BaseException) -> str | None:
    """What is wrong with the arguments of a call that raised a TypeError.

    None if they are what the function takes: then the error says it itself.
    """
    import inspect

    takes, name = signature(function), function.__name__
    if name == "__init__":  # as it is called, by the name of its class and without the object
        name, args = type(args[0]).__name__, args[1:]
        takes = takes.replace(parameters=list(takes.parameters.values())[1:],
                              return_annotation=takes.empty)
    parameters = takes.parameters
    code = getattr(function, "__code__", None)
    also = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount] if code else ()
    names = [each for each, parameter in parameters.items()
             if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)]
    if not any(each.kind == each.VAR_KEYWORD for each in parameters.values()):
        for key in kwargs:
            if key not in names and key not in also:
                return _unknown(name, key, names)
    for key in kwargs:
        if key in parameters and parameters[key].kind == inspect.Parameter.POSITIONAL_ONLY:
            return f"{name}: {key!r} is given by its place, not by its name"
    try:
        takes.bind(*args, **{key: value for key, value in kwargs.items() if key not in also
                             or key in parameters})
    except TypeError as mismatch:
        return f"{name}: {mismatch} (it is called as {name}{_brief(takes)})"
    if "incompatible function arguments" in str(error):
        given = [type(value).__name__ for value in args]
        given += [f"{key}={type(value).__name__}" for key, value in kwargs.items()]
        return f"{name}: takes {name}{_plain(takes)}; given {name}({', '.join(given)})"
    return None


def _brief(takes):
    """The signature without what it says of types."""
    return takes.replace(return_annotation=takes.empty, parameters=[
        each.replace(annotation=each.empty) for each in takes.parameters.values()])


class _Words(str):
    """An annotation that is printed as it is written."""

    def __repr__(self) -> str:
        return str(self).replace("typing.", "").replace("collections.abc.", "")


def _plain(takes):
    """The signature with its annotations as they are written, without quotes."""
    def words(annotation):
        return _Words(annotation) if isinstance(annotation, str) else annotation

    return takes.replace(return_annotation=words(takes.return_annotation), parameters=[
        each.replace(annotation=words(each.annotation)) for each in takes.parameters.values()])


def _unknown(function, given, names):
    nearest = next((ours for other, ours in OTHERS if other == given and ours in names), None)
    if nearest is None:
        import difflib

        plain = {each.replace("_", "").lower(): each for each in names}
        close = difflib.get_close_matches(given.replace("_", "").lower(), plain, 1, 0.6)
        nearest = plain[close[0]] if close else None
    about = (f"did you mean {nearest}=?" if nearest else
             "it has " + ", ".join(names) if names else "it has none")
    return f"{function}: there is no parameter {given!r} ({about})"
