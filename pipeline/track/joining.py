"""Which tracks go on as which: the end of one and the begin of another that lie where each other's motion leads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track import extrapolation
from pipeline.track.association import overlaps, pair
from pipeline.track.settings import TrackSettings
from pipeline.track.window import Life

#: Boxes grow by this share of their size to each side for each second of a gap: prediction gets worse with time.
_GROWTH_A_SECOND = 0.4

#: Tracks of other groups are one object only where they fit this much better.
_OTHER_GROUP = 2.0


def continuations(
    ended: Sequence[Life], begun: Sequence[Life], groups: NDArray[np.intp], settings: TrackSettings
) -> list[tuple[Life, Life]]:
    """Pairs of a track that ended and the one that goes on from it, each at most once.

    Parameters
    ----------
    ended, begun : tracks, in any fixed order; one may be in both.
    groups : int [C], group of each class.
    settings : the longest gap and the least overlap.

    """
    fits = np.zeros((len(ended), len(begun)))
    for row, old in enumerate(ended):
        for column, new in enumerate(begun):
            gap = new.first.seconds - old.last.seconds
            if old is not new and 0.0 < gap <= settings.join_seconds and new.before is None:
                fits[row, column] = _fit(old, new, groups, settings.box_growth)
    rows, columns = pair(fits, settings.join_overlap)
    return [(ended[row], begun[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]


def _fit(old: Life, new: Life, groups: NDArray[np.intp], growth: float) -> float:
    """IoU of each one's box with where the other one's motion leads, the mean of both ways."""
    end, start = old.last, new.first
    margin = growth + _GROWTH_A_SECOND * (start.seconds - end.seconds)
    there = extrapolation.after(old.known, start.seconds)
    back = extrapolation.before(new.known, end.seconds)
    ways = overlaps(np.stack([there, end.box]), np.stack([start.box, back]), margin)
    fit = float(ways[0, 0] + ways[1, 1]) / 2
    same = groups[int(np.argmax(old.votes))] == groups[int(np.argmax(new.votes))]
    return fit if same else fit / _OTHER_GROUP
