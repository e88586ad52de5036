"""Find a run by its folder or its output, and the request that resumes it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.job.request import JobRequest, StoredWeights
from pipeline.job.settings import Settings
from pipeline.record.layout import RunLayout
from pipeline.record.manifest import Manifest
from pipeline.record.remote_run import fetch_plan, fetch_record
from pipeline.record.run_folder import RunFolder
from pipeline.structures.address import Address, address_of, is_address
from pipeline.structures.pixel_classes import PixelClasses

#: How deep below a folder to look for runs.
_DEPTH = 3


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Folders of runs in these folders and a few levels below, the latest first, unreadable ones last."""
    found = {run.resolve() for folder in folders for run in _runs_in(folder, _DEPTH)}
    return sorted(found, key=_begun, reverse=True)


def find_run(name: str | None) -> Path:
    """The folder of a run, named by that folder or by its output; None: the latest run in the current folder.

    For an output in a storage, the run's record is fetched into the current folder, or its plan if it is not finished.
    Raises UsageError if there is no such run, and whatever storage.objects.look_at raises.
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
        if RunFolder(folder).joined.is_file() and folder.name.endswith(RUN_SUFFIX):
            if RunFolder(folder).ledger.exists():  # which batches have none of
                raise UsageError(
                    f"{folder} is the folder of a video's run without its manifest.json.",
                    do="bring that back, or run the same command again with --force",
                )
            raise UsageError(
                f"{folder} is the record of a batch of pictures, not of a video.",
                do="run the same command again to continue it, or read it with seg-video export",
            )
    records = picture_records(path)
    if records:
        raise UsageError(
            f"{name} holds no run of a video, but {len(records)} of pictures.",
            found=", ".join(map(str, records[:3])) + ", ..." * (len(records) > 3),
            do=f"run the same command again to continue it, or read it: seg-video export {records[0]} --format coco "
            "--out FOLDER",
        )
    raise _no_run(name)


def picture_records(folder: Path) -> list[Path]:
    """The folders in a folder that are records of pictures, of a single one or of several."""
    with suppress(OSError, ValueError):  # what may not be looked into, or cannot be a name, holds none
        return [entry for entry in sorted(folder.glob(f"*{RUN_SUFFIX}")) if is_picture_record(entry)]
    return []


def is_picture_record(folder: Path) -> bool:
    """True for a run's folder with detections, and without what the runs of videos have."""
    files = RunFolder(folder)
    is_of_video = files.ledger.exists() or files.manifest.exists()
    return folder.name.endswith(RUN_SUFFIX) and files.joined.is_file() and not is_of_video


def _no_run(name: str) -> UsageError:
    return UsageError(f"There is no run called {name}.", do="list the runs here with `seg-video status`")


def _brought(output: Address) -> Path:
    """The local folder for the run of an output in a storage; nothing is fetched if it exists already."""
    layout = RunLayout.of(Path(output.name), keeps_output=False)
    if not layout.manifest.is_file():
        if not (fetch_record(output, layout) or fetch_plan(output, layout)):
            raise _no_run(output.url)
        _leave_the_how(layout)
    found = Manifest.of_run(layout.folder).output
    if found != output.url:
        raise UsageError(
            f"{layout.folder} belongs to another output.",
            found=found,
            do="change to another folder, or move it away",
        )
    return layout.folder


def _leave_the_how(layout: RunLayout) -> None:
    """Drop from a fetched manifest how the work was done, such as on which cluster: that is not for this machine."""
    manifest = Manifest.of_run(layout.folder)
    how = {"chunk_frames": manifest.settings.get("run", {}).get("chunk_frames")}
    replace(manifest, settings={**manifest.settings, "run": how}).write(layout.manifest)


def request_of(run: Path) -> JobRequest:
    """The request that a run was begun with. Raises RunInTheWayError if its manifest cannot be read."""
    manifest = Manifest.of_run(run)
    settings = Settings.from_json(manifest.settings, str(RunFolder(run).manifest))
    # These have to be given on the command line each time.
    settings = replace(settings, run=replace(settings.run, force=False, skip=False))
    output = manifest.output
    if is_address(output):  # the run is found again where it lies, from whatever folder
        if run.name != Address(output).name + RUN_SUFFIX:
            raise UsageError(f"{run} belongs to a listing.", do="run the listing's job again")
        settings = replace(settings, run=replace(settings.run, work_dir=str(run.absolute().parent)))
    if "{" in output:
        output = output.replace("{", "{{").replace("}", "}}")  # a name, not a template
    stored = stored_weights(manifest) if manifest.weights.stored else None
    return JobRequest((manifest.source.path,), output, settings, stored)


def stored_weights(manifest: Manifest) -> StoredWeights:
    """The weights behind the run's stored detections, for a run that needs no network."""
    weights = manifest.weights
    classes = None if manifest.pixel_classes is None else PixelClasses.of(manifest.pixel_classes)
    return StoredWeights(weights.model, weights.sha256, manifest.class_names, weights.runtime, classes)


def _runs_in(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return  # an unreadable folder does not keep the others from being found
    for entry in entries:
        if entry.is_symlink() or not os.path.isdir(entry):  # noqa: PTH112 - Path.is_dir fails where it may not look
            continue
        if entry.name.endswith(RUN_SUFFIX):
            if _has_manifest(entry, hidden=True):
                yield entry
        elif depth > 1 and not entry.name.startswith("."):
            yield from _runs_in(entry, depth - 1)


def _has_manifest(folder: Path, *, hidden: bool) -> bool:
    """True for a folder with the record of a run. hidden : the answer if the folder may not be entered."""
    try:
        return RunFolder(folder).manifest.is_file()
    except OSError as error:
        return hidden and error.errno == errno.EACCES


def _begun(run: Path) -> float:
    """Time at which the run was begun, in seconds since 1970."""
    try:
        return RunFolder(run).manifest.stat().st_mtime
    except OSError:
        return 0.0
