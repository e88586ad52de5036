"""RunLock: one process at a time works on a run; the lock of a process that was killed is free."""

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
                f"Another process works on {path.parent}.",
                found=f"process {os.read(descriptor, 32).decode('ascii', 'replace') or 'unknown'}",
                do="wait for it, or stop it first",
            ) from None
        if not _is_still(descriptor, path):
            raise RunInTheWayError(
                f"Another process has just ended its work on {path.parent}.",
                found="the lock was removed while it was taken",
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
    """Letters that stand for whoever may hold this lock: those of a process that held it before are the same."""
    status = path.stat()
    return hashlib.sha256(f"{platform.node()} {status.st_dev} {status.st_ino}".encode()).hexdigest()[:16]


def _is_still(descriptor: int, path: Path) -> bool:
    """True while the open file is the one of that name: who held it before may have removed it at the end."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    """The lock's file, made where there is none. Raises RunInTheWayError for links and for what is no plain file."""
    reason = "a link" if path.is_symlink() else "no plain file of one name"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:  # another name could be a user's file
            return descriptor
        os.close(descriptor)
    except OSError as error:
        reason = reason if path.is_symlink() else error.strerror or str(error)
    raise RunInTheWayError(
        f"{path} cannot be locked.",
        found=reason,
        do="look at who put it there; delete it, or name another output",
    )


def is_held(path: Path) -> bool:
    """True if some process holds the lock."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
