"""ProgramCache: this user's converted programs; the least recently used are removed first."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import WeightsError
from pipeline.files import PRIVATE, make_folder
from pipeline.model.staged.program_file import Graphs, read_program
from pipeline.weights.cache import CACHE_VARIABLE, WeightsCache

#: Most bytes to keep; a program is as large as its weights.
_MOST_BYTES = 2_000_000_000

_ENDING = ".program"


@dataclass(frozen=True)
class ProgramCache:
    """A folder of programs. folder : need not exist yet."""

    folder: Path

    @classmethod
    def at(cls) -> ProgramCache:
        """The cache in the folder of downloaded weights."""
        return cls(WeightsCache.at().folder / "programs")

    def create(self) -> None:
        """Create the folder, accessible only to its owner. Raises WriteError, WeightsError if it is not this user's."""
        make_folder(self.folder, PRIVATE)
        _require_own(self.folder)

    def path(self, name: str) -> Path:
        """Path of the program of that name."""
        return self.folder / f"{name}{_ENDING}"

    def read(self, path: Path, facts: Mapping[str, object]) -> Graphs | None:
        """The program, marked as just used; None if it is missing or damaged.

        Raises WeightsError if somebody else could have written it.
        """
        if not path.is_file():
            return None
        _require_own(self.folder)
        _require_own(path, writable=True)  # its mode follows the umask; the folder protects it
        try:
            graphs = read_program(path, facts)
        except (WeightsError, FileNotFoundError):
            return None  # it is made again
        with contextlib.suppress(OSError):
            os.utime(path)
        return graphs

    def prune(self, keep: Path, most_bytes: int = _MOST_BYTES) -> None:
        """Remove the least recently used programs, but not `keep`, until the rest fits in `most_bytes`."""
        known = {path: path.stat() for path in self.folder.glob(f"*{_ENDING}")}
        total = sum(status.st_size for status in known.values())
        for path in sorted(known, key=lambda path: known[path].st_mtime_ns):
            if total > most_bytes and path != keep:
                path.unlink(missing_ok=True)
                path.with_suffix(".lock").unlink(missing_ok=True)
                total -= known[path].st_size


def _require_own(place: Path, *, writable: bool = False) -> None:
    """Raise WeightsError unless `place` is this user's, not a link and, if not `writable`, not writable for others."""
    status = place.lstat()
    others = 0 if writable else status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if status.st_uid == os.getuid() and not others and not stat.S_ISLNK(status.st_mode):
        return
    raise WeightsError(
        f"{place} could have been written by another user.",
        found=f"owner {status.st_uid}, mode {stat.filemode(status.st_mode)}",
        do=f"remove it, or set {CACHE_VARIABLE} to a folder of your own",
    )
