"""Manifest: the source, output and settings of a run, written when it begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import RunInTheWayError
from pipeline.files import write_whole
from pipeline.job.output_template import RUN_SUFFIX
from pipeline.loading.typed_json import typed_json
from pipeline.record.own_file import read_own
from pipeline.record.source_identity import SourceIdentity
from pipeline.structures.address import is_address
from pipeline.structures.spans import Span

#: Rises when a key changes its meaning.
FORMAT = 2

#: Class ids are below it: what is longer is no id.
_IDS = 10**9


@dataclass(frozen=True)
class UsedWeights:
    """The weights that a run's detections come from.

    model : their name or path. sha256 : of their file, as `sha256sum` prints it. runtime : what computes them.
    stored : stored detections stand for them.
    """

    model: str
    sha256: str
    runtime: str
    stored: bool


@dataclass(frozen=True)
class Manifest:
    """The plan of a run.

    source : of what. output : the file it makes. settings : as they were asked for, as JSON values by room.
    class_names : by class id. pixel_classes : red, green and blue by name, of a run that stores class maps.
    fingerprints : by pass. chunks : [start, stop) of each. frames, seconds : of the video.
    versions : of this program and what it stands on.
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
        """Raise ValueError for a mapping that lacks something, and for names that no file can have."""
        if not {"segment", "render", "mux"} <= set(self.fingerprints):
            raise ValueError("fingerprints of passes are missing")
        if not all(0 <= key < _IDS for key in self.class_names):
            raise ValueError("class_names has a key that is no class id")
        if any("\0" in name for name in (self.output, self.source.path)):
            raise ValueError("a name has a zero in it")

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        values = {**asdict(self), "source": self.source.record()}
        if self.pixel_classes is None:
            del values["pixel_classes"]
        write_whole(path, (json.dumps(values, indent=1) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest at `path`, None where there is none. Raises RunInTheWayError if it cannot be read."""
        try:
            text = read_own(path)
            written = typed_json(_Version, text).format
            if written != FORMAT:
                raise ValueError(f"format {written}, this version knows {FORMAT}")
            return typed_json(cls, text)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise RunInTheWayError(
                f"There is a run at {path.parent} that cannot be read.",
                found=str(error),
                do="use the version of seg-video that made it, or delete the folder",
            ) from error

    @classmethod
    def of_run(cls, folder: Path) -> Manifest:
        """The manifest in the folder of a run. Raises RunInTheWayError where there is none that can be read.

        Its output is the one beside the folder: that is another than was written down where the folder was moved.
        """
        manifest = cls.read(folder / "manifest.json")
        if manifest is None:
            raise RunInTheWayError(f"There is no run at {folder}.", do="see `seg-video status`")
        folder = folder.absolute()
        if is_address(manifest.output):
            return manifest
        return replace(manifest, output=str(folder.with_name(folder.name.removesuffix(RUN_SUFFIX))))


@dataclass(frozen=True)
class _Version:
    """The part of a manifest that is read before all else."""

    format: int
