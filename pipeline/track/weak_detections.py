"""Weak detections that belong to a known track: those before its first one, and those in a gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import NO_TRACK
from pipeline.track import extrapolation
from pipeline.track.association import overlaps
from pipeline.track.settings import TrackSettings
from pipeline.track.window import Life, Window, WindowFrame

Floats = NDArray[np.float64]

#: Over so many seconds without a detection a track is not followed back any further, if the network looked so often.
_EXTEND_GAP, _EXTEND_LOOKS = 0.1, 2

#: What comes in over the border is found weakly at first, in boxes that jump. Where it is near it is followed back over
#: a longer gap, and through what has this IoU with its first box and is cut on the same side. From farther away what is
#: weak beside it is mostly somebody else.
_CUT_GAP, _CUT_OVERLAP = 0.15, 0.45

#: Share of the picture's width that a box may end before the border that cuts it; root of a near one's area over the
#: picture's height.
_AT_BORDER, _NEAR = 0.01, 0.085


class WeakDetections:
    """Finds them in a window's frames; holds rules only."""

    def __init__(self, settings: TrackSettings, groups: NDArray[np.intp], size: tuple[int, int]) -> None:
        """With the group of each class, int [C], and the frames' height and width in px."""
        self._settings, self._groups, self._size = settings, groups, size

    def follow_back(self, window: Window, life: Life) -> None:
        """Give a track the detections before its first one in which it was too weak to start."""
        missed, line = 0, extrapolation.line_before(life.known)
        for number in range(life.first.frame - 1, window.frames[0].number - 1, -1):
            frame = window.at(number)
            if not frame.looked:
                continue
            side = self._cut_side(life.first.box)
            gap = _EXTEND_GAP if side is None else _CUT_GAP
            if missed >= _EXTEND_LOOKS and life.first.seconds - frame.seconds > gap:
                break
            row = self.fitting(frame, life, extrapolation.before(line, frame.seconds - life.first.seconds))
            if row is None and side is not None:
                row = self._best_row(frame, life, life.first.box, _CUT_OVERLAP)
                row = None if row is None or self._cut_side(frame.boxes[row]) != side else row
            missed = missed + 1 if row is None else 0
            if row is not None:
                window.claim(frame, row, life.number)
                line = extrapolation.line_before(life.known)

    def fitting(self, frame: WindowFrame, life: Life, box: Floats) -> int | None:
        """Row of the detection without a track that fits a track's box [4] in a frame best; None if none does.

        None either for a second detection of another object.
        """
        return self._best_row(frame, life, box, self._settings.weak_overlap)

    def _best_row(self, frame: WindowFrame, life: Life, box: Floats, least: float) -> int | None:
        is_free = frame.owners == NO_TRACK
        usable = is_free & (frame.found.scores >= self._settings.follow_score)
        # What does not touch the box cannot fit, and that is nearly all.
        touching = (frame.boxes[:, :2] < box[2:]) & (frame.boxes[:, 2:] > box[:2])
        rows = (usable & touching[:, 0] & touching[:, 1]).nonzero()[0]
        if len(rows):
            rows = rows[self._groups[frame.columns[rows]] == self._groups[life.votes.argmax()]]
        if not len(rows):
            return None
        fit = overlaps(box[None], frame.boxes[rows], self._settings.box_growth)[0]
        if fit.max() < least:
            return None
        fits = fit >= least
        rows, fit, owned = rows[fits], fit[fits], frame.boxes[~is_free]
        if len(owned):
            alone = overlaps(frame.boxes[rows], owned).max(axis=1) < self._settings.same_overlap
            rows, fit = rows[alone], fit[alone]
        return int(rows[fit.argmax()]) if len(rows) else None

    def _cut_side(self, box: Floats) -> int | None:
        """Column of the edge of a near object's box [4] that the border cuts, 0 or 2; None of any other one."""
        x1, y1, x2, y2 = box.tolist()
        height, width = self._size
        left, right = x1 <= _AT_BORDER * width, x2 >= (1 - _AT_BORDER) * width
        if left == right or (x2 - x1) * (y2 - y1) < (_NEAR * height) ** 2:
            return None
        return 0 if left else 2
