"""RunFolder: the files that stay of a run, in a folder beside its output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.files import CLASS_MAPS_SUFFIX, DETECTIONS_NAME


@dataclass(frozen=True)
class RunFolder:
    """The paths of the files in the folder of a run."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """The plan of the run."""
        return self.folder / "manifest.json"

    @property
    def ledger(self) -> Path:
        """The ledger of what is done."""
        return self.folder / "ledger.jsonl"

    @property
    def lock(self) -> Path:
        """The lock, held by the process that works on the run."""
        return self.folder / "lock"

    @property
    def joined(self) -> Path:
        """All detections and tracks of the video."""
        return self.folder / DETECTIONS_NAME

    @property
    def receipt(self) -> Path:
        """The facts of the published object."""
        return self.folder / "published.json"

    @property
    def own_car(self) -> Path:
        """A picture of the region taken for the own car."""
        return self.folder / "own_car.png"

    @property
    def record(self) -> tuple[Path, ...]:
        """All files that stay after success, if the run has them; the manifest, which marks it as a run, comes last."""
        maps = self.joined.with_suffix(CLASS_MAPS_SUFFIX)
        return (self.joined, maps, self.own_car, self.ledger, self.receipt, self.manifest)
