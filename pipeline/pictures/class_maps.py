"""ClassMapStore: the class map of each picture of a batch, a PNG of class numbers beside the outputs."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from pipeline.files import write_whole
from pipeline.pictures.stored import PictureStore
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import PixelClasses

#: Keys of the fingerprint and of the output's SHA-256 in a PNG's text.
_MADE, _OUTPUT = "seg-video made", "seg-video output"

#: Names and colours, as `seg-video train` reads them.
CLASS_FILE = "classes.json"


class ClassMapStore:
    """The folder `labels` in that of the batch: NAME.png for the output NAME, an 8-bit class number a pixel.

    A map is written before its output, with a fingerprint of how both were made and the output's SHA-256. Used in the
    body of `held`, which makes the folder of the batch and holds its lock.
    """

    def __init__(self, outputs: Sequence[Path]) -> None:
        self._store = PictureStore(outputs)
        self.folder = self._store.folder / "labels"
        self.held = self._store.held

    def path_of(self, output: Path) -> Path:
        """Path of the class map of an output."""
        name = self._store.name_of(output)
        if name.startswith("../"):  # of another folder: its map stays in this one all the same
            name = f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}-{output.name}"
        return self.folder / f"{name}.png"

    def made(self, output: Path) -> tuple[str, str] | None:
        """Fingerprint and SHA-256 of what was made last under that name; None where there is none."""
        path = self.path_of(output)
        if not path.is_file():
            return None
        try:
            with Image.open(path) as image:
                image.load()
                made, sha256 = image.info.get(_MADE), image.info.get(_OUTPUT)
                return None if made is None or sha256 is None else (made, sha256)
        except (OSError, SyntaxError, ValueError):
            return None  # it is made anew

    def keep(self, output: Path, labels: ClassMap, made: str, sha256: str) -> None:
        """Write a class map. sha256 : of the output that is about to be written. Raises WriteError."""
        text = PngImagePlugin.PngInfo()
        text.add_text(_MADE, made)
        text.add_text(_OUTPUT, sha256)
        stream = io.BytesIO()
        Image.fromarray(np.asarray(labels, np.uint8)).save(stream, "PNG", pnginfo=text, compress_level=6)
        path = self.path_of(output)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, stream.getvalue())

    def tell(self, classes: PixelClasses) -> None:
        """Write what the numbers mean. Raises WriteError."""
        content = {"classes": classes.by_name, "ignored": sorted(classes.ignored)}
        self.folder.mkdir(exist_ok=True)
        write_whole(self._store.folder / CLASS_FILE, (json.dumps(content, indent=1) + "\n").encode())
