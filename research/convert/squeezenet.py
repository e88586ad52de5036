"""SqueezeNet 1.1: where each variable of our trunk lies in keras-squeezenet's file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.formats.account import Rule

#: The file numbers its kernels in the order of the network; these are the places within a fire module.
_PARTS = {"squeeze": (0, "squeeze1x1"), "expand1": (1, "expand1x1"), "expand3": (2, "expand3x3")}
_PATH = re.compile(r"fire(\d+)/(\w+)")


def rules(variables: Mapping[str, tuple[int, ...]], deviation: float) -> dict[str, Rule]:
    """The array of the file for each variable of the trunk, by path and shape, and how it is brought into order.

    Its frames are B, G, R and ours R, G, B, so the stem's inputs change places. Ours are divided by `deviation` and
    its are not: biases are divided too, and then every feature is.
    """
    found = {}
    for path in variables:
        unit, leaf = path.rsplit("/", 1)
        kernel, bias = _names(unit)
        if leaf == "bias":
            found[path] = Rule(bias, lambda b: b / deviation)
        elif unit == "stem":
            found[path] = Rule(kernel, lambda w: w[:, :, ::-1])
        else:
            found[path] = Rule(kernel)
    return found


def _names(unit: str) -> tuple[str, str]:
    """The file's names of the kernel and the bias of `stem`, `fire2/expand1` and the like."""
    if unit == "stem":
        return "conv1/uniform1", "conv1/conv1_b"
    match = _PATH.fullmatch(unit)
    if match is None or match[2] not in _PARTS:
        raise ValueError(f"{unit} is no part of SqueezeNet")
    module = int(match[1])
    place, part = _PARTS[match[2]]
    layer = f"fire{module}/{part}"
    return f"{layer}/uniform{2 + 3 * (module - 2) + place}", f"{layer}_b"
