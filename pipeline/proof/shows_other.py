"""True if a picture shows another one than its own: a neighbour's frame, no colour, planes exchanged."""

from __future__ import annotations

import numpy as np

from pipeline.proof.cells import Levels

#: Cells in which the two are nearer than this, in levels, say nothing: an encoder may take one for the other.
_LEAST_CHANGE = 3.0

#: A cell decides if it is as near to one of the two as this share of what is between them, and at most so many
#: levels: what is painted on is near to neither. With fewer deciding cells nothing can be said.
_NEAR_SHARE, _NEAR_LEVELS, _LEAST_DECIDING = 1 / 3, 3.0, 12

#: Share of them that has to be for the other: what is painted moves too, and may decide by chance.
_MAJORITY = 0.7


def shows_other(found: Levels, own: Levels, other: Levels | float) -> bool:
    """True if most of the cells that can decide show `other` instead of `own`.

    All are means of cells of equal shape; a number stands for a flat picture. Where the two hardly differ, the answer
    is no.
    """
    change = np.abs(own - other)
    to_own, to_other = np.abs(found - own), np.abs(found - other)
    near = np.minimum(to_own, to_other) <= np.minimum(change * _NEAR_SHARE, _NEAR_LEVELS)
    decides = near & (change >= _LEAST_CHANGE)
    if np.count_nonzero(decides) < _LEAST_DECIDING:
        return False
    return bool(np.mean((to_other < to_own)[decides]) > _MAJORITY)
