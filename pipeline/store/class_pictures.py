"""Class maps as pictures: PNGs of class numbers in a folder `labels`, with `classes.json` beside it.

Together with the pictures in `images` this is a data set for `seg-video train`.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.files import write_whole
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import CLASS_FILE, PixelClasses


def class_picture(folder: Path, name: str) -> Path:
    """Path of the class map for `name`, inside the folder even if the name leads out of it."""
    if name.startswith("../"):
        name = f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}-{Path(name).name}"
    return folder / "labels" / f"{name}.png"


def write_class_picture(path: Path, class_map: ClassMap) -> str:
    """Write a class map as an 8-bit PNG; returns the file's SHA-256. Raises WriteError."""
    content = png(class_map)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def read_class_picture(path: Path) -> ClassMap:
    """The class map uint8 [H, W] in a file. Raises StoreError if it cannot be read as one."""
    try:
        pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error) as error:
        raise StoreError(f"{path} cannot be read as a class map.", found=str(error)) from error
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise StoreError(f"{path} is not a class map.", do="delete it and run again")
    return np.asarray(pixels, np.uint8)


def write_class_names(folder: Path, classes: PixelClasses) -> None:
    """Write the meaning of the numbers, as `seg-video train` reads it. Raises WriteError."""
    content = {"classes": classes.by_name, "ignored": sorted(classes.ignored)}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / CLASS_FILE, (json.dumps(content, indent=1) + "\n").encode())


def read_class_names(folder: Path) -> PixelClasses:
    """The classes that `write_class_names` wrote. Raises StoreError."""
    path = folder / CLASS_FILE
    try:
        content = json.loads(path.read_bytes())
        return PixelClasses.of(content["classes"], content["ignored"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{path} cannot be read as the classes of class maps.",
            found=str(error),
            do="delete it, and the folder labels beside it, and run again",
        ) from error


def png(pixels: NDArray[np.uint8]) -> bytes:
    """The PNG file of a grey picture [H, W], or of blue, green and red [H, W, 3]."""
    _, content = cv2.imencode(".png", pixels)
    return content.tobytes()
