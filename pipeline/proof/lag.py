"""The lag of a film: the share of each frame that comes from the one before, as in frames blended over time."""

from __future__ import annotations

import numpy as np

from pipeline.proof.cells import CELL_PX, Levels, cell_means

#: Least and greatest change of a cell's mean that counts, in levels; a greater change has other causes. Then its
#: greatest error; with a greater one, something else is wrong with the cell.
_LEAST, _MOST, _OFF = 3.0, 12.0, 6.0

#: Least ratio of a cell's change to that of noise, which encoders keep or drop at will.
_OVER_NOISE = 4.0

#: With fewer cells there is no verdict.
_LEAST_CELLS = 100


class Lag:
    """Sums up, over all frames, the error of each cell's mean in the direction of the frame before."""

    def __init__(self) -> None:
        self._before: Levels | None = None
        self._follows = self._changes = 0.0
        self._cells = 0

    def add(self, wanted: Levels, found: Levels) -> None:
        """Add the luma of the next frame, as it should be and as it is."""
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
        """0 if hardly any cell changes or frames do not blend; 0.25 if a quarter of each comes from the one before."""
        return self._follows / self._changes if self._cells >= _LEAST_CELLS else 0.0
