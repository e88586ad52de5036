"""SourceIdentity: a source by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import digest_of

#: Device, inode, size and the time of the last change of a file; the last cannot be set back.
SourceStamp = tuple[int, int, int, int]


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

    def check(self) -> SourceStamp:
        """Read the file again; its stamp of before. Raises InputError if it has another content by now."""
        stamp = self._stamp()
        now = SourceIdentity.of(Path(self.path))
        now.check_size(self.size)
        if now.sha256 != self.sha256:
            raise self._changed()
        return stamp

    def check_still(self, stamp: SourceStamp) -> None:
        """Raise InputError if the file was written to, or another has its name, since it had that stamp."""
        if self._stamp() != stamp:
            raise self._changed()

    def _stamp(self) -> SourceStamp:
        try:
            status = Path(self.path).stat()
        except OSError as error:
            raise InputError(f"{self.path} cannot be opened.", found=error.strerror or str(error)) from error
        return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns

    def _changed(self) -> InputError:
        return InputError(f"{self.path} was changed while it was worked on.", do="run again")

    def check_size(self, size: int) -> None:
        """Raise InputError if the file has not as many bytes."""
        if self.size != size:
            raise InputError(
                f"{self.path} is being written to.",
                found=f"{self.size} bytes, and {size} at another moment",
                do="wait until it is complete, then run again",
            )
