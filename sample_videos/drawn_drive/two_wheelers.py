"""Bicycles and motorcycles with their riders, or parked without; rear wheel at z = 0, facing +z.

Part 1 is the vehicle, part 2 who rides it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sample_videos.drawn_drive.people import SHOES, Looks, bent, head
from sample_videos.drawn_drive.solid import Array, Colour, Point, Solid, block, disc, join, limb, plate, tread
from sample_videos.drawn_drive.vehicles import BACK, FRONT, LAMP, LEFT, RED, RIGHT

_DARK: Colour = (28, 28, 28)
_STEEL: Colour = (150, 150, 152)


def bicycle(phase: float, frame: Colour, looks: Looks | None) -> Solid:
    """A bicycle; `phase` in rad turns pedals and wheels; without looks nobody rides it."""
    hub, saddle, neck, crank = (0, 0.34, 0.34), (0, 0.93, 0.52), (0, 0.88, 1.10), (0, 0.30, 0.75)
    parts = [
        *_spoked(0.34, 0.34, phase),
        *_spoked(1.40, 0.34, phase),
        *(
            limb([a, b], (0.022, 0.022), frame, gloss=0.1)
            for a, b in ((crank, saddle), (crank, neck), (saddle, neck))
        ),
        *(limb([a, hub], (0.016, 0.016), frame) for a in (saddle, crank)),
        limb([neck, (0, 0.34, 1.40)], (0.022, 0.018), frame),
        limb([neck, (0, 1.04, 1.06)], (0.02, 0.02), _DARK),
        limb([(-0.28, 1.05, 1.02), (0, 1.05, 1.1), (0.28, 1.05, 1.02)], (0.018, 0.018, 0.018), _DARK),
        block((-0.08, 0.93, 0.36), (0.08, 0.98, 0.64), _DARK, cuts=3),
        block((-0.15, 0.62, 0.1), (0.15, 0.66, 0.42), _DARK, cuts=3),
        disc((0.04, 0.30, 0.75), RIGHT, 0.1, _STEEL),
        plate((-0.05, 0.68, -0.02), (0.05, 0.78, -0.02), BACK, RED, glow=0.9),
        disc((0, 0.86, 1.2), FRONT, 0.05, LAMP, glow=1.0),
    ]
    if looks is None:
        return join(parts)
    pedals = [(0.09 * s, 0.33 + s * 0.17 * np.sin(phase), 0.75 + s * 0.17 * np.cos(phase)) for s in (-1, 1)]
    hands = [(0.26 * s, 1.07, 1.04) for s in (-1, 1)]
    parts.append(_rider((0, 1.02, 0.50), (0, 1.50, 0.76), pedals, hands, looks, looks.hair, gloss=0.0))
    return join(parts)


def motorcycle(paint: Colour, helmet: Colour, looks: Looks | None) -> Solid:
    """A motorcycle; without looks nobody rides it."""
    parts = [
        *_tyred(0.32, 0.32, 0.16),
        *_tyred(1.72, 0.32, 0.12),
        block((-0.19, 0.28, 0.62), (0.19, 0.66, 1.22), (62, 62, 64), gloss=0.08, cuts=4),
        limb([(0, 0.78, 0.62), (0, 0.90, 0.95), (0, 0.86, 1.30)], (0.13, 0.19, 0.12), paint, gloss=0.16),
        limb([(0, 0.82, 0.02), (0, 0.84, 0.4), (0, 0.80, 0.75)], (0.09, 0.15, 0.13), _DARK),
        limb([(0, 0.66, -0.05), (0, 0.74, 0.3), (0, 0.66, 0.6)], (0.07, 0.13, 0.12), paint, gloss=0.14),
        limb([(-0.36, 1.06, 1.16), (0, 1.02, 1.32), (0.36, 1.06, 1.16)], (0.02, 0.022, 0.02), _DARK),
        limb([(0, 0.80, 1.42), (0, 1.02, 1.40), (0, 1.2, 1.30)], (0.15, 0.16, 0.08), paint, gloss=0.16),
        limb([(0.17, 0.42, -0.08), (0.17, 0.36, 0.8)], (0.055, 0.045), _STEEL, gloss=0.2),
        disc((0, 0.90, 1.58), FRONT, 0.1, LAMP, glow=1.0),
        plate((-0.11, 0.70, -0.13), (0.11, 0.78, -0.13), BACK, RED, glow=0.9),
        plate((-0.1, 0.46, -0.12), (0.1, 0.62, -0.12), BACK, (222, 228, 230)),
        *(
            limb([(s * 0.1, 0.32, 1.72), (s * 0.1, 0.95, 1.42)], (0.03, 0.035), _STEEL, gloss=0.2)
            for s in (-1, 1)
        ),
        *(disc((s * 0.42, 1.2, 1.2), face, 0.06, _DARK) for s in (-1, 1) for face in (BACK, FRONT)),
    ]
    if looks is None:
        return join(parts)
    pegs = [(0.2 * s, 0.36, 0.66) for s in (-1, 1)]
    hands = [(0.34 * s, 1.08, 1.17) for s in (-1, 1)]
    parts.append(_rider((0, 0.96, 0.46), (0, 1.46, 0.66), pegs, hands, looks, helmet, gloss=0.2))
    return join(parts)


def _rider(
    seat: Point,
    chest: Point,
    feet: Sequence[Point],
    hands: Sequence[Point],
    looks: Looks,
    top: Colour,
    *,
    gloss: float,
) -> Solid:
    """Who rides: a back that leans from the seat to the chest, arms and legs to where they hold and tread."""
    hip, top_of_back = np.array(seat, float), np.array(chest, float)
    back = [hip, 0.6 * hip + 0.4 * top_of_back, top_of_back, _moved(top_of_back, 0, 0.08, 0.02)]
    chin = _moved(top_of_back, 0, 0.13, 0.08)
    parts = [
        limb(back, (0.17, 0.18, 0.20, 0.08), looks.coat, flat=0.72),
        *head(chin, looks, top, gloss=gloss),
    ]
    for side, foot, hand in zip((-1, 1), feet, hands, strict=True):
        ankle = _moved(np.array(foot, float), 0, 0.07, -0.05)
        leg = bent(_moved(hip, 0.1 * side, -0.02, 0.02), ankle, 0.44, 0.43, (0.1 * side, 0.3, 1.0))
        arm = bent(_moved(top_of_back, 0.19 * side, 0, 0), hand, 0.30, 0.28, (0.6 * side, -0.8, -0.3))
        parts += [
            limb(leg, (0.10, 0.078, 0.05), looks.trousers),
            limb([_moved(ankle, 0, -0.05, -0.05), _moved(ankle, 0, -0.05, 0.16)], (0.05, 0.04), SHOES),
            limb(arm, (0.066, 0.055, 0.045), looks.coat),
        ]
    return join(parts).part(2)


def _moved(point: Array, x: float, y: float, z: float) -> Array:
    return point + np.array([x, y, z])


def _spoked(z: float, radius: float, phase: float) -> list[Solid]:
    """A thin wheel that one can look through."""
    wheel = [tread((-0.02, 0.02), z, radius)]
    for side, face in ((-1, LEFT), (1, RIGHT)):
        wheel.append(disc((side * 0.02, radius, z), face, radius, (30, 29, 29), inner=radius * 0.87))
        wheel.append(disc((side * 0.022, radius, z), face, radius * 0.13, _STEEL))
    for spoke in range(4):
        angle = spoke * np.pi / 4 + phase
        reach = np.array([0, np.sin(angle), np.cos(angle)]) * radius * 0.9
        middle = np.array([0, radius, z])
        wheel.append(limb([middle - reach, middle + reach], (0.006, 0.006), _STEEL))
    return wheel


def _tyred(z: float, radius: float, width: float) -> list[Solid]:
    """A broad wheel with a cast rim."""
    wheel = [tread((-width / 2, width / 2), z, radius)]
    for side, face in ((-1, LEFT), (1, RIGHT)):
        wheel.append(disc((side * width / 2, radius, z), face, radius, (30, 29, 29)))
        wheel.append(
            disc(
                (side * (width / 2 + 0.005), radius, z),
                face,
                radius * 0.62,
                (120, 120, 122),
                spokes=(40, 40, 42),
            )
        )
    return wheel
