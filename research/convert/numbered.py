"""Rules for sources that number their convolutions: `conv0` is the stem's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline.formats.account import Rule


def numbered_rules(
    variables: Mapping[str, tuple[int, ...]], place: Callable[[str], int], stem: Callable[[Any], Any]
) -> dict[str, Rule]:
    """The array of the file for each variable of the trunk, by path and shape, and how its axes are ordered.

    place : number of the convolution that is called `stage2_unit0/expand` and the like here. stem : brings the stem's
    kernel [out, in, height, width] into our order.
    """
    found = {}
    for path, shape in variables.items():
        unit, leaf = path.rsplit("/", 1)
        number = 0 if unit == "stem" else place(unit)
        if leaf == "bias":
            found[path] = Rule(f"conv{number}/bias")
        elif unit == "stem":
            found[path] = Rule(f"conv{number}/weight", stem)
        elif len(shape) == 3:  # depthwise: [C, 1, height, width]
            found[path] = Rule(f"conv{number}/weight", lambda w: np.moveaxis(w[:, 0], 0, -1))
        else:
            found[path] = Rule(f"conv{number}/weight", ours)
    return found


def ours(kernel: Any) -> Any:
    """A kernel [out, in, height, width] as [height, width, in, out]."""
    return kernel.transpose(2, 3, 1, 0)
