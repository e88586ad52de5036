"""The content of a file of a run's folder, read without following a link and without waiting for a writer."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: A ledger of a day of film has some megabytes.
_MOST_BYTES = 256 << 20


def read_own(path: Path) -> str:
    """The file as text; bytes that are no UTF-8 become marks. Raises OSError, ValueError for what is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path.name} is no file")
        if status.st_size > _MOST_BYTES:
            raise ValueError(f"{path.name} has {status.st_size} bytes")
        return stream.read().decode("utf-8", "replace")
