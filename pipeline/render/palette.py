"""The colours of objects: which there are, how far they lie apart, also for the colour blind, and who gets which."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.render.neighbours import Neighbours

#: R, G, B: Okabe and Ito's hues, then others between them, moved until the least contrast of any two (see
#: contrasts) was greatest, among colours that stand out from asphalt and foliage.
COLOURS = (
    (255, 187, 0),
    (42, 168, 223),
    (255, 255, 0),
    (235, 39, 149),
    (34, 240, 152),
    (226, 139, 138),
    (84, 70, 202),
    (181, 255, 230),
    (156, 97, 255),
    (179, 200, 255),
    (167, 60, 58),
    (52, 166, 0),
)

# From linear light to what lacks the red or the green receptors (Machado et al. 2009, severity 1).
_PROTANOPE = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
_DEUTERANOPE = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
# OKLab (Ottosson 2020): linear sRGB to cone responses, and their cube roots to L, a, b.
_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
#: So much more a difference counts for those who see fewer: it has fewer directions to lie in.
_FEWER = 1.4


@lru_cache(maxsize=1)
def contrasts() -> NDArray[np.float64]:
    """[C, C]: the distance of each two colours in OKLab, to the eye that sees the least of it."""
    srgb = np.array(COLOURS) / 255.0
    light = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = (light, *(np.clip(light @ np.array(matrix).T, 0, 1) for matrix in (_PROTANOPE, _DEUTERANOPE)))
    full, *fewer = (_distances(one) for one in seen)
    table = np.min([full, *(_FEWER * one for one in fewer)], axis=0)
    table.setflags(write=False)
    return np.asarray(table)


def _distances(light: NDArray[np.float64]) -> NDArray[np.float64]:
    lab = np.cbrt(light @ np.array(_CONES).T) @ np.array(_LAB).T
    return np.asarray(np.linalg.norm(lab[:, None] - lab[None], axis=2))


#: A contrast (OKLab) from which on two colours cannot be taken for each other.
_CLEAR = 0.3
#: What it costs to have the colour of an object anywhere in the picture, and how much more by its size (root of its
#: area) as a share of the picture's width: two large ones of one colour are seen wherever they are.
_SHARED, _SHARED_LARGE = 0.03, 1.5
#: Decides between colours that are as good: the next one for the next id.
_TURN = 1e-4


def choose_colour(track_id: int, around: Neighbours) -> int:
    """Index into palette.COLOURS for a new object, which keeps it."""
    alike = np.square(np.maximum(1.0 - contrasts()[around.colours] / _CLEAR, 0.0))  # [N, C]
    prices = _SHARED * around.presence + _SHARED_LARGE * around.sizes
    shared = np.bincount(around.colours, prices, len(COLOURS))
    turns = (np.arange(len(COLOURS)) - (track_id - 1)) % len(COLOURS)
    return int(np.argmin(around.nearness @ alike + shared + _TURN * turns))
