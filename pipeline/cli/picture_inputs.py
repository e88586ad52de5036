"""Tell pictures from videos by the names of the inputs, without opening any but lists."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.errors import UsageError


def are_pictures(inputs: Sequence[str], tell: Callable[[str], None]) -> bool:
    """True if the inputs are pictures, False if they are videos or do not exist.

    A list on standard input holds pictures, one in a file what its names say. A folder or pattern that matches both
    counts as videos, but for those that a run here has made, and `tell` is given a sentence about the pictures that are
    left out. Raises UsageError if only some of the inputs are pictures, InputError for a list that cannot be read.
    """
    pictures = [name for name in inputs if _is_of_pictures(name, tell)]
    others = [name for name in inputs if name not in pictures]
    if pictures and others:
        raise _mixed("command", pictures[0], others[0])
    return bool(pictures)


def _mixed(what: str, picture: str, other: str) -> UsageError:
    return UsageError(
        f"One {what} takes pictures or videos, not both.",
        found=f"pictures: {picture}; others: {other}",
        do=f"use a separate {what} for each kind",
    )


def _are_listed_pictures(names: Iterable[str]) -> bool:
    """True if these names of a list are those of pictures. Raises UsageError if only some are."""
    from pipeline.pictures.kinds import is_picture

    firsts: dict[bool, str] = {}
    for name in names:
        firsts.setdefault(is_picture(Path(name)), name)
        if len(firsts) > 1:
            raise _mixed("list", firsts[True], firsts[False])
    return True in firsts


def _is_of_pictures(name: str, tell: Callable[[str], None]) -> bool:
    from pipeline.job.inputs import is_list, is_source, names_in
    from pipeline.pictures.kinds import is_picture

    if name == "-":
        return True
    path = Path(name)
    if is_list(name) and not os.path.isdir(name):  # noqa: PTH112  # a name may be too long to be looked up
        return _are_listed_pictures(names_in(name))
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
    if not any(map(is_source, names)):
        return found > 0
    if found:
        tell(
            f"{name} contains videos, so its {found} pictures are left out; name them with a pattern such as '*.jpg'"
        )
    return False
