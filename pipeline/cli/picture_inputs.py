"""Tells pictures from videos by what a command line or job file names as inputs; opens none of them."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import UsageError


def are_pictures(inputs: Sequence[str], tell: Callable[[str], None]) -> bool:
    """True if the inputs are pictures; else they are videos, or nothing that is there.

    A list on standard input is of pictures. A folder or pattern with videos and pictures is one of videos, and `tell`
    hears how many pictures are left out. Raises UsageError where some inputs are pictures and others are not.
    """
    pictures = [name for name in inputs if _is_of_pictures(name, tell)]
    others = [name for name in inputs if name not in pictures]
    if pictures and others:
        raise UsageError(
            "Pictures and videos need a command each.",
            found=f"{pictures[0]} is of pictures, {others[0]} is not",
            do="name only one kind",
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
            f"{name} holds videos, so its {found} pictures are left out: give a pattern such as '*.jpg' for them"
        )
    return False
