"""Manifest: the plan of a run, written when it begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import RunInTheWayError
from pipeline.files import RUN_SUFFIX, write_whole
from pipeline.loading.typed_json import typed_json
from pipeline.record.own_file import read_own
from pipeline.record.run_folder import RunFolder
from pipeline.record.source_identity import SourceIdentity
from pipeline.structures.address import is_address
from pipeline.structures.spans import Span

#: Increased when a key changes its meaning.
FORMAT = 2

#: Class ids are smaller.
_IDS = 10**9


@dataclass(frozen=True)
class UsedWeights:
    """The weights that a run's detections come from.

    model : their name or path. sha256 : of their file, as `sha256sum` prints it. runtime : what ran them.
    stored : the run used stored detections instead of running them.
    """

    model: str
    sha256: str
    runtime: str
    stored: bool


@dataclass(frozen=True)
class Manifest:
    """The plan of a run.

    source : the video. output : the file it makes. settings : as they were asked for, by room, as JSON values.
    class_names : by class id. pixel_classes : red, green and blue by name, if the run stores class maps.
    fingerprints : by pass. chunks : [start, stop) of each. frames, seconds : of the video.
    versions : of this program and its dependencies.
    """

    source: SourceIdentity
    output: str
    settings: dict[str, dict[str, Any]]
    weights: UsedWeights
    class_names: dict[int, str]
    fingerprints: dict[str, str]
    chunks: tuple[Span, ...]
    frames: int
    seconds: float
    versions: dict[str, str]
    pixel_classes: dict[str, tuple[int, int, int]] | None = None
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Raise ValueError for missing entries, and for names that no file can have."""
        if not {"segment", "track", "render", "mux"} <= set(self.fingerprints):
            raise ValueError("fingerprints of passes are missing")
        if not all(0 <= key < _IDS for key in self.class_names):
            raise ValueError("class_names has a key that is not a class id")
        if any("\0" in name for name in (self.output, self.source.path)):
            raise ValueError("a name contains a NUL character")

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        values = {**asdict(self), "source": self.source.record()}
        if self.pixel_classes is None:
            del values["pixel_classes"]
        write_whole(path, (json.dumps(values, indent=1) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest at `path`; None if there is none. Raises RunInTheWayError if it cannot be read."""
        try:
            text = read_own(path)
            written = typed_json(_Version, text).format
            if written != FORMAT:
                raise ValueError(f"format {written}; this version reads {FORMAT}")
            return typed_json(cls, text)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise RunInTheWayError(
                f"The run at {path.parent} cannot be read.",
                found=str(error),
                do="use the version of seg-video that made it, or delete the folder",
            ) from error

    @classmethod
    def of_run(cls, folder: Path) -> Manifest:
        """The manifest in the folder of a run. Raises RunInTheWayError if there is none, or it cannot be read.

        The output is the one beside the folder, which differs from the recorded one if the folder was moved.
        """
        manifest = cls.read(RunFolder(folder).manifest)
        if manifest is None:
            raise RunInTheWayError(
                f"There is no run at {folder}.", do="list the runs here with `seg-video status`"
            )
        folder = folder.absolute()
        if is_address(manifest.output):
            return manifest
        return replace(manifest, output=str(folder.with_name(folder.name.removesuffix(RUN_SUFFIX))))


@dataclass(frozen=True)
class _Version:
    """The part of a manifest that is read first."""

    format: int
