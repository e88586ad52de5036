"""Batches of pictures with a class for every pixel: those of step n, a pure function of the seed and n."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.labels.pixel_folder import PixelEntry, load_pixels
from pipeline.model.semantic.objective import PixelTargets
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.training.batches import Variety
from pipeline.training.photometry import random_photometry
from pipeline.training.placement import (
    centred_placement,
    placed_labels,
    placed_pixels,
    random_placement,
)


class PixelBatchMaker:
    """Batches of a folder's pictures, each of which is drawn as often as any other.

    Parameters
    ----------
    entries : the pictures to train on; they are decoded as they are drawn.
    classes : what the labels' numbers mean.
    variety : how the pictures are changed.
    batch : pictures a batch.
    seed : of everything that is drawn.

    """

    def __init__(
        self, entries: Sequence[PixelEntry], classes: PixelClasses, variety: Variety, batch: int, seed: int
    ) -> None:
        self.entries, self.classes, self.variety = entries, classes, variety
        self.batch, self.seed = batch, seed

    def make(self, step: int) -> tuple[NDArray[np.uint8], PixelTargets]:
        """Pictures uint8 [B, H, W, 3] and targets of that step, numpy."""
        random = np.random.default_rng((self.seed, step))
        places = random.integers(len(self.entries), size=self.batch)
        shown = [self._picture(self.entries[place], random) for place in places]
        pixels, labels = (np.stack(column) for column in zip(*shown, strict=True))
        return pixels, PixelTargets(labels)

    def _picture(
        self, entry: PixelEntry, random: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        variety = self.variety
        pixels, labels = load_pixels(entry, len(self.classes), self.classes.ignored)
        size = (pixels.shape[0], pixels.shape[1])
        base = centred_placement(size, variety.full_canvas).scale_x
        frame = random_placement(size, variety.canvas, base, variety.scales, variety.flip, random)
        shown = placed_pixels(pixels, frame, smooth=bool(random.random() < 0.7))
        return random_photometry(shown, variety.photometry, random), placed_labels(labels, frame)


def class_weights(
    entries: Sequence[PixelEntry], classes: PixelClasses, balance: str, factors: dict[str, float]
) -> NDArray[np.float32]:
    """Weight of a pixel of each class, float32 [classes].

    balance : `equal`, or `median_frequency`: the median of the classes' frequencies over the class's own, where a
        frequency is the share of its pixels in the pictures that have it. A class without a pixel counts 0.
    """
    weights = np.ones(len(classes), np.float64)
    if balance == "median_frequency":
        pixels, of = np.zeros(len(classes)), np.zeros(len(classes))
        for entry in entries:
            _, labels = load_pixels(entry, len(classes), classes.ignored)
            counts = np.bincount(labels.ravel(), minlength=256)[: len(classes)]
            pixels += counts
            of += np.where(counts > 0, counts.sum(), 0)
        frequency = pixels / np.maximum(of, 1)
        there = frequency > 0
        weights = np.where(there, np.median(frequency[there]) / np.where(there, frequency, 1), 0.0)
    for name, factor in factors.items():
        weights[classes.names.index(name)] *= factor
    return weights.astype(np.float32)
