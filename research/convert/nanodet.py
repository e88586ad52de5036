"""NanoDet-m and NanoDet-Plus-m: where each variable of our ShuffleNetV2 trunk lies in their files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.formats.account import Rule
from research.convert.numbered import numbered_rules, ours

#: Convolutions of the trunk, which come first in the graph: the stem, and 5 or 3 a unit.
_TRUNK = 55


def _behind(convolutions: int) -> dict[str, str]:
    """What is behind the trunk, of so many convolutions in all; ours has a pyramid and heads of its own."""
    places = "|".join(map(str, range(_TRUNK, convolutions)))
    return {rf"^conv({places})/": "its pyramid and detection head"}


#: Of NanoDet-m and of NanoDet-Plus-m.
IGNORED, IGNORED_PLUS = _behind(73), _behind(110)

#: Convolutions of a unit in the order of the graph; the first two where the unit halves the map.
_UNIT = ("passed_depthwise", "passed_project", "expand", "depthwise", "project")
_PATH = re.compile(r"stage(\d)_unit(\d+)/(\w+)")
#: Units of stages 2 to 4.
_REPEATS = {2: 4, 3: 8, 4: 4}


def rules(variables: Mapping[str, tuple[int, ...]]) -> dict[str, Rule]:
    """The array of the graph for each variable of the trunk, by path and shape, and how its axes are ordered.

    Their frames are B, G, R and ours R, G, B, under the same mean and deviation of each colour; so the stem's inputs
    change places.
    """
    return numbered_rules(variables, _place, lambda kernel: ours(kernel[:, ::-1]))


def _place(unit: str) -> int:
    """The graph's convolution for `stage2_unit0/expand` and the like."""
    match = _PATH.fullmatch(unit)
    if match is None:
        raise ValueError(f"{unit} is no part of ShuffleNetV2")
    stage, number, part = int(match[1]), int(match[2]), match[3]
    before = sum(3 * _REPEATS[one] + 2 for one in _REPEATS if one < stage)
    within = 0 if number == 0 else 3 * number + 2
    return 1 + before + within + (_UNIT.index(part) - (0 if number == 0 else 2))
