"""The runs that names of a command line mean: a run's folder, its output, or a folder with runs below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.job.output_template import RUN_SUFFIX
from pipeline.record.find_run import find_run, find_runs
from pipeline.record.status import RunStatus, run_status


@dataclass(frozen=True)
class NamedRun:
    """A run that was found. folder : its own. in_folder : the name was that of a folder above."""

    folder: Path
    in_folder: bool


def runs_called(names: Sequence[str]) -> list[NamedRun]:
    """The runs of each name, the latest first within a folder, none twice. Raises UsageError where a name has none."""
    found: dict[Path, NamedRun] = {}
    for name in names:
        for run in _runs(name):
            found.setdefault(run.folder.resolve(), run)
    return list(found.values())


def _runs(name: str) -> list[NamedRun]:
    try:
        return [NamedRun(find_run(name), in_folder=False)]
    except UsageError:
        if not Path(name).is_dir() or Path(name).name.endswith(RUN_SUFFIX):
            raise
    below = [NamedRun(run, in_folder=True) for run in find_runs([Path(name)])]
    if not below:
        raise UsageError(f"There is no run in {name}.", do="make one: seg-video in.mp4 out.mp4")
    return below


def status_of(folder: Path) -> RunStatus:
    """The status of a run. Raises UsageError where its files cannot be read, RunInTheWayError if they are no run's."""
    try:
        return run_status(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read.", found=error.strerror, do="look at who may read it"
        ) from error
