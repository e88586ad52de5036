"""What a person calls a run -> the job that goes on with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.job.spec import JobSpec, RunSettings
from pipeline.record.layout import RUN_SUFFIX, RunLayout
from pipeline.record.manifest import Manifest
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.track.settings import TrackSettings
from pipeline.video.settings import DecodeSettings, EncodeSettings

#: How deep below a folder runs are looked for.
_DEPTH = 3

_ROOMS: Mapping[str, Any] = {
    "segment": SegmentSettings,
    "track": TrackSettings,
    "render": RenderSettings,
    "encode": EncodeSettings,
    "decode": DecodeSettings,
    "run": RunSettings,
}


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Folders of runs in these folders and a few floors below, the latest first."""
    found = {run.resolve() for folder in folders for run in _runs_in(folder, _DEPTH)}
    return sorted(found, key=lambda run: (run / "manifest.json").stat().st_mtime, reverse=True)


def find_run(name: str | None) -> Path:
    """The folder of the run that is called by its own path or its output; None: the latest here.

    Raises UsageError if there is none.
    """
    if name is None:
        runs = find_runs([Path()])
        if not runs:
            raise UsageError("There is no run in this folder.", do="name the run, or its output")
        return runs[0]
    path = Path(name)
    for folder in (path, RunLayout.of(path).folder):
        if (folder / "manifest.json").is_file():
            return folder.absolute()
    raise UsageError(f"There is no run called {name}.", do="see `seg-video status` for those that are here")


def job_of(run: Path) -> JobSpec:
    """The job that a run was begun with. Raises RunInTheWayError where its manifest cannot be read."""
    manifest = Manifest.read(run / "manifest.json")
    if manifest is None:
        raise UsageError(f"There is no run at {run}.")
    rooms = {name: _settings(kind, manifest.settings.get(name, {})) for name, kind in _ROOMS.items()}
    output = manifest.output.replace("{", "{{").replace("}", "}}")  # a name, and no template
    weights = manifest.settings.get("weights")
    spec = JobSpec(inputs=(manifest.source.path,), output=output, weights=weights, **rooms)
    # Only somebody at the command line may say so, each time anew.
    return replace(spec, run=replace(spec.run, force=False, skip=False))


def _settings(kind: Any, values: Mapping[str, Any]) -> Any:
    """A settings value of its JSON form; keys of another version are left out."""
    known = {field.name for field in fields(kind)}
    return kind(**{key: _tuples(value) for key, value in values.items() if key in known})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _runs_in(folder: Path, depth: int) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if not entry.is_dir() or entry.is_symlink():
            continue
        if entry.name.endswith(RUN_SUFFIX):
            if (entry / "manifest.json").is_file():
                yield entry
        elif depth > 1 and not entry.name.startswith("."):
            yield from _runs_in(entry, depth - 1)
