"""Tell pictures from videos by the names of the inputs, without opening any of them."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import UsageError


def are_pictures(inputs: Sequence[str], tell: Callable[[str], None]) -> bool:
    """True if the inputs are pictures, False if they are videos or do not exist.

    A list on standard input holds pictures. A folder or pattern that matches both counts as videos, and `tell` is given
    a sentence about the pictures that are left out. Raises UsageError if only some of the inputs are pictures.
    """
    pictures = [name for name in inputs if _is_of_pictures(name, tell)]
    others = [name for name in inputs if name not in pictures]
    if pictures and others:
        raise UsageError(
            "One command takes pictures or videos, not both.",
            found=f"pictures: {pictures[0]}; others: {others[0]}",
            do="use a separate command for each kind",
        )
    return bool(pictures)


def _is_of_pictures(name: str, tell: Callable[[str], None]) -> bool:
    from pipeline.job.inputs import VIDEO_SUFFIXES
    from pipeline.pictures.kinds import is_picture

    if name == "-":
        return True
    path = Path(name)
    try:
        if path.is_dir():
            names = list(path.iterdir())
        elif not path.exists() and glob.has_magic(name):
            names = list(map(Path, glob.glob(name, recursive=True)))  # noqa: PTH207
        else:
            names = None
    except (OSError, ValueError):  # a name that cannot be looked up: whoever reads the inputs says why
        names = None
    if names is None:
        return is_picture(path)
    found = sum(is_picture(entry) for entry in names)
    if not any(entry.suffix.lower() in VIDEO_SUFFIXES for entry in names):
        return found > 0
    if found:
        tell(
            f"{name} contains videos, so its {found} pictures are left out; name them with a pattern such as '*.jpg'"
        )
    return False
