"""Solid: a thing made of four-cornered patches, and the shapes that things are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[int, int, int]  # blue, green, red
Point = Sequence[float] | Array


@dataclass(frozen=True)
class Solid:
    """Patches of one thing.

    corners : [N, 4, 3] in m. normals : [N, 3], outward, unit length. colours : [N, 3], blue, green, red.
    gloss : [N], share of the surroundings that is mirrored. layers : [N], later layers are painted on top.
    glow : [N], share of the colour that shines by itself. parts : [N], 0 where no label counts the patch
    (a pole), else the number of the labelled part it belongs to (1 a bicycle, 2 its rider).
    """

    corners: Array
    normals: Array
    colours: Array
    gloss: Array
    layers: Array
    glow: Array
    parts: Array

    def placed(self, x: float, z: float, turn: float = 0.0, y: float = 0.0) -> Solid:
        """The thing turned about its own upright axis (rad), then moved."""
        c, s = np.cos(turn), np.sin(turn)
        rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        corners = self.corners @ rotation.T + np.array([x, y, z])
        return replace(self, corners=corners, normals=self.normals @ rotation.T)

    def scaled(self, factor: float) -> Solid:
        """The thing grown about its origin."""
        return replace(self, corners=self.corners * factor)

    def part(self, number: int) -> Solid:
        """The thing as that part of something larger."""
        return replace(self, parts=np.full(len(self.parts), float(number)))

    def only(self, chosen: NDArray[np.bool_]) -> Solid:
        """The chosen patches."""
        return Solid(*(getattr(self, field.name)[chosen] for field in fields(self)))


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, darker or brighter."""
    blue, green, red = (int(min(value * factor, 255)) for value in colour)
    return blue, green, red


def join(pieces: Sequence[Solid]) -> Solid:
    """All pieces as one thing."""
    names = [field.name for field in fields(Solid)]
    return Solid(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def patches(
    grid: Array, inside: Array, colours: Array | Colour, gloss: Array | float, layer: int, glow: float = 0.0
) -> Solid:
    """The cells of a grid of points [A, B, 3]; `inside` [..., 3] lies within, so that normals point away.

    colours : [A-1, B-1, 3] or anything that stretches to it. gloss : likewise [A-1, B-1].
    """
    corners = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2)
    shape = corners.shape[:2]
    normals = np.cross(corners[:, :, 2] - corners[:, :, 0], corners[:, :, 3] - corners[:, :, 1])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-9
    away = np.sum(normals * (corners.mean(axis=2) - inside), axis=-1, keepdims=True)
    normals = np.where(away < 0, -normals, normals)
    count = shape[0] * shape[1]
    return Solid(
        corners.reshape(count, 4, 3),
        normals.reshape(count, 3),
        np.broadcast_to(np.array(colours, float), (*shape, 3)).reshape(count, 3),
        np.broadcast_to(np.array(gloss, float), shape).reshape(count),
        np.full(count, float(layer)),
        np.full(count, glow),
        np.ones(count),
    )


def plate(
    low: Point, high: Point, facing: Point, colour: Colour, *, gloss: float = 0.0, glow: float = 0.0
) -> Solid:
    """A thin rectangle between two corners, one coordinate of which is equal; painted on what it lies on."""
    a, b = np.array(low, float), np.array(high, float)
    flat = int(np.argmin(np.abs(a - b)))
    first, second = (axis for axis in range(3) if axis != flat)
    grid = np.tile(a, (2, 2, 1))
    grid[1, :, first] = b[first]
    grid[:, 1, second] = b[second]
    return patches(grid, grid.mean((0, 1)) - np.array(facing, float), colour, gloss, 2, glow)


def block(
    low: Point, high: Point, colour: Colour, *, gloss: float = 0.0, layer: int = 1, cuts: int = 7
) -> Solid:
    """A box, its faces cut into small patches."""
    a, b = np.array(low, float), np.array(high, float)
    sides = []
    for axis in range(3):
        first, second = (other for other in range(3) if other != axis)
        u = np.linspace(a[first], b[first], cuts)[:, None]
        v = np.linspace(a[second], b[second], cuts)[None]
        for level in (a[axis], b[axis]):
            grid = np.zeros((cuts, cuts, 3))
            grid[..., axis], grid[..., first], grid[..., second] = level, u, v
            sides.append(patches(grid, (a + b) / 2, colour, gloss, layer))
    return join(sides)


