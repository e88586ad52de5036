"""Key frames: those that the network looks at when it looks at every Nth."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np


def key_frames(seconds: Sequence[float], every: int, cuts: Collection[int] = ()) -> list[int]:
    """Places of the key frames, ascending: of each scene the first, the last, and about every Nth between.

    Counted is time, so that variable rates stay fair: a frame is a key when it is nearer to `every` usual steps
    after the last key than the next frame could be. Frames that are further apart than that are all keys.

    Parameters
    ----------
    seconds : time of every frame of the film, ascending; so no chunk changes the answer.
    every : N; 1 means all.
    cuts : places of the frames with which another scene begins.

    """
    if every < 1:
        raise ValueError(f"expected every Nth frame with N from 1 up, found {every}")
    if every == 1 or len(seconds) < 2:
        return list(range(len(seconds)))
    usual = float(np.median(np.diff(seconds)))
    least = (every - 0.5) * usual
    starts = {0, *cuts}
    keys: list[int] = []
    for place, time in enumerate(seconds):
        ends = place + 1 == len(seconds) or place + 1 in starts
        if place in starts or ends or time - seconds[keys[-1]] >= least:
            keys.append(place)
    return keys
