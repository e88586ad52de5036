"""SourceIdentity: a source by its content."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from io import BufferedReader
from typing import Any

from pipeline.errors import InputError
from pipeline.files import digest_of, digest_of_stream
from pipeline.storage.objects import ObjectFile, look_at
from pipeline.structures.address import Address, Place, place_of


@dataclass(frozen=True)
class SourceIdentity:
    """A source by its content: path or address, size in bytes, time of its last change, SHA-256.

    etag : of an object in a storage, which has no time of change that could be relied on.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    etag: str | None = None

    @classmethod
    def of(cls, path: Place, known: SourceIdentity | None = None) -> SourceIdentity:
        """The identity of a source; `known` spares reading it again while size and time, or ETag, are the same."""
        if isinstance(path, Address):
            return cls._of_object(path, known)
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
    def _of_object(cls, address: Address, known: SourceIdentity | None) -> SourceIdentity:
        facts = look_at(address)
        same = known is not None and (known.path, known.size, known.etag) == (address.url, *facts)
        if known is not None and same and facts.etag is not None:
            return known
        with BufferedReader(ObjectFile(address)) as stream:
            return cls(address.url, facts.size, 0, digest_of_stream(stream), facts.etag)

    def record(self) -> dict[str, Any]:
        """The identity as JSON values; a file has no ETag."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def check(self) -> None:
        """Read the file again, and raise InputError if its content changed. An object is known by its ETag."""
        place = place_of(self.path)
        now = SourceIdentity.of(place, self if isinstance(place, Address) else None)
        now.check_size(self.size)
        if now.sha256 != self.sha256:
            raise InputError(f"{self.path} was changed while it was worked on.", do="run again")

    def check_size(self, size: int) -> None:
        """Raise InputError if the file has not as many bytes."""
        if self.size != size:
            raise InputError(
                f"{self.path} is being written to.",
                found=f"{self.size} bytes, and {size} at another moment",
                do="wait until it is complete, then run again",
            )
