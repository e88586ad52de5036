"""Pictures decoded and shrunk once, packed into a few files that training maps into memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.files import make_folder, remove_temporaries, whole_stream, write_whole
from pipeline.labels.labelled_picture import Instance, LabelledPicture

#: Format of the files; another number makes them anew.
VERSION = 1
#: The last file written, so that its presence says that the others are whole.
_INDEX = "index.json"


class PictureCache:
    """Read-only access to packed pictures by their place.

    Pixels lie one picture after the other in `pixels.bin`, the instances' masks bit by bit in `masks.bin`;
    `index.json` has where, and everything else.
    """

    def __init__(self, folder: Path) -> None:
        self._records: list[dict[str, Any]] = json.loads((folder / _INDEX).read_text())["pictures"]
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, "r")
        self._masks = np.memmap(folder / "masks.bin", np.uint8, "r")

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, place: int) -> LabelledPicture:
        """The picture at that place; its pixels are a view that must not be written to."""
        record = self._records[place]
        height, width = record["size"]
        start = record["pixels"]
        pixels = self._pixels[start : start + height * width * 3].reshape(height, width, 3)
        instances = tuple(self._instance(*values) for values in record["instances"])
        return LabelledPicture(pixels, instances, frozenset(record["scope"]))

    def categories(self, place: int) -> set[int]:
        """Category ids of the picture's objects that are to be learned."""
        return {values[0] for values in self._records[place]["instances"] if not values[2]}

    def _instance(self, category: int, box: list[float], ignored: bool, mask: list[int] | None) -> Instance:
        corners = np.asarray(box, np.float32)
        if mask is None:
            return Instance(category, corners, ignored)
        start, left, top, width, height = mask
        bits = self._masks[start : start + -(-width * height // 8)]
        pixels: NDArray[np.uint8] = np.unpackbits(bits, count=width * height).reshape(height, width)
        return Instance(category, corners, ignored, pixels, (left, top))


def build_cache(
    folder: Path, identity: str, pictures: Callable[[], Iterable[LabelledPicture]]
) -> PictureCache:
    """The cache in `folder`, made of `pictures()` unless one of the same `identity` is there already."""
    index = folder / _INDEX
    if index.is_file():
        known = json.loads(index.read_text())
        if (known["version"], known["identity"]) == (VERSION, identity):
            return PictureCache(folder)
        index.unlink()
    make_folder(folder)
    remove_temporaries(folder)
    with whole_stream(folder / "pixels.bin") as pixels, whole_stream(folder / "masks.bin") as masks:
        records = [_pack(picture, pixels, masks) for picture in pictures()]
        masks.write(b"\0")  # a file without any mask cannot be mapped
    write_whole(index, json.dumps({"version": VERSION, "identity": identity, "pictures": records}).encode())
    return PictureCache(folder)


def _pack(picture: LabelledPicture, pixels: Any, masks: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "size": list(picture.pixels.shape[:2]), "pixels": pixels.tell(), "scope": sorted(picture.scope)
    }  # fmt: skip
    pixels.write(np.ascontiguousarray(picture.pixels).tobytes())
    instances: list[Any] = []
    for instance in picture.instances:
        place = None
        if instance.mask is not None:
            height, width = instance.mask.shape
            place = [masks.tell(), *instance.corner, width, height]
            masks.write(np.packbits(instance.mask).tobytes())
        instances.append([instance.category, [float(v) for v in instance.box], instance.ignored, place])
    return {**record, "instances": instances}
