"""Excursions: detections of a track that are another object's, or of several at once, told by their extent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.structures.tracks import NO_TRACK
from pipeline.track.extrapolation import to_shape
from pipeline.track.window import Observation, Window

#: A box both of whose sides are this much longer than before, in the logarithm, and as long as they were later on, has
#: been another one's. A person's width swings by more with each step, but not the height.
_FAR, _BACK = np.log(1.25), np.log(1.15)


def leave_out_excursions(window: Window, seconds: float) -> None:
    """Take from the tracks what is another object's, from the window's first frame on, for at most `seconds`.

    No object grows and is back so soon. One that shrinks may be hidden for a moment, and stays.
    """
    frame = window.frames[0]
    for row in np.flatnonzero(frame.owners != NO_TRACK).tolist():
        life = window.lives[int(frame.owners[row])]
        if life.before is not None:
            for _ in range(_larger(life.before, life.seen, seconds)):
                window.release(life)


def _larger(before: Observation, seen: Sequence[Observation], seconds: float) -> int:
    """Number of the first of `seen` that are larger than `before`; 0 where none is as large as that again in time."""
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
