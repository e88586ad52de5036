"""RunLayout: where each thing of a run lies; every path of the product is made here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

#: Ending of a run's folder, which lies beside the output.
RUN_SUFFIX = ".seg-run"

_PRIVATE = 0o700


@dataclass(frozen=True)
class RunLayout:
    """The files of one run.

    output : the video that is made. folder : what stays beside it. work : what goes after success.
    """

    output: Path
    folder: Path
    work: Path

    @classmethod
    def of(cls, output: Path, work_dir: Path | None = None) -> RunLayout:
        """The layout for an output; `work_dir` holds the work files of several runs, each in its own folder."""
        output = output.absolute()
        folder = output.with_name(output.name + RUN_SUFFIX)
        if work_dir is None:
            return cls(output, folder, folder / "work")
        mark = hashlib.sha256(str(output).encode()).hexdigest()[:8]
        return cls(output, folder, work_dir.absolute() / f"{output.name}.{mark}")

    @property
    def manifest(self) -> Path:
        """What the run is to make, of what, and how."""
        return self.folder / "manifest.json"

    @property
    def ledger(self) -> Path:
        """What is done."""
        return self.folder / "ledger.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the run."""
        return self.folder / "lock"

    @property
    def joined(self) -> Path:
        """All detections and tracks of the video; stays after success."""
        return self.folder / "detections.parquet"

    def detections(self, chunk: int) -> Path:
        """What was found in a chunk."""
        return self.work / "detections" / f"{chunk:06d}.parquet"

    def tracks(self, chunk: int) -> Path:
        """The same, with what tracking says."""
        return self.work / "tracks" / f"{chunk:06d}.parquet"

    def tracker_state(self, chunk: int) -> Path:
        """What the tracker remembers behind a chunk."""
        return self.work / "tracks" / f"{chunk:06d}.json"

    def part(self, chunk: int) -> Path:
        """A chunk's painted video."""
        return self.work / "parts" / f"{chunk:06d}.mp4"

    def make_folder(self) -> None:
        """Make the run's folder, for its owner alone: it tells who was seen where."""
        self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)

    def make_folders(self) -> None:
        """Make the folders that files are written to."""
        self.make_folder()
        self.work.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        for folder in ("detections", "tracks", "parts"):
            (self.work / folder).mkdir(mode=_PRIVATE, exist_ok=True)
