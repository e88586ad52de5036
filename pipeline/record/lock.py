"""The lock of a run: one process at a time works on it; the system releases the lock of a killed process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RunInTheWayError, WriteError


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the lock. Raises RunInTheWayError if another process does."""
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunInTheWayError(
                f"Another process is working on {path.parent}.",
                found=f"process {os.read(descriptor, 32).decode('ascii', 'replace') or 'unknown'}",
                do="wait for it to end, or stop it",
            ) from None
        if not _is_still(descriptor, path):
            raise RunInTheWayError(
                f"Another process has just finished {path.parent}.",
                found="the lock was removed while it was being taken",
                do="run the same command again",
            )
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        except OSError as error:
            raise WriteError(
                f"Cannot write {path}.", found=error.strerror or str(error), do="free space, then run again"
            ) from error
        yield
    finally:
        os.close(descriptor)


def owner_of(path: Path) -> str:
    """An identifier of whoever may hold this lock, the same for each process that holds it in turn."""
    status = path.stat()
    return hashlib.sha256(f"{platform.node()} {status.st_dev} {status.st_ino}".encode()).hexdigest()[:16]


def _is_still(descriptor: int, path: Path) -> bool:
    """True if the open file still has that name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    """The lock's file, created if necessary. Raises RunInTheWayError for links and special files."""
    reason = "a link" if path.is_symlink() else "not a regular file with a single name"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:  # the other name could be a user's file
            return descriptor
        os.close(descriptor)
    except OSError as error:
        reason = reason if path.is_symlink() else error.strerror or str(error)
    raise RunInTheWayError(
        f"{path} cannot be locked.",
        found=reason,
        do="find out who created it; delete it, or name another output",
    )


def is_held(path: Path) -> bool:
    """True if a process holds the lock."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
