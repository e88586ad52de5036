"""Write files atomically, and hash them and what they are made from: the one module that does either."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import UsageError, WriteError

_BLOCK_BYTES = 1 << 20

#: Suffix of a run's folder, which lies beside its output and is named after it.
RUN_SUFFIX = ".seg-run"

#: Name of the file of detections in a run's folder, and the suffix that the file of class maps beside it has instead.
DETECTIONS_NAME, CLASS_MAPS_SUFFIX = "detections.parquet", ".classes.parquet"

#: Permissions of a folder for its owner alone.
PRIVATE = 0o700

#: Suffix of temporary files, which tells those of a killed process from a user's.
TEMPORARY_SUFFIX = ".seg-video-part"


#: Asked about an existing file that has the name of a new one: True if it may be replaced.
MayReplace = Callable[[Path], bool]


def anything(_: Path) -> bool:
    """MayReplace that allows everything: for files of our own, and for users who have asked for it."""
    return True


@contextmanager
def whole_file(path: Path, folder: Path | None = None, may_replace: MayReplace = anything) -> Iterator[Path]:
    """A temporary file to write to, which is flushed and renamed to `path` at the end of the body.

    The temporary file is created for this call, under a name that nobody can predict. If the body fails, it is removed
    and `path` stays as it was. Raises WriteError if the system refuses to write, and UsageError if a file that may not
    be replaced has meanwhile taken the name.

    Parameters
    ----------
    path : the file that is created, or replaced atomically.
    folder : of the temporary file, on the same file system; the folder of `path` by default.
    may_replace : asked about a file that exists at the end.

    """
    temporary = None
    try:
        temporary = fresh_file(path, folder or path.parent)
        yield temporary
        _flush(temporary)
        _name(temporary, path, may_replace)
        _flush(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_stream(path: Path, may_replace: MayReplace = anything) -> Iterator[BinaryIO]:
    """A stream to a temporary file that is renamed to `path` at the end of the body; see whole_file."""
    with whole_file(path, may_replace=may_replace) as temporary, temporary.open("wb") as stream:
        yield stream


def write_whole(path: Path, content: bytes, may_replace: MayReplace = anything) -> None:
    """Write a file atomically; see whole_file. Raises WriteError, UsageError."""
    with whole_stream(path, may_replace) as stream:
        stream.write(content)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those around it, unless it is there. Raises WriteError. mode : its permissions, less umask."""
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error


def remove_temporaries(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder that only this process writes to."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """SHA-256 of a file in 64 hex digits, as `sha256sum` prints it. Raises OSError for anything but a regular file."""
    # Non-blocking: a pipe may have no writer.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no file")
        return digest_of_stream(stream)


def digest_of_stream(stream: BinaryIO) -> str:
    """SHA-256 of the rest of a stream, in 64 hex digits."""
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def fingerprint_of(values: Sequence[object]) -> str:
    """A fingerprint of JSON values, in 32 hex digits; other values count as their text."""
    text = json.dumps([*values], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fresh_file(path: Path, folder: Path) -> Path:
    """A new empty file with an unpredictable name and the permissions of an ordinary new file."""
    letters = os.fsencode(path.name)[:80].decode("utf-8", "ignore")  # a name has 255 bytes at most
    start = os.fsdecode(letters.encode())  # under the locale C, Python holds a name's bytes in its own way
    descriptor, name = tempfile.mkstemp(prefix=f".{start}.", suffix=TEMPORARY_SUFFIX, dir=folder)
    try:
        # FAT and the like have fixed permissions, and refuse others.
        with suppress(PermissionError):
            os.fchmod(descriptor, 0o666 & ~_UMASK)
    except OSError:
        Path(name).unlink()
        raise
    finally:
        os.close(descriptor)
    return Path(name)


def _name(temporary: Path, path: Path, may_replace: MayReplace) -> None:
    """Rename the file, replacing an existing one only if that is allowed; no other process can come in between."""
    if may_replace is not anything:
        try:
            _take(temporary, path)
            return
        except FileExistsError:
            if not may_replace(path):
                raise UsageError(
                    f"{path} was created by something else during the run, so it was left alone.",
                    do="move it away and run the same command again, or add --force to replace it; "
                    "finished work is kept",
                ) from None
    temporary.replace(path)


def _take(temporary: Path, path: Path) -> None:
    """Rename to an unused name. Raises FileExistsError if it is taken."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # exFAT and the like: an empty file reserves the name.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        temporary.replace(path)


#: Errors of a disk that is full, over quota or read-only, and of a limit on file size.
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)

#: Errors of file systems without hard links.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


def _read_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


#: Read once, while there is only one thread, because reading the umask means setting it.
_UMASK = _read_umask()


def _flush(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_refusal(error: OSError) -> bool:
    """True if the error would hit any other file too, as that of a full disk."""
    return error.errno in _REFUSALS


def refused(path: Path, error: OSError) -> WriteError:
    """The WriteError for an error of the system."""
    return WriteError(
        f"Cannot write {path}.",
        found=error.strerror or str(error),
        do="free space or make the folder writable, then run the same command again to continue",
    )
