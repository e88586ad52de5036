"""Files that are whole or not there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pipeline.errors import MediaError


def write_whole(path: Path, content: bytes) -> None:
    """Write `path`, which has its name only when all is on the disk. Raises MediaError if that fails."""
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _flush_names(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(
            f"Cannot write {path}.",
            found=error.strerror or str(error),
            do="free space or make the folder writable, then run the same command again: it goes on from here",
        ) from error


def digest_of(path: Path) -> str:
    """SHA-256 of the file's content, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
