"""Read a folder of pictures with a class for every pixel: `images/`, `labels/`, and lists of names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.labels.choose import read_list
from pipeline.structures.pixel_classes import CLASS_FILE, VOID, PixelClasses

_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True)
class PixelEntry:
    """A picture of the folder: its name without ending, the file of its pixels, and that of its labels."""

    name: str
    picture: Path
    labels: Path


def is_pixel_folder(folder: Path) -> bool:
    """True if a folder holds pictures with a class for every pixel."""
    return (folder / "images").is_dir() and (folder / "labels").is_dir()


def read_pixel_entries(folder: Path, only: Path | None = None) -> list[PixelEntry]:
    """The folder's pictures, sorted by name. only : a list of the wanted names, one per line, with or without ending.

    Raises InputError if there are none, labels are missing, or a listed picture does not exist.
    """
    if not is_pixel_folder(folder):
        raise InputError(
            f"{folder} is not a folder of pictures with a class for every pixel.",
            do="put pictures into images/, and PNGs of class numbers with the same names into labels/",
        )
    files = sorted(file for file in (folder / "images").iterdir() if file.suffix.lower() in _PICTURES)
    entries = [PixelEntry(file.stem, file, folder / "labels" / f"{file.stem}.png") for file in files]
    if only is not None:
        entries = _listed(entries, only)
    missing = [entry.labels for entry in entries if not entry.labels.is_file()]
    if missing or not entries:
        raise InputError(
            f"{folder} has no picture with labels." if not entries else f"There is no {missing[0]}.",
            found=f"{len(missing)} of {len(entries)} pictures have no labels",
            do="add a PNG to labels/ for each picture in images/",
        )
    return entries


def read_pixel_classes(folder: Path) -> PixelClasses | None:
    """The classes in the folder's class file, {"classes": {name: [r, g, b]}, "ignored": [number]}.

    None if there is no such file. Raises InputError if it cannot be read.
    """
    path = folder / CLASS_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return PixelClasses.of(content["classes"], content.get("ignored", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
        raise InputError(
            f"{path} cannot be read as classes.",
            found=f"{type(damage).__name__}: {damage}",
            do='write {"classes": {"road": [128, 64, 128], ...}, "ignored": [255]}',
        ) from damage


def load_pixels(entry: PixelEntry, count: int, ignored: frozenset[int]) -> tuple[NDArray[np.uint8], ...]:
    """The picture uint8 RGB [H, W, 3] and its class map uint8 [H, W], VOID where the class is unknown.

    count : number of classes. ignored : numbers that become VOID.

    Raises InputError if a file cannot be decoded, sizes differ, or a label is no such number.
    """
    pixels = cv2.imread(str(entry.picture), cv2.IMREAD_COLOR)
    if pixels is None:
        raise InputError(f"{entry.picture} cannot be decoded as a picture.")
    labels = cv2.imread(str(entry.labels), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.shape != pixels.shape[:2] or labels.dtype != np.uint8:
        expected = f"{pixels.shape[1]}x{pixels.shape[0]} px"
        raise InputError(
            f"{entry.labels} does not fit its picture.",
            found="no picture" if labels is None else f"{labels.dtype} {list(labels.shape)}",
            do=f"use an 8-bit grey PNG of {expected} whose values are class numbers",
        )
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8), _known(
        entry, labels.astype(np.uint8), count, ignored
    )


def _known(
    entry: PixelEntry, labels: NDArray[np.uint8], count: int, ignored: frozenset[int]
) -> NDArray[np.uint8]:
    table = np.full(256, VOID, np.uint8)
    table[:count] = np.arange(count)
    there = np.flatnonzero(np.bincount(labels.ravel(), minlength=256))
    unknown = sorted(set(there.tolist()) - set(range(count)) - ignored - {VOID})
    if unknown:
        raise InputError(
            f"{entry.labels} has labels that are not among the {count} classes.",
            found=f"the numbers {unknown[:8]}",
            do="add them to the classes, or to `ignored`",
        )
    return table[labels]


def _listed(entries: Sequence[PixelEntry], only: Path) -> list[PixelEntry]:
    by_name = {entry.name: entry for entry in entries}
    wanted = {_without_ending(name) for name in read_list(only)}
    missing = sorted(wanted - by_name.keys())
    if missing:
        raise InputError(
            f"{only} lists a picture that does not exist.",
            found=f"{missing[0]}, and {len(missing) - 1} others" if len(missing) > 1 else missing[0],
        )
    return [entry for name, entry in by_name.items() if name in wanted]


def _without_ending(name: str) -> str:
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in _PICTURES else name
