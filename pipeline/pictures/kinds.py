"""Kinds of pictures by the endings of their names; nothing here opens a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import UsageError

#: Kind by a name's ending, by Pillow's names.
KIND_OF_ENDING: Mapping[str, str] = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".png": "PNG", ".webp": "WEBP", ".avif": "AVIF",
    ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".gif": "GIF",
}  # fmt: skip

#: Kinds that lose something, and take a quality.
LOSSY = ("JPEG", "WEBP", "AVIF")

#: Of pictures that are not read. Phones make them, so each is told of, and none left out of its folder in silence.
_UNREAD = (".heic", ".heif")


def is_picture(path: Path) -> bool:
    """True if a file's name says that it is a picture, of whatever kind."""
    return path.suffix.lower() in (*KIND_OF_ENDING, *_UNREAD)


def kind_of_name(path: Path) -> str:
    """The kind that a picture's name says. Raises UsageError where it says none."""
    kind = KIND_OF_ENDING.get(path.suffix.lower())
    if kind is None:
        raise UsageError(
            f"{path} does not say what kind of picture it is to be.",
            found=f"the ending {path.suffix!r}",
            do=f"give it one of {', '.join(KIND_OF_ENDING)}",
        )
    return kind
