"""Belongings: what a person wears or carries, and the network takes for a sign or a light of the road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.track.observation import Observation
from pipeline.track.sameness import lies_within
from pipeline.track.settings import PERSONS
from pipeline.track.window import Life

#: What stands by the road, and nobody carries along.
_ROADSIDE = ("stop sign", "traffic light", "traffic sign", "fire hydrant", "parking meter")

#: It is seen on its person in so many of its own frames: a sign has been a person for a moment, too.
_MOSTLY = 0.5

#: Mean share of such a mask that lies in a person's. Riders' red helmets in three drawn drives, taken for stop signs,
#: came to 0.74 and more; signs that people and buses passed to 0.04.
_WORN = 0.6


class Belongings:
    """Finds them among the tracks of a frame; holds rules only."""

    def __init__(self, class_names: Sequence[str]) -> None:
        """With the name of each class, in the order of the votes."""
        self._roadside = np.isin(class_names, _ROADSIDE)
        self._persons = np.isin(class_names, PERSONS)

    def among(self, present: Sequence[tuple[Life, Observation]]) -> list[Life]:
        """Those of the tracks that are no objects of their own. present : with where they are in the frame."""
        classes = [int(life.votes.argmax()) for life, _ in present]
        signs = [entry for entry, column in zip(present, classes, strict=True) if self._roadside[column]]
        if not signs:
            return []
        persons = [entry for entry, column in zip(present, classes, strict=True) if self._persons[column]]
        return [
            sign
            for sign, here in signs
            if any(_touches(here, there) and _is_on(sign, person) for person, there in persons)
        ]


def _touches(sign: Observation, person: Observation) -> bool:
    """True if the middle of a sign lies in the box of a person."""
    left, top, right, bottom = sign.box.tolist()
    x1, y1, x2, y2 = person.box.tolist()
    return bool(x1 < (left + right) / 2 < x2 and y1 < (top + bottom) / 2 < y2)


def _is_on(sign: Life, person: Life) -> bool:
    own, its = ({seen.frame for seen in life.known} for life in (sign, person))
    return len(own & its) >= _MOSTLY * len(own) and lies_within(sign, person, _WORN)
