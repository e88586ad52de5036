"""What stands beside the street and is not labelled: trees, house fronts, lamp posts.

Each is a picture float32 [h, w, 5]: blue, green, red, how much of it shines by itself at night, cover 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

_WALLS = ((150, 178, 200), (168, 190, 205), (110, 128, 170), (196, 204, 210), (140, 165, 175), (92, 108, 150))
_SIGNS = (
    (52, 60, 66),
    (150, 96, 40),
    (44, 52, 150),
    (60, 100, 58),
    (176, 182, 186),
    (40, 150, 196),
    (88, 60, 84),
)


def tree(rng: np.random.Generator) -> Picture:
    """A broad-leaved tree [512, 384]: a trunk, and leaves in clumps that the sun lights from the left."""
    image = np.zeros((512, 384, 4), np.float32)
    trunk = np.array([[182, 512], [187, 330], [175, 230], [205, 230], [199, 330], [206, 512]], np.int32)
    cv2.fillPoly(image, [trunk], (52, 66, 80, 1.0))
    cv2.fillPoly(image, [trunk[[0, 1, 2, 4]]], (62, 80, 98, 1.0))
    hue = np.array([40.0, 92.0, 70.0]) * rng.uniform(0.8, 1.15) + rng.uniform(-8, 8, 3)
    clumps = _clumps(rng)
    for x, y, radius in clumps[np.argsort(clumps[:, 1] + rng.normal(0, 25, len(clumps)))[::-1]]:
        light = np.clip(0.75 - 0.0028 * (y - 190) - 0.0022 * (x - 192), 0.32, 1.35)
        for _ in range(46):
            angle, reach = rng.uniform(0, 2 * np.pi), radius * np.sqrt(rng.random())
            dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
            shade = light * (1 - 0.45 * (dx + 1.5 * dy) / (2 * radius)) * rng.uniform(0.75, 1.25)
            colour = (*np.clip(hue * shade, 5, 255).tolist(), 1.0)
            size = (int(rng.uniform(3, 8)), int(rng.uniform(2, 6)))
            cv2.ellipse(image, (int(x + dx), int(y + dy)), size, rng.uniform(0, 180), 0, 360, colour, -1)
    image = cv2.GaussianBlur(image, (0, 0), 0.8)
    image[..., :3] /= np.maximum(image[..., 3:], 0.05)
    return np.insert(image, 3, 0.0, axis=-1)


def _clumps(rng: np.random.Generator) -> NDArray[np.float64]:
    """Middles and radii [N, 3] of the crown's clumps, in px."""
    angle, reach = rng.uniform(0, 2 * np.pi, 64), np.sqrt(rng.random(64))
    x = 192 + np.cos(angle) * reach * 138
    y = 180 + np.sin(angle) * reach * 140
    return np.stack([x, y, rng.uniform(24, 46, 64)], axis=-1)


def facade(rng: np.random.Generator, storeys: int, bays: int) -> Picture:
    """A house front [64 a storey, 56 a bay]: plaster or brick, windows with frames, shops below tall houses."""
    height, width = 64 * storeys + 14, 56 * bays
    image = np.zeros((height, width, 5), np.float32)
    image[..., 4] = 1.0
    wall = image[..., :3]
    wall[:] = np.array(_WALLS[rng.integers(len(_WALLS))])
    wall *= 1 + rng.normal(0, 0.025, (height, width, 1)).astype(np.float32)
    wall[::8] *= 0.96
    stain = cv2.resize(rng.random((5, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    wall *= 0.92 + 0.14 * stain[..., None]
    wall[:14] = np.array([96, 104, 112])
    wall[12:14] *= 0.6
    sign = np.array(_SIGNS[rng.integers(len(_SIGNS))])
    for storey in range(storeys):
        top = 14 + 64 * storey
        for bay in range(bays):
            if storey == storeys - 1 and storeys > 2:
                _shop(image, rng, top, 56 * bay, sign)
            else:
                _window(image, rng, top, 56 * bay)
    wall[-6:] *= 0.7
    return image


def _shop(image: Picture, rng: np.random.Generator, top: int, left: int, sign: NDArray[np.int_]) -> None:
    """One bay of a shop: its sign, and a pane with shelves behind."""
    y0, y1, x0, x1 = top + 14, top + 58, left + 4, left + 52
    image[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2, :3] = (206, 210, 212)
    pane = np.linspace(rng.uniform(80, 120), 50, y1 - y0)[:, None, None] * np.array([1.06, 1.0, 0.92])
    image[y0:y1, x0:x1, :3] = pane
    for x in range(x0 + 3, x1 - 8, 9):
        tall = int(rng.uniform(8, 24))
        image[y1 - tall : y1, x : x + 7, :3] += rng.uniform(-10, 50) + rng.uniform(-12, 12, 3)
    image[y0:y1, x0:x1, 3] = rng.uniform(0.3, 0.9)
    image[top + 1 : top + 12, left : left + 56, :3] = sign
    image[top + 1 : top + 12, left : left + 56, 3] = 0.4


def _window(image: Picture, rng: np.random.Generator, top: int, left: int) -> None:
    """One bay of a storey: a window with sill and frame, often with a curtain; behind some there is light."""
    y0, y1, x0, x1 = top + 12, top + 52, left + 14, left + 42
    image[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2, :3] = (206, 210, 212)
    pane = np.linspace(rng.uniform(95, 135), 55, y1 - y0)[:, None, None] * np.array([1.08, 1.0, 0.9])
    image[y0:y1, x0:x1, :3] = pane
    if rng.random() < 0.6:
        image[y0 : y1 - 6, x0 : x0 + 7, :3] = image[y0 : y1 - 6, x1 - 7 : x1, :3] = (188, 196, 202)
    if rng.random() < 0.3:
        image[y0:y1, x0:x1, :3] += (0, 45, 80)
        image[y0:y1, x0:x1, 3] = rng.uniform(0.5, 1.1)
    middle = (x0 + x1) // 2
    image[y0:y1, middle - 1 : middle + 1, :3] = (200, 204, 206)
    image[y1 + 2 : y1 + 5, x0 - 4 : x1 + 4, :3] = (128, 136, 142)


def lamp_post(side: int) -> Picture:
    """A street lamp [512, 128] on that side of the street, its arm over the road."""
    image = np.zeros((512, 128, 5), np.float32)
    for where, colour, thick in (((100, 40), (96, 98, 98), 7), ((102, 40), (66, 68, 68), 3)):
        _line(image, (where[0], 511), where, colour, thick)
    _line(image, (100, 42), (34, 16), (92, 94, 94), 5)
    head = np.zeros((512, 128), np.uint8)
    cv2.ellipse(head, (24, 15), (20, 6), -10, 0, 360, 1, -1)
    image[head > 0] = (150, 172, 182, 3.0, 1.0)
    return image if side > 0 else np.ascontiguousarray(image[:, ::-1])


def _line(
    image: Picture, start: tuple[int, int], end: tuple[int, int], colour: tuple[int, int, int], thick: int
) -> None:
    drawn = np.zeros(image.shape[:2], np.uint8)
    cv2.line(drawn, start, end, 1, thick)
    image[drawn > 0] = (*colour, 0.0, 1.0)
