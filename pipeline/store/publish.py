"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import StoreError


@contextmanager
def publish(path: Path) -> Iterator[BinaryIO]:
    """A stream to `path`.part, which takes the name `path` once all is written and flushed to the disk.

    If the body fails, `path` is left as it was and the temporary file goes. Raises StoreError where the
    system refuses: a full disk, a folder that is missing or not writable.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"Cannot write {path}.",
            found=str(error),
            do="free space or make the folder writable, then run again",
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    """Bring the rename itself to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
