"""Panoptic quality of COCO panoptic files: how well segments are found, and how well those found fit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError

#: Segments that overlap by more than this are one: no segment can with two others.
_SAME = 0.5

_VOID = 0


@dataclass
class PanopticQuality:
    """Panoptic quality of a category (Kirillov et al. 2019, Panoptic Segmentation, equations 1 and 2).

    overlap : sum of the IoU of the segments that are right. right, wrong, missed : how many are.
    """

    overlap: float = 0.0
    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def segmentation(self) -> float:
        """SQ: mean IoU of those that are right."""
        return self.overlap / self.right if self.right else 0.0

    @property
    def recognition(self) -> float | None:
        """RQ: F1 of finding segments; None where there was none to find or found."""
        all_of_them = self.right + (self.wrong + self.missed) / 2
        return self.right / all_of_them if all_of_them else None

    @property
    def quality(self) -> float | None:
        """PQ: the product of both."""
        return None if self.recognition is None else self.segmentation * self.recognition


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of a picture. ids : int [H, W], 0 for none. category : name by id. crowds : ids of crowds."""

    ids: NDArray[np.int64]
    category: Mapping[int, str]
    crowds: frozenset[int] = frozenset()


def add_picture(total: dict[str, PanopticQuality], truth: Segments, found: Segments) -> None:
    """Count a picture's segments. What lies on no segment or on a crowd of the truth is not held against what is found.

    total : by category; a category that is not in it is not measured.
    """
    pairs, counts = np.unique(np.stack([truth.ids.ravel(), found.ids.ravel()]), axis=1, return_counts=True)
    shared = {
        (one, other): count for (one, other), count in zip(pairs.T.tolist(), counts.tolist(), strict=True)
    }
    of_truth, of_found = _areas(truth.ids), _areas(found.ids)
    matched: set[tuple[str, int]] = set()
    for (one, other), count in shared.items():
        name = truth.category.get(one)
        if name is None or name != found.category.get(other) or name not in total or one in truth.crowds:
            continue
        union = of_truth[one] + of_found[other] - count - shared.get((_VOID, other), 0)
        if count / union > _SAME:
            total[name].overlap += count / union
            total[name].right += 1
            matched |= {("truth", one), ("found", other)}
    for one, name in truth.category.items():
        if name in total and one in of_truth and one not in truth.crowds and ("truth", one) not in matched:
            total[name].missed += 1
    for other, name in found.category.items():
        if name in total and other in of_found and ("found", other) not in matched:
            same = (one for one in truth.crowds if truth.category[one] == name)
            excused = sum(shared.get((one, other), 0) for one in (_VOID, *same))
            total[name].wrong += excused / of_found[other] <= _SAME


def measure_panoptic(truth: Path, found: Path) -> dict[str, PanopticQuality]:
    """By category of both files, its panoptic quality over the pictures of the truth.

    truth, found : JSON files, each with its PNGs in the folder beside it that has the file's name without the ending.
    Pictures are matched by `image_id`, categories by name. Raises InputError for files that are none.
    """
    wanted, there = _Files(truth), _Files(found)
    total = {name: PanopticQuality() for name in wanted.names.values() if name in there.names.values()}
    for image in wanted.entries:
        if image not in there.entries:
            raise InputError(
                f"{found} has no picture {image}, which {truth} has.", do="give files of the same pictures"
            )
        one, other = wanted.segments(image), there.segments(image)
        if one.ids.shape != other.ids.shape:
            raise InputError(
                f"Picture {image} has another size in {found}.",
                found=f"{other.ids.shape}, not {one.ids.shape}",
            )
        add_picture(total, one, other)
    return total


def panoptic_table(total: Mapping[str, PanopticQuality]) -> Iterator[tuple[str, ...]]:
    """Rows of text: a head, the categories that there are, and their mean."""
    yield ("class", "PQ", "SQ", "RQ", "right", "wrong", "missed")
    there = {name: one for name, one in total.items() if one.quality is not None}
    for name, one in there.items():
        figures = (one.quality or 0.0, one.segmentation, one.recognition or 0.0)
        yield (
            name,
            *(f"{figure:.3f}" for figure in figures),
            str(one.right),
            str(one.wrong),
            str(one.missed),
        )
    means = (
        float(np.mean([getattr(one, name) for one in there.values()] or [0.0]))
        for name in ("quality", "segmentation", "recognition")
    )
    yield ("mean", *(f"{mean:.3f}" for mean in means), "", "", "")


def panoptic_values(total: Mapping[str, PanopticQuality]) -> dict[str, dict[str, float | None]]:
    """The same figures for JSON, by category."""
    return {
        name: {"pq": one.quality, "sq": one.segmentation, "rq": one.recognition}
        | {"right": one.right, "wrong": one.wrong, "missed": one.missed}
        for name, one in total.items()
    }


class _Files:
    """A COCO panoptic file, and its PNGs."""

    def __init__(self, path: Path) -> None:
        self.path, self._folder = path, path.with_suffix("")
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self.names = {int(one["id"]): str(one["name"]) for one in content["categories"]}
            self.entries: dict[int, dict[str, Any]] = {one["image_id"]: one for one in content["annotations"]}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{path} is no COCO panoptic file.", found=f"{type(error).__name__}: {error}"
            ) from error

    def segments(self, image: int) -> Segments:
        try:
            entry = self.entries[image]
            name, infos = str(entry["file_name"]), list(entry["segments_info"])
            category = {int(one["id"]): self.names[one["category_id"]] for one in infos}
            crowds = frozenset(int(one["id"]) for one in infos if one.get("iscrowd"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"Picture {image} in {self.path} is none of COCO's panoptic ones.",
                found=f"{type(error).__name__}: {error}",
                do="give file_name, and segments_info with an id and a category_id of the file's categories",
            ) from error
        path = self._folder / name
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise InputError(f"There is no picture at {path}, or none that can be read.")
        numbers = pixels.astype(np.int64) @ np.array([65536, 256, 1])  # OpenCV's order: blue first
        return Segments(numbers, category, crowds)


def _areas(ids: NDArray[np.int64]) -> dict[int, int]:
    numbers, counts = np.unique(ids, return_counts=True)
    return defaultdict(int, zip(numbers.tolist(), counts.tolist(), strict=True))
