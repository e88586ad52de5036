"""The mathematics for an array: NumPy's for NumPy arrays, Keras' for those of every other framework.

What stands between the network's convolutions is written once with it. In a compiled program it is part of the graph;
beside OpenVINO, which is slow at sorting and loops, NumPy computes it (`staged/`), and imports no framework.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def math_of(value: Any) -> Any:
    """The module with `exp`, `where`, `stack` and so on for this array."""
    if isinstance(value, np.ndarray):
        return np
    from keras import ops

    return ops


def cast(value: Any, kind: str) -> Any:
    """The array with its numbers as `kind`, such as `int32`."""
    return value.astype(kind) if isinstance(value, np.ndarray) else math_of(value).cast(value, kind)