def hull(
    low: Point, high: Point, colour: Colour, *, bevel: float = 0.15, gloss: float = 0.1, layer: int = 1
) -> Solid:
    """A body of a bus or a van: a box along z whose upper edges are round and whose ends bulge."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    turn = np.linspace(0, np.pi / 2, 5)
    left = np.stack([x0 + bevel * (1 - np.cos(turn)), y1 - bevel * (1 - np.sin(turn))], axis=-1)
    right = np.stack([x1 - bevel * (1 - np.sin(turn)), y1 - bevel * (1 - np.cos(turn))], axis=-1)
    sill = np.linspace(y0, y1 - bevel, 7)[:-1]
    rise, fall = np.stack([np.full(6, x0), sill], axis=-1), np.stack([np.full(6, x1), sill[::-1]], axis=-1)
    floor = np.stack([np.linspace(x1, x0, 7), np.full(7, y0)], axis=-1)
    section = np.concatenate([rise, left, right, fall, floor])
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    sides = []
    stations = np.array([0.0, *np.linspace(0.12, z1 - z0 - 0.12, 10), z1 - z0]) + z0
    shrink = np.array([0.97, *np.ones(10), 0.97])
    outline = middle + (section - middle) * shrink[:, None, None]
    depth = np.broadcast_to(stations[:, None, None], (*outline.shape[:2], 1))
    skin, core = np.concatenate([outline, depth], axis=-1), np.array([*middle, (z0 + z1) / 2])
    sides.append(patches(skin, core, colour, gloss, layer))
    for station, outwards in ((z0, -1), (z1, 1)):
        rings = np.linspace(0.05, 0.97, 6)[:, None, None]
        face = middle + (section - middle) * rings
        bulge = station + outwards * 0.05 * (1 - rings**2)
        grid = np.concatenate([face, np.broadcast_to(bulge, (*face.shape[:2], 1))], axis=-1)
        sides.append(patches(grid, np.array([*middle, station - outwards * 2.0]), colour, gloss, layer))
    return join(sides)


def limb(
    joints: Sequence[Point], radii: Sequence[float], colour: Colour, *, flat: float = 1.0, gloss: float = 0.0
) -> Solid:
    """A round body along a line of joints [N, 3] with the radius at each; `flat` squeezes it along z."""
    line, radius = np.array(joints, float), np.array(radii, float)
    where = np.linspace(0, len(line) - 1, 3 * (len(line) - 1) + 1)
    index = np.arange(len(line))
    centre = np.stack([np.interp(where, index, line[:, axis]) for axis in range(3)], axis=-1)
    size = np.interp(where, index, radius)
    along = (line[-1] - line[0]) / (np.linalg.norm(line[-1] - line[0]) + 1e-9)
    across = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    third = np.cross(along, across)
    angle = np.linspace(0, 2 * np.pi, 11)[None, :, None]
    ring = np.cos(angle) * across + np.sin(angle) * third * flat
    grid = centre[:, None] + ring * size[:, None, None]
    return patches(grid, centre[:-1, None], colour, gloss, 1)


def disc(
    middle: Point, facing: Point, radius: float, colour: Colour, *, spokes: Colour | None = None, inner: float = 0.02,
    corners: int = 20, glow: float = 0.0, turn: float = 0.0,
) -> Solid:  # fmt: skip
    """A round plate or a regular polygon; with `spokes` every other sector is of that colour; `inner` is a hole."""
    axis = np.array(facing, float)
    u = np.array([0.0, 0.0, 1.0]) if axis[0] else np.array([1.0, 0.0, 0.0])
    v = np.cross(axis, u)
    angle = turn + np.linspace(0, 2 * np.pi, corners + 1)
    edge = np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v
    grid = np.array(middle, float) + np.array([inner, radius])[:, None, None] * edge[None]
    paint = np.tile(np.array(colour, float), (1, corners, 1))
    if spokes is not None:
        paint[:, ::2] = spokes
    return patches(grid, np.array(middle, float) - axis, paint, 0.1 if spokes else 0.0, 2, glow)


def tread(x: tuple[float, float], z: float, radius: float) -> Solid:
    """The running face of a wheel that stands on the road, between two sides `x`."""
    angle = np.linspace(0, 2 * np.pi, 21)[:, None]
    grid = np.stack(
        np.broadcast_arrays(np.array([x]), radius + radius * np.sin(angle), z + radius * np.cos(angle)),
        axis=-1,
    )
    return patches(grid, np.array([sum(x) / 2, radius, z]), (26, 25, 25), 0.02, 0)


def wheel(x: float, z: float, radius: float, width: float) -> list[Solid]:
    """A car's wheel whose outer face is at `x`: arch, tyre and rim, and the tread below the body."""
    side = float(np.sign(x))
    facing = (side, 0.0, 0.0)
    return [
        tread((x, x - side * width), z, radius),
        disc((x + side * 0.005, radius + 0.03, z), facing, radius * 1.16, (12, 12, 12)),
        disc((x + side * 0.010, radius, z), facing, radius, (30, 29, 29)),
        disc((x + side * 0.015, radius, z), facing, radius * 0.66, (165, 165, 168), spokes=(95, 95, 98)),
    ]
