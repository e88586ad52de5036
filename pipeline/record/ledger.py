"""Ledger: a line for each file that a run has made, written once the file is on disk."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.errors import RunInTheWayError, StoreError
from pipeline.files import digest_of, refused
from pipeline.loading.typed_json import typed_json
from pipeline.record.own_file import read_own
from pipeline.record.spent import NOTHING, Spent
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage
from pipeline.structures.spans import Span


@dataclass(frozen=True)
class Entry:
    """One line.

    step : the pass. chunk : its number; None for a product of the whole film. fingerprint : of what it was made from.
    size, sha256 : of the file. seconds : that it took. at : when it was done, in seconds since 1970, and never before
    an earlier line.
    failed : why it could not be made; None if it was made. notes : for the user, a sentence each.
    missing, flawed : spans of frames that do not decode, or decode with damage; see FrameDamage.
    also : name and SHA-256 of further files that belong to the first one.
    holds : fingerprints of other passes whose results can be read from the file.
    spent : by all processes of the job that made it.
    """

    step: str
    chunk: int | None
    fingerprint: str
    size: int = 0
    sha256: str = ""
    seconds: float = 0.0
    at: float = 0.0
    failed: str | None = None
    notes: tuple[str, ...] = ()
    missing: tuple[Span, ...] = ()
    flawed: tuple[Span, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    holds: tuple[str, ...] = ()
    spent: Spent = NOTHING

    def __post_init__(self) -> None:
        if any("/" in name or "\0" in name for name, _ in self.also):
            raise ValueError("a file elsewhere")

    @property
    def damage(self) -> FrameDamage:
        """The damage of the source."""
        return FrameDamage(self.missing, self.flawed)


@dataclass(frozen=True)
class Made:
    """The result of a pass for a chunk, on disk.

    path : the file. seconds : that it took, by the pass and by parts of its work. damage : of the source's frames.
    notes : for the user, a sentence each. sha256 : of the file, if it is known. also : further files that belong to it.
    holds : fingerprints of other passes whose results can be read from this file, for every chunk.
    spent : by all processes since the product before.
    """

    path: Path
    seconds: Mapping[str, float] = field(default_factory=dict)
    damage: FrameDamage = NO_DAMAGE
    notes: tuple[str, ...] = ()
    sha256: str | None = None
    also: tuple[Path, ...] = ()
    holds: tuple[str, ...] = ()
    spent: Spent = NOTHING


class Ledger:
    """The ledger at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = {(entry.step, entry.chunk): entry for entry in _read(path)}
        self._intact: dict[Entry, bool] = {}
        # Speed is read off these times: a clock that is set in between does not count, and none goes back.
        latest = max((entry.at for entry in self._entries.values()), default=0.0)
        self._zero = max(time.time(), latest) - time.monotonic()

    def _now(self) -> float:
        return self._zero + time.monotonic()

    def done(self, step: str, chunk: int | None, fingerprint: str, file: Path) -> Entry | None:
        """The entry of a file that exists, has this fingerprint, and has not changed; None for any other.

        The files of an earlier process are hashed once to find out.
        """
        entry = self._entries.get((step, chunk))
        if entry is None or entry.failed is not None or entry.fingerprint != fingerprint:
            return None
        if entry not in self._intact:
            self._intact[entry] = _is_intact(entry, file)
        return entry if self._intact[entry] and _has_size(file, entry.size) else None

    def check_whole(self, step: str, file: Path) -> None:
        """Raise StoreError if a file of the whole film has changed since it was recorded.

        Readers of a finished run call this first: a damaged file can crash the library that reads it.
        """
        entry = self._entries.get((step, None))
        if entry is not None and not _is_intact(entry, file):
            raise StoreError(
                f"{file} was changed since it was made.",
                found="another SHA-256 than the run wrote down",
                do="run the same command again to make it again",
            )

    def entry(self, step: str, chunk: int | None = None) -> Entry | None:
        """The last entry for this pass and chunk; None if there is none."""
        return self._entries.get((step, chunk))

    def entries(self) -> tuple[Entry, ...]:
        """The last entry for each pass and chunk."""
        return tuple(self._entries.values())

    def failures(self) -> list[Entry]:
        """The entries of what could not be made, in order."""
        return sorted(
            (entry for entry in self._entries.values() if entry.failed is not None),
            key=lambda entry: (entry.chunk or 0, entry.step),
        )

    def record(self, step: str, chunk: int | None, fingerprint: str, made: Made) -> Entry:
        """Add what was made."""
        entry = Entry(
            step=step,
            chunk=chunk,
            fingerprint=fingerprint,
            size=made.path.stat().st_size,
            sha256=made.sha256 or digest_of(made.path),
            seconds=made.seconds.get(step, 0.0),
            at=self._now(),
            notes=made.notes,
            missing=made.damage.missing,
            flawed=made.damage.flawed,
            also=tuple((path.name, digest_of(path)) for path in made.also),
            holds=made.holds,
            spent=made.spent,
        )
        self._intact[entry] = True
        return self._add(entry)

    def adopt(self, entry: Entry) -> Entry:
        """Add the entry of another machine, whose files are here now and have been checked against it."""
        self._intact[entry] = True
        return self._add(entry)

    def record_failure(self, step: str, chunk: int, fingerprint: str, reason: str) -> Entry:
        """Add what could not be made."""
        return self._add(Entry(step, chunk, fingerprint, at=self._now(), failed=reason))

    def record_start(self) -> Entry:
        """Add that the workers are ready, from when on speed is measured."""
        return self._add(Entry("start", None, "", at=self._now()))

    def record_intent(self, step: str, fingerprint: str, sha256: str) -> Entry:
        """Add that a file with this content is about to be named outside the run's folder."""
        return self._add(Entry(f"{step} begun", None, fingerprint, sha256=sha256, at=self._now()))

    def _add(self, entry: Entry) -> Entry:
        line = (json.dumps(asdict(entry), separators=(",", ":")) + "\n").encode()
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            # On a full disk os.write may write only part of the line without an error; a stream reports it.
            with os.fdopen(descriptor, "ab") as stream:
                if os.fstat(descriptor).st_nlink > 1:
                    raise RunInTheWayError(
                        f"{self._path} is hard-linked to another file, so nothing is written to it.",
                        do="copy the run's folder without hard links, or name another output",
                    )
                # End a line that was cut off by a kill, or this one would be lost with it.
                stream.write(line if _ends_clean(self._path) else b"\n" + line)
                stream.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise refused(self._path, error) from error
        self._entries[entry.step, entry.chunk] = entry
        return entry


def _read(path: Path) -> Iterator[Entry]:
    try:
        text = read_own(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise RunInTheWayError(
            f"{path} cannot be read.",
            found=getattr(error, "strerror", None) or str(error),
            do="find out who created it; delete the run's folder, or name another output",
        ) from error
    for line in text.splitlines():
        try:
            yield typed_json(Entry, line)
        except ValueError:
            continue  # cut off by a kill: its file is made again


def _has_size(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size == size
    except OSError:
        return False


def _is_intact(entry: Entry, file: Path) -> bool:
    """True if the files of an entry still have the recorded content."""
    try:
        if not _has_size(file, entry.size) or digest_of(file) != entry.sha256:
            return False
        return all(digest_of(file.with_name(name)) == digest for name, digest in entry.also)
    except OSError:
        return False


def _ends_clean(path: Path) -> bool:
    size = path.stat().st_size
    if size == 0:
        return True
    with path.open("rb") as stream:
        stream.seek(size - 1)
        return stream.read() == b"\n"
