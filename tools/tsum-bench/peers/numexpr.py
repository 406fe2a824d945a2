# SPDX-License-Identifier: Apache-2.0
import numexpr
import numpy as np

EXPRESSIONS = {"sum": "x", "sqdiff": "(x - y) ** 2", "dot": "x * y"}


def prepare(case, arrays, axis):
    if len(axis) not in (1, len(case.shape)) or case.op not in EXPRESSIONS:
        raise NotImplementedError("numexpr sums over one axis or all")
    over = "" if len(axis) == len(case.shape) else f", axis={axis[0]}"
    text = f"sum({EXPRESSIONS[case.op]}{over})"
    names = dict(zip("xy", arrays))
    return lambda: numexpr.evaluate(text, local_dict=names), np.asarray


SYSTEMS = {"numexpr": prepare}
