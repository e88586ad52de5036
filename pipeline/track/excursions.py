"""Excursions: detections of a track that are another object's, or of several at once, told by their extent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import NO_TRACK
from pipeline.track.observation import Observation
from pipeline.track.window import Window

Floats = NDArray[np.float64]

#: A box both of whose sides are so many times as long as before, and nearly as long as they were later on, has been
#: another one's. A person's width swings by more with each step, but not the height.
_LARGER, _AS_BEFORE = 1.25, 1.15


def leave_out_excursions(window: Window, seconds: float) -> None:
    """Take from the tracks what is another object's, from the window's first frame on, for at most `seconds`.

    No object grows and is back so soon. One that shrinks may be hidden for a moment, and stays.
    """
    frame = window.frames[0]
    owned = ((row, window.lives[key]) for row, key in enumerate(frame.owners.tolist()) if key != NO_TRACK)
    known = [(row, life, life.before) for row, life in owned if life.before is not None]
    if not known:
        return
    old = np.array([before.box for _, _, before in known])
    new = frame.boxes[[row for row, _, _ in known]]
    grown = np.all(_sides(new) >= _LARGER * _sides(old), axis=1)
    for (_, life, before), larger in zip(known, grown.tolist(), strict=True):
        for _ in range(_larger(before, life.seen, seconds) if larger else 0):
            window.release(life)


def _larger(before: Observation, seen: Sequence[Observation], seconds: float) -> int:
    """Number of the first of `seen` that are larger than `before`; 0 where none is as large as that again in time."""
    size = _sides(before.box)
    for count, one in enumerate(seen):
        grown = _sides(one.box) / size
        if one.seconds - before.seconds > seconds:
            return 0
        if count and grown.max() <= _AS_BEFORE and grown.min() >= 1 / _AS_BEFORE:
            return count
        if grown.min() < _LARGER:
            return 0
    return 0


def _sides(boxes: Floats) -> Floats:
    """Width and height [..., 2] of boxes [..., 4], 0.001 px at least."""
    return np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-3)
