"""SourceIdentity: a source identified by its content."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.files import digest_of
from pipeline.storage.stored import digest_of_stored, facts_of
from pipeline.structures.address import Place, Stored, recorded_place

#: Of a file: device, inode, size and ctime, which cannot be set back. Of anything else: size and ETag.
SourceStamp = tuple[int | str | None, ...]


@dataclass(frozen=True)
class SourceIdentity:
    """A source: its place, size in bytes, time of last modification, and SHA-256.

    etag : of an object or a folder of frames, which have no single time of modification.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    etag: str | None = None

    @classmethod
    def of(cls, path: Place, known: SourceIdentity | None = None) -> SourceIdentity:
        """The identity of a source. known : an earlier one, whose hash is reused if size and time, or ETag, match."""
        if not isinstance(path, Path):
            return cls._of_stored(path, known)
        try:
            path = path.resolve(strict=True)
            status = path.stat()
            same = known is not None and (known.path, known.size, known.mtime_ns) == (
                str(path),
                status.st_size,
                status.st_mtime_ns,
            )
            digest = known.sha256 if same and known is not None else digest_of(path)
        except OSError as error:
            raise InputError(f"{path} cannot be opened.", found=error.strerror or str(error)) from error
        return cls(str(path), status.st_size, status.st_mtime_ns, digest)

    @classmethod
    def _of_stored(cls, place: Stored, known: SourceIdentity | None) -> SourceIdentity:
        facts = facts_of(place)
        same = known is not None and (known.path, known.size, known.etag) == (str(place), *facts)
        if known is not None and same and facts.etag is not None:
            return known
        return cls(str(place), facts.size, 0, digest_of_stored(place), facts.etag)

    def record(self) -> dict[str, Any]:
        """The identity as JSON values; a file has no ETag."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def check(self) -> SourceStamp:
        """Hash the file again; returns the stamp from before. Raises InputError if its content has changed.

        An object is compared by its ETag, a folder of frames by the modification times of its frames.
        """
        stamp = self._stamp()
        place = recorded_place(self.path)
        now = SourceIdentity.of(place, None if isinstance(place, Path) else self)
        now.check_size(self.size)
        if now.sha256 != self.sha256:
            raise self._changed()
        return stamp

    def check_found_again(self) -> None:
        """Raise InputError if another content lies where this source lay, or nothing. The hash is reused as in `of`."""
        if SourceIdentity.of(recorded_place(self.path), self).sha256 != self.sha256:
            raise InputError(
                f"{self.path} is no longer the video that the run was made of.",
                found="another SHA-256 than the run wrote down",
                do="bring that video back to its place, or make a new run of this one: seg-video IN OUT",
            )

    def check_still(self, stamp: SourceStamp) -> None:
        """Raise InputError if the file was written to or replaced since it had that stamp."""
        if self._stamp() != stamp:
            raise self._changed()

    def _stamp(self) -> SourceStamp:
        place = recorded_place(self.path)
        if not isinstance(place, Path):
            facts = facts_of(place)
            return facts.size, facts.etag
        try:
            status = place.stat()
        except OSError as error:
            raise InputError(f"{self.path} cannot be opened.", found=error.strerror or str(error)) from error
        return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns

    def _changed(self) -> InputError:
        return InputError(f"{self.path} was changed during the run.", do="run again")

    def check_size(self, size: int) -> None:
        """Raise InputError if the file does not have this many bytes."""
        if self.size != size:
            raise InputError(
                f"{self.path} is being written to.",
                found=f"{self.size} bytes, and {size} a moment ago",
                do="wait until it is complete, then run again",
            )
