"""A run by what a person calls it, and the request that goes on with it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.job.output_template import RUN_SUFFIX
from pipeline.job.request import JobRequest, StoredWeights
from pipeline.job.settings import Settings
from pipeline.record.layout import RunLayout
from pipeline.record.manifest import Manifest
from pipeline.record.remote_run import fetch_plan, fetch_record
from pipeline.structures.address import Address, address_of, is_address
from pipeline.structures.pixel_classes import PixelClasses

#: How deep below a folder runs are looked for.
_DEPTH = 3


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Folders of runs in these folders and a few floors below, the latest first, those that cannot be read last."""
    found = {run.resolve() for folder in folders for run in _runs_in(folder, _DEPTH)}
    return sorted(found, key=_begun, reverse=True)


def find_run(name: str | None) -> Path:
    """The folder of the run that is called by its own path or its output; None: the latest here.

    Of an output in a storage the record, or the plan of one that is not done, is brought into the current folder.
    Raises UsageError if there is none, and as storage.objects.look_at does.
    """
    if name is None:
        runs = find_runs([Path()])
        if not runs:
            raise UsageError("There is no run in this folder.", do="name the run, or its output")
        return runs[0]
    if is_address(name):
        return _brought(address_of(name))
    path = Path(name)
    for folder in (path, RunLayout.of(path).folder):
        if _has_manifest(folder, hidden=folder.name.endswith(RUN_SUFFIX)):
            return folder.absolute()
        if (folder / "detections.parquet").is_file() and folder.name.endswith(RUN_SUFFIX):
            raise UsageError(
                f"{folder} holds what a batch of pictures has found.",
                do="run the same command again to go on with it; seg-video export reads it",
            )
    raise _no_run(name)


def _no_run(name: str) -> UsageError:
    return UsageError(f"There is no run called {name}.", do="see `seg-video status` for those that are here")


def _brought(output: Address) -> Path:
    """The folder here of the run of an output in a storage; what lies here already is not fetched again."""
    layout = RunLayout.of(Path(output.name), keeps_output=False)
    if not layout.manifest.is_file():
        if not (fetch_record(output, layout) or fetch_plan(output, layout)):
            raise _no_run(output.url)
        _leave_the_how(layout)
    found = Manifest.of_run(layout.folder).output
    if found != output.url:
        raise UsageError(
            f"{layout.folder} is of another output.",
            found=found,
            do="go into another folder, or move it away",
        )
    return layout.folder


def _leave_the_how(layout: RunLayout) -> None:
    """Take out of a manifest from a storage how the work is done: on whose cluster, this machine is not told by it."""
    manifest = Manifest.of_run(layout.folder)
    how = {"chunk_frames": manifest.settings.get("run", {}).get("chunk_frames")}
    replace(manifest, settings={**manifest.settings, "run": how}).write(layout.manifest)


def request_of(run: Path) -> JobRequest:
    """The request that a run was begun with. Raises RunInTheWayError where its manifest cannot be read."""
    manifest = Manifest.of_run(run)
    settings = Settings.from_json(manifest.settings, str(run / "manifest.json"))
    # Only somebody at the command line may say so, each time anew.
    settings = replace(settings, run=replace(settings.run, force=False, skip=False))
    output = manifest.output
    if is_address(output):  # the run is found again where it lies, from whatever folder
        if run.name != Address(output).name + RUN_SUFFIX:
            raise UsageError(f"{run} belongs to a listing.", do="run the job of the listing again")
        settings = replace(settings, run=replace(settings.run, work_dir=str(run.absolute().parent)))
    if "{" in output:
        output = output.replace("{", "{{").replace("}", "}}")  # a name, and no template
    stored = stored_weights(manifest) if manifest.weights.stored else None
    return JobRequest((manifest.source.path,), output, settings, stored)


def stored_weights(manifest: Manifest) -> StoredWeights:
    """The weights that the run's detections came from, for a run that needs no network."""
    weights = manifest.weights
    classes = None if manifest.pixel_classes is None else PixelClasses.of(manifest.pixel_classes)
    return StoredWeights(weights.model, weights.sha256, manifest.class_names, weights.runtime, classes)


def _runs_in(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return  # what may not be looked into hides nothing else
    for entry in entries:
        if entry.is_symlink() or not os.path.isdir(entry):  # noqa: PTH112 - Path.is_dir fails where it may not look
            continue
        if entry.name.endswith(RUN_SUFFIX):
            if _has_manifest(entry, hidden=True):
                yield entry
        elif depth > 1 and not entry.name.startswith("."):
            yield from _runs_in(entry, depth - 1)


def _has_manifest(folder: Path, *, hidden: bool) -> bool:
    """True for a folder with the record of a run. hidden : the answer where nobody may look into it."""
    try:
        return (folder / "manifest.json").is_file()
    except OSError as error:
        return hidden and error.errno == errno.EACCES


def _begun(run: Path) -> float:
    """Time at which the run was begun, in seconds since 1970."""
    try:
        return (run / "manifest.json").stat().st_mtime
    except OSError:
        return 0.0
