"""PicoDet-S: where each variable of our ESNet trunk lies in its ncnn files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.formats.account import Rule
from research.convert.numbered import numbered_rules, ours

#: Convolutions of the trunk, which come first in the graph.
_TRUNK = 78
#: What is behind the trunk; ours has a pyramid and heads of its own.
IGNORED = {rf"^conv({'|'.join(str(i) for i in range(_TRUNK, 133))})/": "its pyramid and detection head"}

#: Convolutions of a unit of stride 2, and of any other one, in the order of the graph.
_HALVING = ("passed_depthwise", "passed_project", "expand", "depthwise", "attention/squeeze", "attention/excite",
            "project", "mixed_depthwise", "mixed_project")  # fmt: skip
_GHOST = ("expand", "depthwise", "attention/squeeze", "attention/excite", "project")
_PATH = re.compile(r"stage(\d)_unit(\d+)/([\w/]+)")
#: Units of stages 2 to 4.
_REPEATS = {2: 3, 3: 7, 4: 3}


def rules(variables: Mapping[str, tuple[int, ...]]) -> dict[str, Rule]:
    """The array of the file for each variable of the trunk, by path and shape, and how its axes are brought into order.

    It was trained on R, G, B under our mean and deviation of each colour.
    """
    return numbered_rules(variables, _place, ours)


def _place(unit: str) -> int:
    """The number of the graph's convolution that `stage2_unit0/expand` and the like is."""
    match = _PATH.fullmatch(unit)
    if match is None:
        raise ValueError(f"{unit} is no part of ESNet")
    stage, number, part = int(match[1]), int(match[2]), match[3]
    before = sum(len(_HALVING) + len(_GHOST) * (_REPEATS[one] - 1) for one in _REPEATS if one < stage)
    if number == 0:
        return 1 + before + _HALVING.index(part)
    return 1 + before + len(_HALVING) + len(_GHOST) * (number - 1) + _GHOST.index(part)
