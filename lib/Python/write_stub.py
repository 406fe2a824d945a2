# SPDX-License-Identifier: Apache-2.0
"""Writes a type stub: nanobind's stubgen, of the functions behind the checked ones.

The first argument is a folder where the package is, the others are stubgen's. Functions that NumPy
computes have no annotations, as NumPy's own keep them in stubs: `evaluated_types` has them.
"""
import importlib
import inspect
import pathlib
import re
import sys
import textwrap

sys.path.insert(0, sys.argv[1])
options = sys.argv[2:]
module = importlib.import_module(options[options.index("-m") + 1])

import numpy

import evaluated_types
import tsum.typing
from tsum._calls import CHECKED, signature


def unwrap(names, put, is_class=False):
    for name, value in list(names.items()):
        if isinstance(value, staticmethod) and type(value.__func__) is CHECKED:
            put(name, staticmethod(typed(value.__func__.__wrapped__)))
        elif type(value) is CHECKED:
            put(name, typed(value.__wrapped__, is_class))
        elif inspect.isfunction(value):
            typed(value, is_class)
        elif isinstance(value, type) and value.__module__.startswith("tsum"):
            unwrap(vars(value), lambda name, found, owner=value: setattr(owner, name, found), True)


def typed(function, is_method=False):
    """The function, with a signature that says all that is known."""
    if inspect.isfunction(function) and not hasattr(function, "__signature__"):
        found = evaluated_types.complete(function, signature(function))
        if is_method:
            first, *others = found.parameters.values()
            found = found.replace(parameters=[
                first.replace(name="self", annotation=first.empty), *others])
        function.__signature__ = found
    return function


unwrap(vars(module), vars(module).__setitem__)
# The stub imports them, by the pattern.
for name in list(vars(module)):
    if name.lstrip("_") in tsum.typing.__all__:
        delattr(module, name)

from nanobind import stubgen

stubgen.main(options)


def finish(text):
    """The stub with what the generator leaves out: the names that are exported, NumPy's among them.

    What a stub imports under another name is only exported where it is listed.
    """
    listed = textwrap.fill(", ".join(map(repr, module.__all__)), 98)
    text = text.replace("__all__: list[str]", f"__all__ = [\n{listed}\n]")
    theirs = [name for name in module.__all__ if is_numpys(name, getattr(module, name))]
    if "bool" in theirs:  # which is not Python's
        text = re.sub(r"([:|>] |\[)bool\b", r"\1_Bool", text)
    return text + "".join(f"\nfrom numpy import {name} as {name}" for name in theirs) + "\n"


def is_numpys(name, value):
    return str(getattr(value, "__module__", "")).startswith("numpy") and hasattr(numpy, name)


if hasattr(module, "__all__"):
    stub = pathlib.Path(options[options.index("-o") + 1])
    stub.write_text(finish(stub.read_text()))
