# SPDX-License-Identifier: Apache-2.0
"""Writes a type stub: nanobind's stubgen, of the functions behind the checked ones.

The first argument is a folder where the package is, the others are stubgen's.
"""
import importlib
import sys

sys.path.insert(0, sys.argv[1])
options = sys.argv[2:]
module = importlib.import_module(options[options.index("-m") + 1])

from tsum._calls import CHECKED


def unwrap(names, put):
    for name, value in list(names.items()):
        if type(value) is CHECKED:
            put(name, value.__wrapped__)
        elif isinstance(value, type) and value.__module__.startswith("tsum"):
            unwrap(vars(value), lambda name, found, owner=value: setattr(owner, name, found))


unwrap(vars(module), vars(module).__setitem__)

from nanobind import stubgen

stubgen.main(options)
