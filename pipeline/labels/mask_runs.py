"""Masks of COCO annotations as run lengths, checked first: pycocotools is C, and trusts the numbers it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: How far from the picture a polygon's corner may lie, in lengths of the picture's long side.
_FARTHEST = 10

#: Most characters of a run length; seven have 35 bits.
_LONGEST = 7


def mask_runs(segmentation: Any, size: tuple[int, int]) -> Any:
    """The mask of COCO's polygons or run lengths, as pycocotools takes it. size : height and width.

    Raises ValueError for what is no mask of a picture of this size.
    """
    # Of the `train` extra.
    from pycocotools import mask as coco

    if isinstance(segmentation, list):
        return coco.merge(coco.frPyObjects([_polygon(one, size) for one in segmentation], *size))
    if not isinstance(segmentation, Mapping) or "counts" not in segmentation:
        raise ValueError("a segmentation that is neither polygons nor run lengths")
    if segmentation.get("size") != list(size):
        raise ValueError(f"run lengths of the size {segmentation.get('size')} in a picture of {list(size)}")
    counts = segmentation["counts"]
    is_text = isinstance(counts, str | bytes)
    runs = _runs_of_text(counts) if is_text else _numbers(counts)
    if not len(runs) or runs.min() < 0 or (runs != np.floor(runs)).any() or runs.sum() != size[0] * size[1]:
        raise ValueError(f"run lengths that do not add up to the {size[0] * size[1]} pixels of the picture")
    plain = {"size": list(size), "counts": counts if is_text else [int(run) for run in runs]}
    return plain if is_text else coco.frPyObjects(plain, *size)


def _polygon(corners: Any, size: tuple[int, int]) -> list[float]:
    numbers = _numbers(corners)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"a polygon of {len(numbers)} numbers instead of x and y of three corners or more")
    if np.abs(numbers).max() > _FARTHEST * max(size):
        raise ValueError("a polygon with a corner far outside the picture")
    return [float(number) for number in numbers]


def _numbers(values: Any) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as wrong:
        raise ValueError("something else than numbers in a segmentation") from wrong
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise ValueError("a segmentation that is no list of finite numbers")
    return numbers


def _runs_of_text(text: str | bytes) -> NDArray[np.int64]:
    """The run lengths of COCO's compressed form.

    A number is written in digits of 5 bits, the lowest first, each as a character from 48 on whose bit 32 says that
    more follow; bit 16 of the last is the sign. From the fourth on, numbers are differences to the one before the last.
    """
    letters = text.encode() if isinstance(text, str) else text
    digits = np.frombuffer(letters, np.uint8).astype(np.int64) - 48
    if not len(digits) or digits.min() < 0 or digits.max() > 63 or digits[-1] & 32:
        raise ValueError("compressed run lengths that cannot be read")
    is_last = (digits & 32) == 0
    starts = np.flatnonzero(np.concatenate([[True], is_last[:-1]]))
    place = np.arange(len(digits)) - np.repeat(starts, np.diff(starts, append=len(digits)))
    if place.max() >= _LONGEST:
        raise ValueError("compressed run lengths that cannot be read")
    runs = np.add.reduceat((digits & 31) << 5 * place, starts)
    runs -= np.where(digits[is_last] & 16, 32 << 5 * place[is_last], 0)
    runs[1::2], runs[2::2] = np.cumsum(runs[1::2]), np.cumsum(runs[2::2])
    return runs
