"""MobileNetV2: where each variable of our trunk lies in the TensorFlow Lite file of an ImageNet classifier."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from pipeline.formats.account import Rule

#: What is behind the trunk; ours ends at the 320-channel map.
IGNORED = {r"^MobileNetV2/(Conv2d_18_1|top/Conv2d_1x1_output)/": "its last 1x1 convolution and classifier"}

_PATH = re.compile(r"block(\d+)/(expand|depthwise|project)")


def rules(variables: Mapping[str, tuple[int, ...]]) -> dict[str, Rule]:
    """The array of the file for each variable of the trunk, by path and shape, and how its axes are brought into order.

    Its norms are folded into its kernels, and it counts blocks from 1.
    """
    found = {}
    for path, shape in variables.items():
        unit, leaf = path.rsplit("/", 1)
        name = f"MobileNetV2/{_layer(unit)}/{leaf}"
        if leaf == "bias":
            found[path] = Rule(name)
        elif len(shape) == 3:  # depthwise: [1, height, width, C]
            found[path] = Rule(name, lambda w: w[0])
        else:  # [out, height, width, in]
            found[path] = Rule(name, lambda w: np.moveaxis(w, 0, -1))
    return found


def _layer(unit: str) -> str:
    """The file's name of `stem`, `block0/depthwise` and the like."""
    if unit == "stem":
        return "Conv2d_0_0"
    match = _PATH.fullmatch(unit)
    if match is None:
        raise ValueError(f"{unit} is no part of MobileNetV2")
    return f"expanded_conv_{int(match[1]) + 1}/{match[2]}"
