"""Manifest: the source, output and settings of a run, written when it begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import RunInTheWayError
from pipeline.files import write_whole
from pipeline.record.own_file import read_own
from pipeline.record.source_identity import SourceIdentity

#: Rises when a key changes its meaning.
FORMAT = 2


_LONGEST_ID = 10

#: JSON types of the fields.
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("settings", "weights", "class_names", "fingerprints", "versions"), dict),
    **{"output": str, "chunks": list, "frames": int, "seconds": (int, float), "format": int},
}
_SOURCE_KINDS = {"path": str, "size": int, "mtime_ns": int, "sha256": str}


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
            return cls._of_json(json.loads(read_own(path)))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise RunInTheWayError(
                f"There is a run at {path.parent} that cannot be read.",
                found=str(error),
                do="use the version of seg-video that made it, or delete the folder",
            ) from error

    @classmethod
    def _of_json(cls, values: Any) -> Manifest:
        """The manifest of its JSON form. Raises ValueError, TypeError or KeyError for one that is none."""
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']}, this version knows {FORMAT}")
        manifest = cls(**{**values, "source": SourceIdentity(**values["source"])})
        for owner, kinds in ((manifest, _KINDS), (manifest.source, _SOURCE_KINDS)):
            for name, kind in kinds.items():
                _check(name, getattr(owner, name), kind)
        _check_insides(manifest)
        return manifest

    @classmethod
    def of_run(cls, folder: Path) -> Manifest:
        """The manifest in the folder of a run. Raises RunInTheWayError where there is none that can be read."""
        manifest = cls.read(folder / "manifest.json")
        if manifest is None:
            raise RunInTheWayError(f"There is no run at {folder}.", do="see `seg-video status`")
        return manifest


def _check_insides(manifest: Manifest) -> None:
    """Raise ValueError or KeyError for a mapping or list with something else inside than there has to be."""
    for name in ("model", "sha256", "runtime"):
        _check(name, manifest.weights[name], str)
    if not isinstance(manifest.weights["stored"], bool):
        raise ValueError("stored is neither true nor false")
    if not {"segment", "render", "mux"} <= set(manifest.fingerprints):
        raise ValueError("fingerprints of passes are missing")
    if not all(key.isascii() and key.isdecimal() and len(key) < _LONGEST_ID for key in manifest.class_names):
        raise ValueError("class_names has a key that is no class id")
    for named in (manifest.class_names, manifest.fingerprints, manifest.versions):
        _check("a name", list(named.values()), list, str)
    _check("settings", list(manifest.settings.values()), list, dict)
    for chunk in manifest.chunks:
        _check("a chunk", chunk, list, int)
        if len(chunk) != 2:
            raise ValueError("a chunk is no pair of numbers")
    if any("\0" in name for name in (manifest.output, manifest.source.path)):
        raise ValueError("a name has a zero in it")


def _check(name: str, value: Any, kind: type | tuple[type, ...], items: type | None = None) -> None:
    """Raise ValueError if a value of the JSON form, or an item of it, has another type."""
    values = [value] if items is None else [*value]
    wanted = kind if items is None else items
    if not isinstance(value, kind) or not all(isinstance(one, wanted) for one in values):
        raise ValueError(f"{name} is {str(value)[:80]!r}")
    if any(isinstance(one, bool) for one in values):
        raise ValueError(f"{name} is {str(value)[:80]!r}")
