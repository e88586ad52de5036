"""Read a folder of pictures with COCO annotations."""

from __future__ import annotations

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.labels.labelled_picture import Instance, LabelledPicture, cropped
from pipeline.labels.mask_runs import mask_runs

#: Names of the annotations, of which the first that exists is used.
ANNOTATIONS = ("annotations.json.gz", "annotations.json", "_annotations.coco.json")


@dataclass(frozen=True)
class PictureEntry:
    """A picture of the folder: its record, its annotations and its file."""

    record: dict[str, Any]
    annotations: tuple[dict[str, Any], ...]
    file: Path

    @property
    def name(self) -> str:
        """The picture's file name, by which lists refer to it."""
        return str(self.record["file_name"])

    @property
    def source(self) -> str:
        """Short name of the picture's origin; empty in a folder with only one."""
        return str(self.record.get("source", ""))


@dataclass(frozen=True)
class Annotations:
    """The content of a COCO file: its picture records, annotations by picture id, and names by category id."""

    records: tuple[dict[str, Any], ...]
    by_picture: dict[int, tuple[dict[str, Any], ...]]
    names: dict[int, str]


def read_annotations(path: Path) -> Annotations:
    """Read a COCO file, plain or compressed with gzip. Raises InputError if it cannot be read as one."""
    try:
        raw = path.read_bytes()
        content = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        by_picture = defaultdict(list)
        for annotation in content["annotations"]:
            by_picture[annotation["image_id"]].append(annotation)
        names = {int(category["id"]): str(category["name"]) for category in content["categories"]}
        records = tuple(content["images"])
        annotations = {record["id"]: tuple(by_picture[record["id"]]) for record in records}
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError) as damage:
        raise InputError(
            f"{path} cannot be read as COCO annotations.", found=f"{type(damage).__name__}: {damage}"
        ) from damage
    return Annotations(records, annotations, names)


def read_entries(folder: Path) -> tuple[list[PictureEntry], dict[int, str]]:
    """The folder's pictures, and its category names by id.

    Raises InputError if annotations are missing or cannot be read, or a picture's file is missing.
    """
    path = next((folder / name for name in ANNOTATIONS if (folder / name).is_file()), None)
    if path is None:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.")
        raise InputError(
            f"{folder} has no COCO annotations.",
            do=f"add one of {', '.join(ANNOTATIONS)}, with the pictures beside it or in images/",
        )
    content = read_annotations(path)
    entries = [
        PictureEntry(
            record, content.by_picture[record["id"]], _file(folder, str(record.get("file_name", "")))
        )
        for record in content.records
    ]
    return entries, content.names


def read_folders(folders: Sequence[Path]) -> tuple[list[PictureEntry], dict[int, str]]:
    """The pictures of several folders, and their category names by id.

    Raises InputError as `read_entries` does, and if two folders use one id for different categories.
    """
    entries: list[PictureEntry] = []
    names: dict[int, str] = {}
    for folder in folders:
        more, theirs = read_entries(folder)
        for one, name in theirs.items():
            if names.setdefault(one, name) != name:
                raise InputError(
                    f"{folder} calls category {one} {name!r}.",
                    found=f"{names[one]!r} in the folders before it",
                    do="use the same ids in all folders",
                )
        entries += more
    return entries, names


def load_picture(entry: PictureEntry, names: dict[int, str], longest: int) -> LabelledPicture:
    """The picture with its labels, scaled down to at most `longest` px on its long side.

    Raises InputError if its file cannot be decoded, or has another size than in the annotations.
    """
    pixels = cv2.imread(str(entry.file), cv2.IMREAD_COLOR)
    with told_as_input(f"The record of the picture {entry.file}"):
        height, width = picture_size(entry.record)
        scope = label_scope(entry.record, names)
    if pixels is None or pixels.shape[:2] != (height, width):
        raise InputError(
            f"{entry.file} is not the picture that its annotations describe.",
            found="no picture" if pixels is None else f"{pixels.shape[1]}x{pixels.shape[0]} px",
            do=f"replace it by the file of {width}x{height} px, or remove it from the annotations",
        )
    scale = min(1.0, longest / max(height, width))
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    if scale < 1.0:
        pixels = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
    instances = [
        _instance(annotation, names, (height, width), size, entry.file) for annotation in entry.annotations
    ]
    return LabelledPicture(
        cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8),
        tuple(instance for instance in instances if instance is not None),
        scope,
    )


def picture_size(record: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of a picture in px. Raises ValueError if its record does not say them."""
    height, width = int(record["height"]), int(record["width"])
    if height < 1 or width < 1:
        raise ValueError(f"a size of {width}x{height} px")
    return height, width


def label_scope(record: Mapping[str, Any], names: Mapping[int, str]) -> frozenset[int]:
    """Ids of the categories of which every object of the picture is labelled."""
    scope = record.get("label_scope")
    return frozenset(names if scope is None else map(int, scope))


def annotated_box(annotation: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """x, y, width and height of an annotation, in px. Raises ValueError if they are no finite numbers."""
    x, y, width, height = map(float, annotation["bbox"])
    if not all(map(math.isfinite, (x, y, width, height))):
        raise ValueError("a bbox that is not finite")
    return x, y, width, height


def annotated_category(annotation: Mapping[str, Any], names: Mapping[int, str]) -> int:
    """Id of an annotation's category. Raises ValueError if it is none of those named: its object would be lost."""
    category = int(annotation["category_id"])
    if category not in names:
        raise ValueError(f"category_id {category}, which is no id of the file's categories")
    return category


@contextmanager
def told_as_input(what: str) -> Iterator[None]:
    """Turn the errors of reading wrong values in a record of COCO into an InputError about `what`."""
    try:
        yield
    except (KeyError, OverflowError, TypeError, ValueError) as wrong:
        found = f"no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
        raise InputError(
            f"{what} cannot be read.", found=found, do="correct it, or remove it from the file"
        ) from wrong


def _file(folder: Path, name: str) -> Path:
    for path in (folder / "images" / name, folder / name):
        if path.is_file():
            return path
    raise InputError(
        f"The picture {name} of {folder} does not exist.", do="put it beside the annotations or in images/"
    )


def _instance(
    annotation: dict[str, Any],
    names: Mapping[int, str],
    before: tuple[int, int],
    after: tuple[int, int],
    file: Path,
) -> Instance | None:
    with told_as_input(f"Annotation {annotation.get('id')} of {file}"):
        category, ignored = annotated_category(annotation, names), bool(annotation.get("iscrowd", 0))
        segmentation = annotation.get("segmentation")
        if segmentation and not annotation.get("box_only"):
            return cropped(category, _mask(segmentation, before, after), ignored)
        x, y, width, height = annotated_box(annotation)
    scale = np.array([after[1] / before[1], after[0] / before[0]] * 2)
    box = np.array([x, y, x + width, y + height]) * scale
    return Instance(category, box.astype(np.float32), ignored) if width > 0 and height > 0 else None


def _mask(segmentation: Any, before: tuple[int, int], after: tuple[int, int]) -> NDArray[np.uint8]:
    # Of the `train` extra; it treats pixels on a polygon's edge as evaluation does.
    from pycocotools import mask as coco

    mask = coco.decode(mask_runs(segmentation, before))
    return mask if after == before else cv2.resize(mask, after[::-1], interpolation=cv2.INTER_NEAREST)
