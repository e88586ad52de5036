"""A box truck and a city bus, each standing at z >= 0 with its rear at z = 0."""

from __future__ import annotations

import numpy as np

from sample_videos.drawn_drive.solid import Colour, Solid, block, disc, hull, join, plate, shade, wheel
from sample_videos.drawn_drive.vehicles import BACK, FRONT, GLASS, LAMP, LEFT, RED, RIGHT, TRIM

_PLATE: Colour = (222, 228, 230)
_AMBER: Colour = (40, 150, 240)


def truck(box: Colour, cab: Colour) -> Solid:
    """A lorry with a box body, 7.6 m long."""
    parts = [
        hull((-1.22, 0.95, 0.0), (1.22, 3.3, 5.6), box, bevel=0.05, gloss=0.06),
        hull((-1.14, 0.45, 5.75), (1.14, 2.75, 7.5), cab, bevel=0.22, gloss=0.14),
        block((-0.5, 0.55, 0.2), (0.5, 0.95, 7.0), (28, 28, 28), layer=0),
        plate((-1.15, 0.45, -0.07), (1.15, 0.58, -0.07), BACK, (60, 60, 62)),
        plate((-1.22, 0.86, -0.07), (1.22, 1.0, -0.07), BACK, (48, 48, 50)),
        plate((-0.02, 1.0, -0.07), (0.02, 3.2, -0.07), BACK, shade(box, 0.4)),
        plate((-0.26, 0.68, -0.07), (0.26, 0.80, -0.07), BACK, _PLATE),
        plate((-1.0, 1.62, 7.57), (1.0, 2.42, 7.57), FRONT, GLASS, gloss=0.35),
        plate((-0.8, 0.92, 7.57), (0.8, 1.45, 7.57), FRONT, (30, 30, 30)),
        *(plate((-0.76, y, 7.58), (0.76, y + 0.03, 7.58), FRONT, (92, 92, 94)) for y in (1.0, 1.15, 1.3)),
        plate((-1.1, 0.45, 7.57), (1.1, 0.68, 7.57), FRONT, TRIM),
        plate((-0.26, 0.5, 7.58), (0.26, 0.62, 7.58), FRONT, _PLATE),
    ]
    for side in (-1, 1):
        parts += _truck_side(side, box, cab)
    return join(parts)


def _truck_side(side: int, box: Colour, cab: Colour) -> list[Solid]:
    """What a truck has twice: doors, lamps, mirrors, wheels."""
    outer, facing = side * 1.225, RIGHT if side > 0 else LEFT
    a, b = sorted((side * 0.72, side * 1.14))
    parts = [
        plate((a, 0.66, -0.08), (b, 0.82, -0.08), BACK, RED, glow=0.9),
        plate((side * 1.18 - 0.03, 1.0, -0.07), (side * 1.18 + 0.03, 3.2, -0.07), BACK, shade(box, 0.7)),
        *(
            plate((x - 0.02, 1.05, -0.07), (x + 0.02, 3.15, -0.07), BACK, (130, 132, 134))
            for x in (side * 0.35, side * 0.85)
        ),
        plate((outer, 1.9, 0.6), (outer, 2.5, 5.0), facing, shade(cab, 0.8)),
        plate((outer, 0.6, 2.9), (outer, 0.9, 5.5), facing, (70, 70, 72)),
        plate((side * 1.145, 1.62, 6.35), (side * 1.145, 2.35, 7.25), facing, GLASS, gloss=0.35),
        plate((side * 1.145, 0.62, 6.31), (side * 1.145, 2.4, 6.34), facing, shade(cab, 0.5)),
        plate((a, 0.72, 7.58), (b, 0.9, 7.58), FRONT, LAMP, glow=1.0),
        block(
            (min(side * 1.16, side * 1.4), 1.75, 7.4),
            (max(side * 1.16, side * 1.4), 2.25, 7.52),
            TRIM,
            cuts=3,
        ),
    ]
    for z in (1.3, 2.3, 6.5):
        parts += wheel(side * 1.18, z, 0.48, 0.5)
    return parts


