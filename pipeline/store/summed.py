"""Files of detections that no ledger lists, with their SHA-256 beside them, as `sha256sum` writes it.

A damaged file can crash Arrow, so its hash is checked before it is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.files import digest_of, refused, write_whole

#: Suffixes of a file that is not in place yet, and of the file with the hash.
_NEW, _SUM = ".new", ".sha256"


def write_summed(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file, move it to `path`, and store its hash beside it. Raises WriteError and as `write` does.

    While one file replaces another, both hashes are stored, so that a kill at any moment leaves a file with a known
    hash.
    """
    new = path.with_name(path.name + _NEW)
    write(new)
    digests = [digest_of(each) for each in (path, new) if each.is_file()]
    _write_sums(path, digests)
    try:
        new.replace(path)
    except OSError as error:
        raise refused(path, error) from error
    if len(digests) > 1:
        _write_sums(path, digests[1:])


def check_summed(path: Path) -> None:
    """Raise StoreError if the file does not match the hash beside it; without one nothing is checked."""
    beside = path.with_name(path.name + _SUM)
    try:
        told = {line.split()[0] for line in beside.read_bytes().splitlines() if line.strip()}
        found = digest_of(path)
    except FileNotFoundError:
        return  # of an earlier release, or of a run, whose ledger has it
    except OSError as error:
        raise StoreError(f"{path} cannot be read.", found=error.strerror or str(error)) from error
    if found.encode() not in told:
        raise StoreError(
            f"{path} was changed since it was made.",
            found=f"another SHA-256 than in {beside.name}",
            do="delete both and run again, which finds everything anew",
        )


def remove_summed(path: Path) -> None:
    """Remove a file, its hash, and what a killed process left behind."""
    for each in (path, path.with_name(path.name + _NEW), path.with_name(path.name + _SUM)):
        each.unlink(missing_ok=True)


def _write_sums(path: Path, digests: list[str]) -> None:
    lines = b"".join(digest.encode() + b"  " + os.fsencode(path.name) + b"\n" for digest in digests)
    write_whole(path.with_name(path.name + _SUM), lines)
