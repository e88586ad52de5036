"""Traffic lights and stop signs, the foot of their pole at the origin, showing their face to -z.

Part 1 is what is labelled; poles are nobody's.
"""

from __future__ import annotations

import cv2
import numpy as np

from sample_videos.drawn_drive.solid import Array, Colour, Solid, block, disc, join, limb, patches, plate
from sample_videos.drawn_drive.vehicles import BACK

_POLE: Colour = (112, 114, 114)
_HOUSING: Colour = (34, 36, 32)
_LENSES: dict[str, tuple[Colour, Colour]] = {  # of each lamp: lit, dark
    "red": ((60, 50, 250), (24, 20, 62)),
    "yellow": ((60, 200, 255), (22, 48, 60)),
    "green": ((150, 245, 90), (40, 56, 24)),
}


def traffic_light(shows: str, arm: float, *, board: bool = True) -> Solid:
    """A light on a pole, or, where `arm` is not 0, also one over the road that many metres aside; `shows` a colour."""
    heads = [_head(shows, 2.5, board=board).placed(0.0, -0.14)]
    poles = [limb([(0, 0, 0.1), (0, 3.6, 0.1)], (0.08, 0.07), _POLE)]
    if arm:
        heads = [_head(shows, 4.9, board=board).placed(arm, -0.14)]
        poles = [limb([(0, 0, 0.1), (0, 5.6, 0.1)], (0.1, 0.08), _POLE)]
        poles.append(limb([(0, 5.5, 0.1), (arm * 1.04, 5.7, 0.1)], (0.07, 0.05), _POLE))
    return join([*(pole.part(0) for pole in poles), *heads])


def _head(shows: str, low: float, *, board: bool) -> Solid:
    """Three lamps in a housing whose lower edge is at `low`."""
    parts = [block((-0.2, low, -0.12), (0.2, low + 1.1, 0.12), _HOUSING, gloss=0.04, cuts=4)]
    if board:
        parts.append(plate((-0.31, low - 0.1, 0.13), (0.31, low + 1.2, 0.13), BACK, (26, 26, 26)))
        parts.append(plate((-0.31, low - 0.1, 0.14), (0.31, low + 1.2, 0.14), (0, 0, 1), (90, 92, 92)))
    for place, (name, (lit, dark)) in enumerate(_LENSES.items()):
        y = low + 0.91 - 0.36 * place
        shining = name == shows
        parts.append(disc((0, y, -0.13), BACK, 0.165, (14, 14, 14)))
        parts.append(disc((0, y, -0.17), BACK, 0.145, lit if shining else dark, glow=1.2 if shining else 0.0))
    return join(parts)


def stop_sign() -> Solid:
    """A red octagon with its white rim and its word."""
    high = 2.25
    eighth = np.pi / 8
    parts = [
        limb([(0, 0, 0.06), (0, high + 0.3, 0.06)], (0.035, 0.035), _POLE).part(0),
        disc((0, high, -0.01), BACK, 0.45, (226, 228, 230), corners=8, turn=eighth),
        disc((0, high, -0.02), BACK, 0.415, (38, 30, 178), corners=8, turn=eighth),
        disc((0, high, 0.01), (0, 0, 1), 0.45, (120, 122, 122), corners=8, turn=eighth),
        _word(high),
    ]
    return join(parts)


def _word(high: float) -> Solid:
    """STOP in white, cut into cells of 1.6 cm."""
    letters = np.zeros((18, 44), np.uint8)
    cv2.putText(letters, "STOP", (1, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.48, 255, 2)
    x, y = np.linspace(-0.34, 0.34, 45)[None], np.linspace(high + 0.15, high - 0.15, 19)[:, None]
    grid: Array = np.stack(np.broadcast_arrays(x, y, np.array(-0.03)), axis=-1)
    cells = patches(grid, np.array([0.0, high, 1.0]), (228, 230, 232), 0.0, 3)
    return cells.only(letters.reshape(-1) > 110)
