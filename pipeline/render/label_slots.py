"""The places a label can have about its object, and what each would cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import INSIDE

Floats = NDArray[np.float64]

# A slot is (column, row, steps, cost). Column: -2 left of the box, -1 at its left edge, 0 centred, 1 at its right
# edge, 2 right of it. Row: -1 above, 0 inside at the top, 1 below, 2 beside. Steps: rows farther away.
_SLOTS = (
    (0, -1, 0.0, 0.0),
    (-1, -1, 0.0, 0.1),
    (1, -1, 0.0, 0.1),
    (0, 1, 0.0, 0.25),
    (-2, 2, 0.0, 0.3),
    (2, 2, 0.0, 0.3),
    (0, 0, 0.0, 0.35),
    (0, -1, 1.2, 0.5),
    (-2, -1, 0.6, 0.55),
    (2, -1, 0.6, 0.55),
    (0, -1, 2.4, 0.7),
    (-2, -1, 1.8, 0.7),
    (2, -1, 1.8, 0.7),
    (0, 1, 1.2, 0.75),
    (0, -1, 3.6, 0.9),
    (-2, -1, 3.0, 0.9),
    (2, -1, 3.0, 0.9),
)
#: Price of covering another label, a near object and a far one whole: text over text cannot be read at all.
LABEL_PRICE, NEAR_PRICE, FAR_PRICE = 16.0, 3.0, 0.6
_COSTS = np.array([cost for *_, cost in _SLOTS])
# A slot's left edge as shares of x1, x2, the label's width and the gap; its top of y1, y2, height and gap.
_ACROSS = {
    -2: (1.0, 0.0, -1.0, -1.0),
    -1: (1.0, 0.0, 0.0, 0.0),
    0: (0.5, 0.5, -0.5, 0.0),
    1: (0.0, 1.0, -1.0, 0.0),
    2: (0.0, 1.0, 0.0, 1.0),
}
_DOWN = {
    -1: lambda far: (1.0, 0.0, -1.0 - far, -1.0 - far),
    0: lambda _: (1.0, 0.0, 0.0, 1.0),
    1: lambda far: (0.0, 1.0, far, 1.0 + far),
    2: lambda _: (0.5, 0.5, -0.5, 0.0),
}
_LEFTS = np.array([_ACROSS[column] for column, *_ in _SLOTS])
_TOPS = np.array([_DOWN[row](steps) for _, row, steps, _ in _SLOTS])


def slot_places(box: Floats, size: tuple[int, int], gap: float, frame: tuple[int, int]) -> Floats:
    """float [S, 2]: left and top of a label in each slot about the box, pushed into the frame.

    Parameters
    ----------
    box : float [4], x1, y1, x2, y2 in px.
    size, frame : height and width of the label, and of the frame.
    gap : px between the label and its box.

    """
    height, width = size
    x1, x2 = (min(max(float(x), 0.0), float(frame[1])) for x in (box[0], box[2]))
    y1, y2 = (min(max(float(y), 0.0), float(frame[0])) for y in (box[1], box[3]))
    places = np.empty((len(_SLOTS), 2))
    places[:, 0] = (_LEFTS * (x1, x2, width, gap)).sum(axis=1)
    places[:, 1] = (_TOPS * (y1, y2, height, gap)).sum(axis=1)
    np.maximum(places, 0.0, out=places)
    return np.asarray(np.minimum(places, [frame[1] - width, frame[0] - height], out=places))


def slot_costs(places: Floats, size: tuple[int, int], own: Floats, others: Floats, prices: Floats) -> Floats:
    """float [S]: what each slot covers, and how far it is; about 1 for hiding an object or a far place.

    Parameters
    ----------
    places : float [S, 2], of slot_places.
    size : height and width of the label.
    own, others : float [4] and [K, 4], box of its object and of the others that are painted, in px.
    prices : float [K], of covering each of the others.

    """
    height, width = size
    areas = np.concatenate([places, places + np.array([width, height])], axis=1)
    size_px = float(height * width)
    covered = _shared(areas, others)
    extent = np.maximum(_areas(others), 1.0)
    cost = _COSTS + ((covered / size_px + covered / extent) * prices).sum(axis=1)
    hidden = _shared(areas, own[None])[:, 0]
    # Inside a large object a label hides little; over a small one it hides what it names.
    share = hidden / max(float(_areas(own[None])[0]), 1.0)
    return np.asarray(cost + 4.0 * share + 0.3 * hidden / size_px)


def crossing_costs(places: Floats, size: tuple[int, int], labels: Floats) -> Floats:
    """float [S]: what it costs that a label of this height and width at each place lies on others, [L, 4]."""
    height, width = size
    areas = np.concatenate([places, places + np.array([width, height])], axis=1)
    return np.asarray(LABEL_PRICE * _shared(areas, labels).sum(axis=1) / float(height * width))


def leader_reaches(masks: NDArray[np.uint8]) -> Floats:
    """Points at which leaders from above and from below end, float [N, 4]: across and down each box, 0..1, and again.

    The middle of the upper and of the lower third of the mask. A rider sits in the middle of the bicycle's box: a line
    to there would end on the wrong one.

    masks : uint8 [N, c, c].
    """
    inside = masks >= INSIDE
    shares = (np.arange(masks.shape[1]) + 0.5) / masks.shape[1]
    rows: NDArray[np.bool_] = np.any(inside, axis=2)
    first = np.where(rows, shares, 1.0).min(axis=1, initial=1.0)
    last = np.where(rows, shares, 0.0).max(axis=1, initial=0.0)
    third = (last - first) / 3
    above = inside & (shares <= (first + third)[:, None])[:, :, None]
    below = inside & (shares >= (last - third)[:, None])[:, :, None]
    points = []
    for part in (above, below):
        cells = np.maximum(part.sum(axis=(1, 2)), 1)
        points += [(part.sum(axis=axis) @ shares) / cells for axis in (1, 2)]
    return np.where(np.max(rows, axis=1, initial=False, keepdims=True), np.stack(points, axis=1), 0.5)


def _shared(areas: Floats, others: Floats) -> Floats:
    """Pixels [A, B] that each two have in common."""
    sides = np.minimum(areas[:, None, 2:], others[None, :, 2:])
    sides -= np.maximum(areas[:, None, :2], others[None, :, :2])
    np.maximum(sides, 0.0, out=sides)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _areas(boxes: Floats) -> Floats:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    return np.asarray(sides[:, 0] * sides[:, 1])
