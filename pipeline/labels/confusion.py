"""Confusion: the number of pixels for each pair of labelled and predicted class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.pixel_classes import VOID


@dataclass(frozen=True)
class PixelScore:
    """The scores of one class, counted in pixels.

    accuracy : share of the class's pixels that are predicted correctly. iou : intersection over union. dice : twice the
    intersection over the sum. Each is None if its denominator is 0.
    """

    accuracy: float | None
    iou: float | None
    dice: float | None


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts int64 [C, C] with labelled classes in rows and predicted ones in columns; they are added with +."""

    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or self.counts.shape[0] != self.counts.shape[1]:
            raise ValueError(f"counts: expected [C, C], found {list(self.counts.shape)}")

    @classmethod
    def none(cls, classes: int) -> Confusion:
        """No pixel counted yet."""
        return cls(np.zeros((classes, classes), np.int64))

    @classmethod
    def of(cls, truth: NDArray[np.uint8], found: NDArray[np.uint8], classes: int) -> Confusion:
        """The counts of two class maps of the same shape, without pixels that are VOID in the labels."""
        counted = truth != VOID
        pairs = truth[counted].astype(np.int64) * classes + found[counted]
        counts = np.bincount(pairs, minlength=classes * classes)
        return cls(counts.reshape(classes, classes).astype(np.int64))

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.counts + other.counts)

    def score(self, place: int) -> PixelScore:
        """The scores of one class."""
        both, true = int(self.counts[place, place]), int(self.counts[place].sum())
        ours = int(self.counts[:, place].sum())
        return PixelScore(_share(both, true), _share(both, true + ours - both), _share(2 * both, true + ours))

    @property
    def scores(self) -> list[PixelScore]:
        """The scores of each class."""
        return [self.score(place) for place in range(len(self.counts))]

    @property
    def accuracy(self) -> float | None:
        """Share of all pixels that are predicted correctly."""
        return _share(int(np.trace(self.counts)), int(self.counts.sum()))

    @property
    def mean_accuracy(self) -> float | None:
        """Mean accuracy of the classes that occur in the labels."""
        return mean_of([one.accuracy for one in self.scores])

    @property
    def mean_iou(self) -> float | None:
        """Mean IoU of the classes that occur in labels or predictions."""
        return mean_of([one.iou for one in self.scores])

    @property
    def mean_dice(self) -> float | None:
        """Mean Dice of the classes that occur in labels or predictions."""
        return mean_of([one.dice for one in self.scores])


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that exist; None where none does."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
