"""Files of detections with their SHA-256 beside them, as `sha256sum` writes it, where no ledger knows them.

A damaged file can end the process that reads it, within Arrow: so its hash is compared first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.files import digest_of, refused, write_whole

#: Ends the names of a file that is not in its place yet, and of the file with the hash.
_NEW, _SUM = ".new", ".sha256"


def write_summed(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file, put it at `path`, and its hash beside it. Raises WriteError and what `write` raises.

    While one file takes the place of another, both hashes are written down: whenever the process is killed, the one
    that is there is known.
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
    """Raise StoreError if a hash lies beside the file, and it is that of another one."""
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
            found=f"another SHA-256 than {beside.name} has",
            do="delete both and run again: what was in it is found anew",
        )


def remove_summed(path: Path) -> None:
    """Remove a file, its hash, and what a killed process left of it."""
    for each in (path, path.with_name(path.name + _NEW), path.with_name(path.name + _SUM)):
        each.unlink(missing_ok=True)


def _write_sums(path: Path, digests: list[str]) -> None:
    lines = b"".join(digest.encode() + b"  " + os.fsencode(path.name) + b"\n" for digest in digests)
    write_whole(path.with_name(path.name + _SUM), lines)
