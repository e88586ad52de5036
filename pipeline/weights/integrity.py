"""Integrity: a weight file is what the catalog says it is.

A file of some hundred MB is hashed once; a note beside it (NAME.checked) keeps the digest with the size and
the time of change it was computed for.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from pipeline.errors import WeightsError, WriteError
from pipeline.files import digest_of, write_whole
from pipeline.weights.catalog import CatalogEntry


def verify_file(path: Path, entry: CatalogEntry, *, do: str) -> None:
    """Nothing, if `path` has the size and the digest of `entry`; raises WeightsError, advising `do`."""
    digest = _remembered_digest(path)
    if digest is None or not digest.startswith(entry.digest or ""):
        remember_digest(path, checked_digest(path, entry, do=do))


def checked_digest(path: Path, entry: CatalogEntry, *, do: str) -> str:
    """SHA-256 of `path`, 64 hex digits, after it was compared with what is known of `entry`."""
    size = path.stat().st_size
    if size == 0 or entry.size_bytes not in (None, size):
        expected = f"{entry.size_bytes} bytes" if entry.size_bytes else "something"
        raise _mismatch(path, entry, found=f"{size} bytes where {expected} should be", do=do)
    digest = digest_of(path)
    if not digest.startswith(entry.digest or ""):
        found = f"SHA-256 {digest} where one that begins with {entry.digest} should be"
        raise _mismatch(path, entry, found=found, do=do)
    return digest


def remember_digest(path: Path, digest: str) -> None:
    """Note that `path`, as it is now, has this digest."""
    note = json.dumps({**_identity(path), "sha256": digest})
    # In a folder that cannot be written the file is good all the same, and is hashed again next time.
    with contextlib.suppress(WriteError):
        write_whole(notes_path(path), note.encode())


def notes_path(path: Path) -> Path:
    """The note that belongs to `path`."""
    return path.with_name(f"{path.name}.checked")


def _remembered_digest(path: Path) -> str | None:
    """The noted digest, if the file has not been touched since."""
    try:
        note = json.loads(notes_path(path).read_text(encoding="utf-8"))
        digest = note.pop("sha256")
    except (FileNotFoundError, ValueError, KeyError, AttributeError):
        return None
    return digest if note == _identity(path) else None


def _identity(path: Path) -> dict[str, int]:
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _mismatch(path: Path, entry: CatalogEntry, *, found: str, do: str) -> WeightsError:
    return WeightsError(f"{path} is not the file that {entry.name!r} stands for.", found=found, do=do)
