"""Place: a street with its houses, trees and lamps, along which one can drive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sample_videos.drawn_drive.canvas import POLE, TREE, Canvas
from sample_videos.drawn_drive.depth import Painter
from sample_videos.drawn_drive.scenery import Picture, facade, lamp_post, tree
from sample_videos.drawn_drive.solid import Array
from sample_videos.drawn_drive.street import PAVEMENTS, Street
from sample_videos.drawn_drive.weather import LAMP_SPACING

#: How far one sees, in m, and how long the street is.
FARTHEST, LENGTH = 260.0, 420.0


class Place:
    """A street drawn from a seed; the same seed gives the same street."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.street = Street(rng, rng.uniform(88, 112))
        self._trees = [tree(rng) for _ in range(4)]
        self._lamps = {side: lamp_post(side) for side in (-1, 1)}
        self._walls = [wall for side in (1, -1) for wall in _row_of_houses(rng, side)]
        self._planted = [
            (side * (abs(PAVEMENTS[side > 0]) - 0.9 + rng.uniform(-0.2, 0.2)), z + rng.uniform(-2, 2))
            for side in (-1, 1)
            for z in np.arange(9.0, LENGTH, 17.0)
            if rng.random() < 0.7
        ]

    def painters(self, canvas: Canvas) -> Iterator[Painter]:
        """All that stands beside the street and can be seen."""
        travelled = canvas.travelled
        for picture, low, high in self._walls:
            near, far = low - [0, 0, travelled], high - [0, 0, travelled]
            if far[2] > 3.0 and near[2] < FARTHEST:
                yield _wall(canvas, picture, near, far)
        for index, (x, along) in enumerate(self._planted):
            yield from _standing(canvas, self._trees[index % len(self._trees)], x, along, (5.6, 7.4), TREE)
        for index in range(int(LENGTH / LAMP_SPACING)):
            side = 1 if index % 2 else -1
            x = PAVEMENTS[1] - 2.4 if side > 0 else PAVEMENTS[0] + 2.4
            yield from _standing(canvas, self._lamps[side], x, (index + 0.5) * LAMP_SPACING, (2.0, 8.0), POLE)


def _wall(canvas: Canvas, picture: Picture, low: Array, high: Array) -> Painter:
    left, right = sorted((float(low[0]), float(high[0])))
    return Painter(left, right, float(low[2]), float(high[2]), lambda: canvas.wall(picture, low, high))


def _standing(
    canvas: Canvas, picture: Picture, x: float, along: float, size: tuple[float, float], surface: int
) -> Iterator[Painter]:
    z = along - canvas.travelled
    if 2.0 < z < FARTHEST:
        yield Painter(x - 0.1, x + 0.1, z, z, lambda: canvas.sprite(picture, x, z, *size, surface))


def _row_of_houses(rng: np.random.Generator, side: int) -> Iterator[tuple[Picture, Array, Array]]:
    """Fronts along the street and the walls between them: (picture, near bottom corner, far top corner)."""
    z = -6.0
    while z < LENGTH:
        storeys, bays = int(rng.integers(2, 6)), int(rng.integers(3, 7))
        length, height = bays * 2.9, storeys * 3.2 + 0.6
        x = side * (15.5 + rng.uniform(0, 2.0))
        shade = np.array([0.72, 0.72, 0.72, 1, 1] if side < 0 else np.ones(5), np.float32)
        yield facade(rng, storeys, bays) * shade, np.array([x, 0.0, z]), np.array([x, height, z + length])
        dim = np.array([0.86, 0.86, 0.86, 1, 1], np.float32)
        yield facade(rng, storeys, 3) * dim, np.array([x, 0.0, z]), np.array([x + side * 9.0, height, z])
        z += length + rng.choice([0.0, 0.0, 5.0, 12.0])
