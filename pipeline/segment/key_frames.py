"""Key frames: those that the network looks at when it looks at every Nth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.structures.video_info import VideoInfo


def film_key_frames(film: VideoInfo, every: int) -> frozenset[int]:
    """Numbers of the film's key frames, counted in its source."""
    seconds = [float(film.seconds(place)) for place in range(film.frame_count)]
    return frozenset(film.span[0] + place for place in key_frames(seconds, every))


def key_frames(seconds: Sequence[float], every: int) -> list[int]:
    """Positions of the key frames, ascending: the first, the last, and about every Nth in between.

    They are counted by time, so that variable frame rates are treated fairly: a frame is a key if it is nearer to
    `every` usual steps after the last key than the next frame could be. Frames further apart than that are all keys.

    Parameters
    ----------
    seconds : time of every frame of the film, ascending, so that the result does not depend on chunks.
    every : N; 1 means all.

    """
    if every < 1:
        raise ValueError(f"expected every Nth frame with N from 1 up, found {every}")
    if every == 1 or len(seconds) < 2:
        return list(range(len(seconds)))
    usual = float(np.median(np.diff(seconds)))
    least = (every - 0.5) * usual
    keys = [0]
    for place in range(1, len(seconds)):
        if place + 1 == len(seconds) or seconds[place] - seconds[keys[-1]] >= least:
            keys.append(place)
    return keys
