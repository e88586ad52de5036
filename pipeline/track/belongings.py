"""Belongings: what a person wears or carries, and the network takes for a sign or a light of the road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track.sameness import lies_within
from pipeline.track.window import Life

#: What stands by the road, and nobody carries along.
_ROADSIDE = ("stop sign", "traffic light", "traffic sign", "fire hydrant", "parking meter")
_PERSONS = ("person", "pedestrian", "rider", "other person")

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
        self._persons = np.isin(class_names, _PERSONS)

    def among(self, present: Sequence[Life]) -> list[Life]:
        """Those of the tracks that are no objects of their own."""
        signs, persons = (self._of(present, classes) for classes in (self._roadside, self._persons))
        return [sign for sign in signs if any(_is_on(sign, one) for one in persons)]

    @staticmethod
    def _of(present: Sequence[Life], classes: NDArray[np.bool_]) -> list[Life]:
        return [life for life in present if classes[life.votes.argmax()]]


def _is_on(sign: Life, person: Life) -> bool:
    own, its = ({seen.frame for seen in life.known} for life in (sign, person))
    return len(own & its) >= _MOSTLY * len(own) and lies_within(sign, person, _WORN)
