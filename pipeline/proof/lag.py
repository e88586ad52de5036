"""The lag of a film: the share by which its frames follow those before them, as frames that were mixed in time do."""

from __future__ import annotations

import numpy as np

from pipeline.proof.cells import CELL_PX, Levels, cell_means

#: Levels by which a cell's mean has to change for that to count, and at most: more is another thing. Levels that the
#: cell may be off by: with more, something else is wrong with it.
_LEAST, _MOST, _OFF = 3.0, 12.0, 6.0

#: A cell's change has to be so many times as large as that of noise, of which an encoder takes what it likes.
_OVER_NOISE = 4.0

#: With fewer cells nothing can be said.
_LEAST_CELLS = 100


class Lag:
    """The sum over all frames of what is off in a cell's mean, in the direction of the frame before."""

    def __init__(self) -> None:
        self._before: Levels | None = None
        self._follows = self._changes = 0.0
        self._cells = 0

    def add(self, wanted: Levels, found: Levels) -> None:
        """The next frame's luma, as it should be and as it is."""
        before, self._before = self._before, wanted
        if before is None or before.shape != wanted.shape:
            return
        back = before - wanted
        change, off = cell_means(back), cell_means(found - wanted)
        noise = cell_means(back * back) / CELL_PX**2
        size = np.abs(change)
        counts = (
            (size > _LEAST) & (size < _MOST) & (np.abs(off) < _OFF) & (size > _OVER_NOISE * np.sqrt(noise))
        )
        self._follows += float((off * change)[counts].sum())
        self._changes += float((change * change)[counts].sum())
        self._cells += int(np.count_nonzero(counts))

    @property
    def share(self) -> float:
        """0 where each frame is its own or hardly a cell changes, 0.25 where a quarter of each is the one before."""
        return self._follows / self._changes if self._cells >= _LEAST_CELLS else 0.0
