# SPDX-License-Identifier: Apache-2.0
"""The same functions under TensorFlow's `tf.math` names: `tsum.math.reduce_sum`."""
from . import _core
from ._names import operations as _operations

globals().update(_operations(_core))
__all__ = sorted(_operations(_core))
