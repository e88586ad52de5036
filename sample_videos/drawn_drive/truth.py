"""What is in a frame, as COCO annotations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.store.rle import encode_rle
from pipeline.structures.masks import PastedMask
from sample_videos.drawn_drive.actor import CATEGORIES
from sample_videos.drawn_drive.film import Frame, Seen

#: A thing is a crowd, and not counted, if its box is narrower or lower than this share of the picture's width, which is
#: 8 px where that is 640, or if more than this share of it is hidden.
SMALLEST, HIDDEN = 1 / 80, 0.7


def labelled(frame: Frame, image: int, first: int) -> list[dict[str, Any]]:
    """The annotations of a frame, with ids from `first` on, as those of the picture `image`."""
    return [_annotation(seen, image, first + index) for index, seen in enumerate(frame.seen)]


def categories() -> list[dict[str, Any]]:
    """COCO's list of what is labelled."""
    return [{"id": key, "name": name, "supercategory": "road"} for key, name in CATEGORIES.items()]


def is_crowd(seen: Seen) -> bool:
    """True for what is too small or too hidden to be counted."""
    tall, wide = (int(np.ptp(np.flatnonzero(seen.mask.any(axis=axis)))) + 1 for axis in (1, 0))
    return min(tall, wide) < SMALLEST * seen.mask.shape[1] or seen.hidden > HIDDEN


def _annotation(seen: Seen, image: int, key: int) -> dict[str, Any]:
    rows, columns = _span(seen.mask.any(axis=1)), _span(seen.mask.any(axis=0))
    pixels = seen.mask[rows, columns]
    height, width = pixels.shape
    return {
        "id": key,
        "image_id": image,
        "category_id": seen.category,
        "track_id": seen.identity,
        "bbox": [columns.start, rows.start, width, height],
        "area": int(np.count_nonzero(pixels)),
        "iscrowd": int(is_crowd(seen)),
        "segmentation": encode_rle(PastedMask(columns.start, rows.start, pixels), *seen.mask.shape),
    }


def _span(used: NDArray[np.bool_]) -> slice:
    """From the first used line to behind the last."""
    lines = np.flatnonzero(used)
    return slice(int(lines[0]), int(lines[-1]) + 1)
