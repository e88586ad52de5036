"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from pipeline.errors import MediaError
from pipeline.video.read.source import reason


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; what the body writes there is flushed and takes the name `path` at its
    end.

    If the body fails, `path` is left as it was and the temporary file goes. Raises MediaError where FFmpeg
    or the system refuses to write: a full disk, a folder that is missing or not writable.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except (FFmpegError, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(
            f"Cannot write {path}.",
            found=reason(error),
            do="free space or make the folder writable, then run again",
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    """Bring a file's content, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
