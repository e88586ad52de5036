"""The runs that a command line names: by their folders, by their outputs, or by a folder above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.record.find_run import find_run, find_runs, picture_records
from pipeline.record.status import RunStatus, run_status


@dataclass(frozen=True)
class NamedRun:
    """A run. folder : its own. in_folder : it was found below the folder that was named."""

    folder: Path
    in_folder: bool


def runs_called(names: Sequence[str]) -> list[NamedRun]:
    """The runs of these names, each once, the latest of a folder first. Raises UsageError for a name without any."""
    found: dict[Path, NamedRun] = {}
    for name in names:
        for run in _runs(name):
            found.setdefault(run.folder.resolve(), run)
    return list(found.values())


def _runs(name: str) -> list[NamedRun]:
    try:
        return [NamedRun(find_run(name), in_folder=False)]
    except UsageError as error:
        if not Path(name).is_dir() or Path(name).name.endswith(RUN_SUFFIX):
            raise
        below = [NamedRun(run, in_folder=True) for run in find_runs([Path(name)])]
        if below:
            return below
        if picture_records(Path(name)):  # which the error tells of
            raise
        do = "start one: seg-video in.mp4 out.mp4"
        raise UsageError(f"There is no run in {name}.", do=do) from error


def status_of(folder: Path) -> RunStatus:
    """The status of a run. Raises UsageError if its files may not be read, RunInTheWayError if they are damaged."""
    try:
        return run_status(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read.", found=error.strerror, do="check its permissions"
        ) from error
