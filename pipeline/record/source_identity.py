"""SourceIdentity: a source by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import digest_of


@dataclass(frozen=True)
class SourceIdentity:
    """A source by its content: path, size in bytes, time of its last change, SHA-256."""

    path: str
    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path, known: SourceIdentity | None = None) -> SourceIdentity:
        """The identity of a file; `known` spares reading it again while size and time are the same."""
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

    def check(self) -> None:
        """Read the file again, and raise InputError if it has another content by now."""
        now = SourceIdentity.of(Path(self.path))
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
