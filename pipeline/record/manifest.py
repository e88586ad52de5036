"""Manifest: the source, output and settings of a run, written when it begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import RunInTheWayError
from pipeline.files import write_whole
from pipeline.record.source_identity import SourceIdentity

#: Rises when a key changes its meaning.
FORMAT = 2


@dataclass(frozen=True)
class Manifest:
    """The plan of a run.

    source : of what. output : the file it makes. settings : as they were asked for, as JSON values by room.
    weights : name, SHA-256, runtime, and whether stored detections stand for them. class_names : by class id.
    fingerprints : by pass. chunks : [start, stop) of each. frames, seconds : of the video. versions : of this program
    and what it stands on.
    """

    source: SourceIdentity
    output: str
    settings: dict[str, Any]
    weights: dict[str, Any]
    class_names: dict[str, str]
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

    @classmethod
    def of_run(cls, folder: Path) -> Manifest:
        """The manifest in the folder of a run. Raises RunInTheWayError where there is none that can be read."""
        manifest = cls.read(folder / "manifest.json")
        if manifest is None:
            raise RunInTheWayError(f"There is no run at {folder}.", do="see `seg-video status`")
        return manifest
