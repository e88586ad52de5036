"""Files that are whole or not there, and the digest of a file: the one place that writes and hashes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import UsageError, WriteError

_BLOCK_BYTES = 1 << 20

#: Ends the names of temporary files, so that those of a killed process can be told from a user's.
TEMPORARY_SUFFIX = ".seg-video-part"


#: Answers for the file that has the name of one that is made: True if it may be replaced.
MayReplace = Callable[[Path], bool]


def anything(_: Path) -> bool:
    """True: for names of our own, and for a user who asked for it."""
    return True


@contextmanager
def whole_file(path: Path, folder: Path | None = None, may_replace: MayReplace = anything) -> Iterator[Path]:
    """A temporary name to write to; at the end of the body its file is flushed and renamed to `path`.

    The temporary file is new: created for this call alone, with a name that nobody could plant before. If the body
    fails it is removed, and `path` stays as it was. Raises WriteError where the system refuses: a full disk, a folder
    that is missing or not writable; UsageError where a file has got the name in between that may not be replaced.

    Parameters
    ----------
    path : the file that is made, or replaced at once.
    folder : where the temporary file lies, on the same file system; by default beside `path`.
    may_replace : asked about a file that is there at the end.

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
    """A stream to a temporary file that takes the name `path` at the end of the body; see whole_file."""
    with whole_file(path, may_replace=may_replace) as temporary, temporary.open("wb") as stream:
        yield stream


def write_whole(path: Path, content: bytes, may_replace: MayReplace = anything) -> None:
    """Write `path`, which has its name only when all is on the disk; see whole_file. Raises WriteError, UsageError."""
    with whole_stream(path, may_replace) as stream:
        stream.write(content)


def remove_temporaries(folder: Path) -> None:
    """Remove what killed processes left in a folder that only this process writes to."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """SHA-256 of the file's content, 64 hex digits: what `sha256sum` prints. Raises OSError for what is no file."""
    # Without waiting: at the other end of a pipe there may be nobody, and a device may have no end.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no file")
        return digest_of_stream(stream)


def digest_of_stream(stream: BinaryIO) -> str:
    """SHA-256 of what is left to read of a stream, 64 hex digits."""
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def fresh_file(path: Path, folder: Path) -> Path:
    """A new empty file of this user's, with the permissions that an ordinary new file would have."""
    letters = os.fsencode(path.name)[:80].decode("utf-8", "ignore")  # a name has 255 bytes at most
    start = os.fsdecode(letters.encode())  # under the locale C, Python holds a name's bytes in its own way
    descriptor, name = tempfile.mkstemp(prefix=f".{start}.", suffix=TEMPORARY_SUFFIX, dir=folder)
    try:
        # FAT and the like have permissions of their own, and refuse others.
        with suppress(PermissionError):
            os.fchmod(descriptor, 0o666 & ~_UMASK)
    except OSError:
        Path(name).unlink()
        raise
    finally:
        os.close(descriptor)
    return Path(name)


def _name(temporary: Path, path: Path, may_replace: MayReplace) -> None:
    """Give the file its name; by the one call that refuses a name in use, unless what is there may be replaced."""
    if may_replace is not anything:
        try:
            _take(temporary, path)
            return
        except FileExistsError:
            if not may_replace(path):
                raise UsageError(
                    f"{path} has come into being meanwhile, so it was left alone.",
                    do="move it away and run the same command again, or add --force to replace it: "
                    "all that was made is kept",
                ) from None
    temporary.replace(path)


def _take(temporary: Path, path: Path) -> None:
    """Rename to a name that is free. Raises FileExistsError where it is not."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # exFAT and the like: an empty file keeps the name, which nobody else can take then.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        temporary.replace(path)


#: What a disk says that is full, used up by its owner or read-only, and a limit of a file's size.
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)

#: What file systems say that know no hard links.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


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


def is_refusal(error: OSError) -> bool:
    """True if the system refuses to write anything more: no other file would fare better."""
    return error.errno in _REFUSALS


def refused(path: Path, error: OSError) -> WriteError:
    """The error for a file that the system refuses to write."""
    return WriteError(
        f"Cannot write {path}.",
        found=error.strerror or str(error),
        do="free space or make the folder writable, then run the same command again: it goes on from here",
    )
