"""Outcome: what became of one class's objects in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Outcome:
    """D detections and G labels of one class in one picture, matched at IoU 0.5.

    picture : its place in the list of pictures.
    judged : whether the class is labelled completely there, so that a detection can be wrong.
    found_rows : intp [D], places in the picture's detections, best score first. scores : float64 [D].
    hits : bool [D], lies on an object. forgiven : bool [D], neither right nor wrong.
    true_rows : intp [G], places in the picture's labels.
    true_scores : float64 [G], score of the detection that lies on it, -1 where none does.
    true_ignored : bool [G], counts neither as found nor as missed.
    """

    picture: int
    judged: bool
    found_rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    forgiven: NDArray[np.bool_]
    true_rows: NDArray[np.intp]
    true_scores: NDArray[np.float64]
    true_ignored: NDArray[np.bool_]


@dataclass(frozen=True)
class Tally:
    """Counts at one score, and what follows from them.

    objects : labels that count, in all pictures. found : those with a detection on them.
    judged : labels that count, in the pictures that label the class completely.
    right, wrong : detections on an object and on none, in those pictures.
    """

    objects: int
    found: int
    judged: int
    right: int
    wrong: int

    @property
    def recall(self) -> float | None:
        """Share of the objects that are found; None without any."""
        return self.found / self.objects if self.objects else None

    @property
    def judged_recall(self) -> float | None:
        """The same in the pictures that precision is of; None without any object there."""
        return self.right / self.judged if self.judged else None

    @property
    def precision(self) -> float | None:
        """Share of the detections that are right; None without any."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None


def tally(outcomes: Sequence[Outcome], conf: float) -> Tally:
    """The counts of detections with score `conf` and above.

    Matching goes by falling score, so the weaker ones have taken no object from them.
    """
    objects = found = judged = right = wrong = 0
    for outcome in outcomes:
        counted = ~outcome.true_ignored
        objects += int(counted.sum())
        found += int((counted & (outcome.true_scores >= conf)).sum())
        if outcome.judged:
            judged += int(counted.sum())
            strong = outcome.scores >= conf
            right += int((strong & outcome.hits).sum())
            wrong += int((strong & ~outcome.hits & ~outcome.forgiven).sum())
    return Tally(objects, found, judged, right, wrong)
