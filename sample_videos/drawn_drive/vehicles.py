"""Cars of several bodies, each standing at z >= 0 with its rear at z = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.drawn_drive.solid import Array, Colour, Solid, block, join, patches, plate, shade, wheel

BACK, FRONT, RIGHT, LEFT = (0, 0, -1), (0, 0, 1), (1, 0, 0), (-1, 0, 0)
GLASS: Colour = (40, 34, 30)
TRIM: Colour = (32, 31, 30)
RED: Colour = (40, 28, 200)
LAMP: Colour = (240, 244, 246)


@dataclass(frozen=True)
class Body:
    """A car's shape seen from its side.

    roofline : (z, height) from the rear to the nose, in m. belt : height of the windows' lower edge.
    half_width : in m. axles : z of the rear and the front axle. radius : of a wheel.
    """

    roofline: tuple[tuple[float, float], ...]
    belt: float
    half_width: float
    axles: tuple[float, float]
    radius: float

    @property
    def length(self) -> float:
        """From bumper to bumper, in m."""
        return self.roofline[-1][0]


BODIES = {
    "saloon": Body(
        (
            *((0, 0.92), (0.06, 1.0), (0.16, 1.04), (0.7, 1.07), (1.35, 1.40), (1.9, 1.46), (2.5, 1.44)),
            *((3.3, 1.04), (4.05, 0.9), (4.42, 0.78), (4.5, 0.66)),
        ),
        belt=0.95,
        half_width=0.9,
        axles=(0.95, 3.6),
        radius=0.32,
    ),
    "hatchback": Body(
        (
            *((0, 0.9), (0.05, 0.98), (0.1, 1.02), (0.42, 1.42), (0.7, 1.5), (1.9, 1.51), (2.75, 1.06)),
            *((3.5, 0.93), (3.92, 0.8), (4.0, 0.68)),
        ),
        belt=0.97,
        half_width=0.88,
        axles=(0.7, 3.25),
        radius=0.31,
    ),
    "suv": Body(
        (
            *((0, 1.0), (0.05, 1.08), (0.09, 1.12), (0.34, 1.58), (0.6, 1.68), (2.3, 1.7), (3.1, 1.2)),
            *((4.0, 1.06), (4.5, 0.92), (4.58, 0.74)),
        ),
        belt=1.08,
        half_width=0.95,
        axles=(0.85, 3.65),
        radius=0.37,
    ),
    "van": Body(
        (
            *((0, 1.05), (0.03, 1.12), (0.1, 1.8), (0.25, 1.95), (3.5, 1.97), (4.25, 1.3), (4.9, 1.08)),
            (5.0, 0.72),
        ),
        belt=1.15,
        half_width=0.97,
        axles=(0.9, 4.1),
        radius=0.34,
    ),
}


def car(body: Body, paint: Colour) -> Solid:
    """A car in one paint."""
    parts = [_shell(body, paint), *_ends(body, paint)]
    for side in (-1, 1):
        for z in body.axles:
            parts += wheel(side * body.half_width * 0.985, z, body.radius, 0.21)
    low = body.half_width * 0.86
    parts.append(block((-low, 0.18, 0.3), (low, 0.4, body.length - 0.3), (14, 14, 14), layer=0))
    return join(parts)


def _shell(body: Body, paint: Colour) -> Solid:
    """Flanks, windows, bonnet and roof: the roofline drawn across from side to side."""
    z_line, top_line = np.array(body.roofline).T
    path = np.concatenate([[0], np.cumsum(np.hypot(np.diff(z_line), np.diff(top_line)))])
    station = np.linspace(0, path[-1], 56)
    z, top = np.interp(station, path, z_line), np.interp(station, path, top_line)
    half = _outline(body, z, top)
    ring = np.concatenate([half * [-1, 1, 1], half[:, ::-1][:, 1:]], axis=1)
    colours, gloss = _finish(body, ring, paint)
    middle = (ring[:-1, :-1] + ring[1:, 1:]) / 2
    inside = np.stack(
        [
            0 * middle[..., 0],
            np.full_like(middle[..., 1], 0.6),
            np.clip(middle[..., 2], 0.7, body.length - 0.9),
        ],
        axis=-1,
    )
    return patches(ring, inside, colours, gloss, 1)


def _outline(body: Body, z: Array, top: Array) -> Array:
    """Half a cross-section [stations, points, 3], from the sill over the flank to the middle of the roof."""
    rear, nose = np.clip(1 - z / 0.35, 0, 1), np.clip(1 - (body.length - z) / 0.7, 0, 1)
    width = body.half_width * (1 - 0.08 * rear**2 - 0.16 * nose**2)
    belt = np.minimum(body.belt, top - 0.04)
    roof = 0.955 * width - 0.33 * np.maximum(top - belt - 0.04, 0)
    lower = [(0.80, 0.20), (0.95, 0.24), (0.985, 0.40), (1.0, 0.56), (1.0, 0.66)]
    points = [(share * width, np.full_like(z, y)) for share, y in lower]
    points += [(0.995 * width, 0.4 * 0.66 + 0.6 * belt), (0.96 * width, belt)]
    for share in (0.08, 0.36, 0.64, 0.9):
        points.append((0.955 * width * (1 - share) + roof * share, belt + share * (top - 0.03 - belt)))
    points += [
        (roof * share, top - drop)
        for share, drop in ((0.96, 0.012), (0.8, 0.0), (0.45, -0.01), (0.0, -0.015))
    ]
    return np.stack([np.stack([x, y, z], axis=-1) for x, y in points], axis=1)


def _finish(body: Body, ring: Array, paint: Colour) -> tuple[Array, Array]:
    """Colour and gloss of each patch of the shell: paint, glass or dark trim."""
    middle = (ring[:-1, :-1] + ring[1:, 1:]) / 2
    rise = np.abs(np.diff(ring[:, :, 1], axis=0) / (np.diff(ring[:, :, 2], axis=0) + 1e-6))[:, 14][:, None]
    point = np.arange(ring.shape[1] - 1)
    point = np.minimum(point, point[::-1])[None]
    high = middle[:, 14, 1][:, None]
    pane = (rise > 0.35) & (point >= 12) & (high > body.belt + 0.09) & (high < ring[..., 1].max() - 0.06)
    flank = (point >= 7) & (point <= 9) & (high > body.belt + 0.22)
    cabin = np.flatnonzero(high[:, 0] > body.belt + 0.22)
    z = middle[..., 2]
    pillars = np.interp([0.03, 0.34, 0.66, 0.97], [0, 1], [z[cabin[0], 8], z[cabin[-1], 8]])
    flank &= np.abs(z[..., None] - pillars).min(-1) > 0.05
    sill = point <= 1
    glass = (pane | flank)[..., None]
    colours = np.where(glass, np.array(GLASS), np.where(sill[..., None], np.array(TRIM), np.array(paint)))
    return colours.astype(np.float64), np.where(glass[..., 0], 0.34, np.where(sill, 0.02, 0.16))


def _ends(body: Body, paint: Colour) -> list[Solid]:
    """Rear and front: bumper, lights, number plate, grille."""
    w, tail, nose = body.half_width * 0.92, body.roofline[0][1], body.roofline[-1][1]
    front, broad = body.length, body.half_width * 0.84
    parts = [_cap(w, 0.2, tail - 0.04, 0.0, paint), _cap(broad, 0.2, nose - 0.04, front, paint)]
    z = -0.02
    parts += [
        plate((-w * 0.97, 0.22, z), (w * 0.97, 0.36, z), BACK, TRIM),
        plate((-w * 0.99, 0.50, z), (w * 0.99, 0.525, z), BACK, (20, 20, 20)),
        plate((-0.36, tail - 0.33, z), (0.36, tail - 0.15, z), BACK, shade(paint, 0.6), gloss=0.05),
        plate((-0.26, tail - 0.30, z - 0.01), (0.26, tail - 0.18, z - 0.01), BACK, (225, 232, 235)),
    ]
    parts += [
        plate((x, tail - 0.27, z - 0.02), (x + 0.035, tail - 0.21, z - 0.02), BACK, (40, 30, 30))
        for x in (-0.2, -0.14, -0.08, 0.02, 0.08, 0.14)
    ]
    for side in (-1, 1):
        a, b = sorted((side * w * 0.62, side * w * 0.99))
        parts += [
            plate((a, tail - 0.25, z), (b, tail - 0.04, z), BACK, (22, 14, 110), gloss=0.05),
            plate(
                (a + 0.02, tail - 0.22, z - 0.01),
                (b - 0.02, tail - 0.11, z - 0.01),
                BACK,
                RED,
                gloss=0.1,
                glow=0.9,
            ),
            plate((a + 0.02, 0.30, z - 0.01), (b - 0.12, 0.34, z - 0.01), BACK, RED),
        ]
    z = front + 0.02
    parts += [
        plate(
            (-broad * 0.55, nose - 0.16, z), (broad * 0.55, nose - 0.04, z), FRONT, (22, 22, 22), gloss=0.08
        ),
        plate((-broad * 0.8, 0.24, z), (broad * 0.8, 0.38, z), FRONT, (18, 18, 18)),
        plate((-0.26, 0.42, z + 0.01), (0.26, 0.53, z + 0.01), FRONT, (228, 232, 234)),
    ]
    for side in (-1, 1):
        a, b = sorted((side * broad * 0.6, side * broad * 0.99))
        parts += [
            plate((a, nose - 0.17, z), (b, nose - 0.03, z), FRONT, (120, 118, 116), gloss=0.2),
            plate(
                (a + 0.04, nose - 0.15, z + 0.01), (b - 0.06, nose - 0.06, z + 0.01), FRONT, LAMP, glow=1.0
            ),
        ]
    return parts


def _cap(width: float, low: float, high: float, z: float, paint: Colour) -> Solid:
    """The upright end of a car, bulging a little so that the sky runs off it."""
    y, x = np.linspace(low, high, 8)[:, None], np.linspace(-width, width, 9)[None]
    bulge = 0.05 * np.sin((y - low) / (high - low) * np.pi) * np.cos(x / width * 1.2)
    grid = np.stack([x + 0 * y, y + 0 * x, z + np.sign(z - 1) * bulge * 0.3], axis=-1)
    inside = np.array([0.0, (low + high) / 2, 1.5 if z == 0 else z - 1.5])
    return patches(grid, inside, paint, 0.14, 1)
