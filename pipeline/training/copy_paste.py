"""Copy-paste (Ghiasi et al. 2021): objects of rare classes in more pictures than they were seen in."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels.labelled_picture import Instance, LabelledPicture

#: Side in px under which an object is not worth pasting.
SMALLEST = 12


def paste(
    picture: LabelledPicture, donor: LabelledPicture, categories: frozenset[int], random: np.random.Generator
) -> LabelledPicture:
    """The picture with one of the donor's objects of those categories on it, or unchanged if there is none.

    The object keeps its height in the scene, as it stands on the same ground there, and moves sideways.
    """
    candidates = [
        one
        for one in donor.instances
        if one.mask is not None and not one.ignored and one.category in categories
        and min(one.mask.shape) >= SMALLEST
    ]  # fmt: skip
    if not candidates:
        return picture
    chosen = candidates[int(random.integers(len(candidates)))]
    assert chosen.mask is not None
    left, top = chosen.corner
    height, width = chosen.mask.shape
    colours = donor.pixels[top : top + height, left : left + width]
    mask = chosen.mask
    scale = picture.pixels.shape[0] / donor.pixels.shape[0] * float(np.exp(random.uniform(-0.25, 0.25)))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    colours = cv2.resize(colours, size, interpolation=method).astype(np.uint8)
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    if random.random() < 0.5:
        colours, mask = colours[:, ::-1], mask[:, ::-1]
    bottom = (top + height) / donor.pixels.shape[0] * picture.pixels.shape[0]
    place = (
        int(random.integers(-size[0] // 4, max(picture.pixels.shape[1] - 3 * size[0] // 4, 1))),
        round(bottom) - size[1],
    )
    return _place(picture, chosen.category, colours, mask, place)


def _place(
    picture: LabelledPicture,
    category: int,
    colours: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    place: tuple[int, int],
) -> LabelledPicture:
    """The picture with the colours under the mask put at `place` (x, y), and what they hide taken away."""
    height, width = picture.pixels.shape[:2]
    x1, y1 = max(place[0], 0), max(place[1], 0)
    x2, y2 = min(place[0] + mask.shape[1], width), min(place[1] + mask.shape[0], height)
    if x2 - x1 < SMALLEST or y2 - y1 < SMALLEST:
        return picture
    part = np.s_[y1 - place[1] : y2 - place[1], x1 - place[0] : x2 - place[0]]
    mask, colours = np.ascontiguousarray(mask[part]), colours[part]
    if not mask.any():
        return picture
    pixels = picture.pixels.copy()
    # A soft seam, so that the network does not learn to find seams.
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[..., None]
    under = pixels[y1:y2, x1:x2]
    pixels[y1:y2, x1:x2] = np.round(under * (1.0 - alpha) + colours * alpha).astype(np.uint8)
    box = np.array([x1, y1, x2, y2], np.float32)
    left = [_hidden(one, mask, (x1, y1)) for one in picture.instances]
    added = Instance(category, box, False, mask, (x1, y1))
    return replace(picture, pixels=pixels, instances=(*(one for one in left if one is not None), added))


def _hidden(instance: Instance, mask: NDArray[np.uint8], corner: tuple[int, int]) -> Instance | None:
    """The instance without what the mask at `corner` hides; None if nothing is left.

    Without a mask of its own it stays as it is, but is ignored once most of its box is covered.
    """
    x1, y1 = max(corner[0], int(instance.box[0])), max(corner[1], int(instance.box[1]))
    x2 = min(corner[0] + mask.shape[1], int(instance.box[2]))
    y2 = min(corner[1] + mask.shape[0], int(instance.box[3]))
    if x1 >= x2 or y1 >= y2:
        return instance
    over = mask[y1 - corner[1] : y2 - corner[1], x1 - corner[0] : x2 - corner[0]]
    if instance.mask is None:
        area = float(np.prod(instance.box[2:] - instance.box[:2]))
        return replace(instance, ignored=instance.ignored or float(over.sum()) > 0.5 * area)
    own = instance.mask.copy()
    left, top = instance.corner
    own[y1 - top : y2 - top, x1 - left : x2 - left] *= 1 - over
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    if len(rows) == 0:
        return None
    own_part = own[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x, y = left + int(columns[0]), top + int(rows[0])
    box = np.array([x, y, x + own_part.shape[1], y + own_part.shape[0]], np.float32)
    mostly_hidden = own.sum() < 0.3 * instance.mask.sum()
    return Instance(instance.category, box, instance.ignored or bool(mostly_hidden), own_part, (x, y))
