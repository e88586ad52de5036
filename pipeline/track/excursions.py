"""Excursions: detections of a track that are another object's, or of several at once, told by their extent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.track.extrapolation import to_shape
from pipeline.track.window import Observation

#: A box whose sides are both this many times as long as before, in the logarithm, and later as they were, has been
#: another one. A person's width swings by more with each step, but not the height.
_FAR, _BACK = np.log(1.25), np.log(1.15)


def excursion(before: Observation, seen: Sequence[Observation], seconds: float) -> int:
    """How many of the first of `seen` are larger, before the track is as large as in `before` again; 0 for none.

    No object grows and is back within `seconds`. One that shrinks may be hidden for a moment.
    """
    size = to_shape(before.box)[2:]
    for count, one in enumerate(seen):
        grown = to_shape(one.box)[2:] - size
        if one.seconds - before.seconds > seconds:
            return 0
        if count and np.abs(grown).max() <= _BACK:
            return count
        if grown.min() < _FAR:
            return 0
    return 0
