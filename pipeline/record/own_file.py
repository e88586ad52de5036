"""Read a file of a run's folder without following links and without waiting for a writer."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: The ledger of a day of film has some megabytes.
_MOST_BYTES = 256 << 20


def read_own(path: Path) -> str:
    """The text of a file, with U+FFFD for invalid UTF-8. Raises OSError, and ValueError unless it is a regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path.name} is not a regular file")
        if status.st_size > _MOST_BYTES:
            raise ValueError(f"{path.name} has {status.st_size} bytes")
        return stream.read().decode("utf-8", "replace")
