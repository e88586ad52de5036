"""Manifest: what a run is to make, of what, and how; written when the run begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, RunInTheWayError
from pipeline.files import digest_of, write_whole

#: Rises when a key changes its meaning.
FORMAT = 1


@dataclass(frozen=True)
class SourceIdentity:
    """A source by what is in it: path, size in bytes, time of its last change, SHA-256."""

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
        """Raise InputError if the file has another content by now."""
        now = SourceIdentity.of(Path(self.path), self)
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


@dataclass(frozen=True)
class Manifest:
    """What a run is to make.

    source : of what. output : the file it makes. arguments : inputs, output and settings as JSON values, from
    which the same job can be made again. weights : name and SHA-256. fingerprints : by pass. chunks : [start,
    stop) of each. frames, seconds : of the video. versions : of this program and what it stands on.
    """

    source: SourceIdentity
    output: str
    settings: dict[str, Any]
    weights: dict[str, str]
    fingerprints: dict[str, str]
    chunks: list[list[int]]
    frames: int
    seconds: float
    versions: dict[str, str]
    format: int = FORMAT

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_whole(path, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest at `path`, None where there is none. Raises RunInTheWayError if it cannot be read."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["format"] != FORMAT:
                raise ValueError(f"format {values['format']}, this version knows {FORMAT}")
            return cls(**{**values, "source": SourceIdentity(**values["source"])})
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunInTheWayError(
                f"There is a run at {path.parent} that cannot be read.",
                found=str(error),
                do="use the version of seg-video that made it, or delete the folder",
            ) from error
