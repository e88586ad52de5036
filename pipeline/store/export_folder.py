"""A folder that gets its name only once all of its files are complete."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from pipeline.errors import UsageError, WriteError
from pipeline.files import TEMPORARY_SUFFIX


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
        with _scratch(folder) as scratch:
            made = scratch / "export"
            made.mkdir()
            yield made
            _move(made, folder, overwrite)
    except OSError as error:
        raise WriteError(
            f"Cannot write {folder}.",
            found=error.strerror or str(error),
            do="free space or name another folder",
        ) from error


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` while the body runs. Those of killed exports go first: their locks are free."""
    start = f".{os.fsdecode(os.fsencode(folder.name)[:80])}."
    for left in folder.parent.glob(f"{escape(start)}*{TEMPORARY_SUFFIX}"):
        with _locked(left) as is_mine:
            if is_mine:
                shutil.rmtree(left, ignore_errors=True)
    while True:
        scratch = Path(tempfile.mkdtemp(prefix=start, suffix=TEMPORARY_SUFFIX, dir=folder.parent))
        with _locked(scratch, wait=True):
            if not scratch.exists():
                continue  # another export came before the lock, and took it for a killed one's
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            return


@contextmanager
def _locked(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """True if the folder's lock is held while the body runs: no other process has it, and the system knows locks."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


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
