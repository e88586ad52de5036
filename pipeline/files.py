"""Files that are whole or not there, and the digest of a file: the one place that writes and hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import WriteError

_BLOCK_BYTES = 1 << 20

#: Ends the names of temporary files, so that those of a killed process can be told from a user's.
TEMPORARY_SUFFIX = ".seg-video-part"


@contextmanager
def whole_file(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """A temporary name to write to; at the end of the body its file is flushed and renamed to `path`.

    The temporary file is new: created for this call alone, with a name that nobody could plant before. If the body
    fails it is removed, and `path` stays as it was. Raises WriteError where the system refuses: a full disk, a folder
    that is missing or not writable.

    Parameters
    ----------
    path : the file that is made, or replaced at once.
    folder : where the temporary file lies, on the same file system; by default beside `path`.

    """
    temporary = None
    try:
        temporary = _fresh(path, folder or path.parent)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_stream(path: Path) -> Iterator[BinaryIO]:
    """A stream to a temporary file that takes the name `path` at the end of the body; see whole_file."""
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        yield stream


def write_whole(path: Path, content: bytes) -> None:
    """Write `path`, which has its name only when all is on the disk. Raises WriteError if that fails."""
    with whole_stream(path) as stream:
        stream.write(content)


def remove_temporaries(folder: Path) -> None:
    """Remove what killed processes left in a folder that only this process writes to."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """SHA-256 of the file's content, 64 hex digits: what `sha256sum` prints."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _fresh(path: Path, folder: Path) -> Path:
    """A new empty file of this user's, with the permissions that an ordinary new file would have."""
    start = os.fsencode(path.name)[:80].decode("utf-8", "ignore")  # a name has 255 bytes at most
    descriptor, name = tempfile.mkstemp(prefix=f".{start}.", suffix=TEMPORARY_SUFFIX, dir=folder)
    try:
        os.fchmod(descriptor, 0o666 & ~_UMASK)
    finally:
        os.close(descriptor)
    return Path(name)


def _read_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


#: Read once, while there is one thread: it can only be read by setting it.
_UMASK = _read_umask()


def _flush(path: Path) -> None:
    """Bring a file's content, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"Cannot write {path}.",
        found=error.strerror or str(error),
        do="free space or make the folder writable, then run the same command again: it goes on from here",
    )
