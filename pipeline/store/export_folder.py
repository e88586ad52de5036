"""A folder that gets its name only once all of its files are complete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UsageError, WriteError


@contextmanager
def export_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A new folder to write to, which is renamed to `folder` at the end; if the body fails, it is removed.

    overwrite : write into an existing folder, replacing files of the same names and keeping others.
    Raises UsageError if a folder that is not empty is in the way, WriteError if the system refuses to write.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", do="name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise _not_empty(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            made = scratch / "export"
            made.mkdir()
            yield made
            _move(made, folder, overwrite)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise WriteError(
            f"Cannot write {folder}.",
            found=error.strerror or str(error),
            do="free space or name another folder",
        ) from error


def _move(made: Path, folder: Path, overwrite: bool) -> None:
    try:
        made.replace(folder)  # fails if the folder is no longer empty
        return
    except OSError as error:
        if not folder.is_dir() or not any(folder.iterdir()):
            raise
        if not overwrite:
            raise _not_empty(folder) from error
    for path in sorted(made.rglob("*")):
        place = folder / path.relative_to(made)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            path.replace(place)


def _not_empty(folder: Path) -> UsageError:
    return UsageError(f"{folder} is not empty.", do="name another folder, or add --force to write into it")