def bus(paint: Colour, band: Colour) -> Solid:
    """A city bus, 10.5 m long."""
    parts = [
        hull((-1.25, 0.32, 0.0), (1.25, 3.1, 10.5), paint, bevel=0.2, gloss=0.13),
        block((-0.9, 3.08, 1.5), (0.9, 3.28, 4.2), shade(paint, 0.85), cuts=3),
        plate((-1.12, 1.1, 10.57), (1.12, 2.95, 10.57), FRONT, (22, 22, 24), gloss=0.05),
        *(plate((x, 1.2, 10.58), (x + 1.02, 2.5, 10.58), FRONT, GLASS, gloss=0.34) for x in (-1.05, 0.03)),
        plate((-0.62, 2.66, 10.58), (0.62, 2.84, 10.58), FRONT, _AMBER, glow=0.9),
        plate((-1.2, 0.34, 10.57), (1.2, 0.5, 10.57), FRONT, TRIM),
        plate((-0.26, 0.53, 10.58), (0.26, 0.65, 10.58), FRONT, _PLATE),
        plate((-1.0, 1.75, -0.07), (1.0, 2.62, -0.07), BACK, GLASS, gloss=0.3),
        plate((-0.34, 2.70, -0.07), (0.34, 2.88, -0.07), BACK, (20, 20, 22)),
        plate((-0.2, 2.73, -0.08), (0.2, 2.85, -0.08), BACK, _AMBER, glow=0.9),
        plate((-0.72, 0.8, -0.07), (0.72, 1.45, -0.07), BACK, shade(paint, 0.55)),
        *(
            plate((-0.7, y, -0.08), (0.7, y + 0.04, -0.08), BACK, shade(paint, 0.3))
            for y in np.linspace(0.86, 1.36, 6)
        ),
        plate((-1.2, 0.34, -0.07), (1.2, 0.52, -0.07), BACK, TRIM),
        plate((-0.26, 0.58, -0.08), (0.26, 0.70, -0.08), BACK, _PLATE),
    ]
    for side in (-1, 1):
        parts += _bus_side(side, band)
    return join(parts)


def _bus_side(side: int, band: Colour) -> list[Solid]:
    """What a bus has twice: windows and doors, lamps, mirrors, wheels."""
    outer, facing = side * 1.26, RIGHT if side > 0 else LEFT
    a, b = sorted((side * 0.78, side * 1.16))
    low, high = sorted((side * 0.98, side * 1.15))
    mirror = sorted((side * 1.2, side * 1.5))
    parts = [
        disc((side * 0.95, 0.82, 10.58), FRONT, 0.15, LAMP, glow=1.0),
        plate((a, 0.68, 10.575), (b, 0.96, 10.575), FRONT, (60, 60, 62)),
        plate((low, 0.75, -0.08), (high, 1.3, -0.08), BACK, RED, glow=0.7),
        plate((low, 1.32, -0.08), (high, 1.45, -0.08), BACK, _AMBER),
        plate((outer, 0.72, 0.15), (outer, 1.05, 10.35), facing, band),
        plate((outer, 1.3, 0.35), (outer, 2.68, 10.3), facing, (26, 26, 28), gloss=0.1),
        block((mirror[0], 1.9, 10.5), (mirror[1], 2.4, 10.62), TRIM, cuts=3),
    ]
    for start in np.arange(0.45, 10.0, 1.42):
        end = min(start + 1.32, 10.2)
        bottom = 0.45 if side > 0 and 4.0 < start < 6.0 else 1.36
        parts.append(
            plate((side * 1.265, bottom, start), (side * 1.265, 2.62, end), facing, GLASS, gloss=0.34)
        )
    for z in (2.6, 7.9):
        parts += wheel(side * 1.24, z, 0.48, 0.35)
    return parts
