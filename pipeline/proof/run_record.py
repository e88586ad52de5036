"""The record of the run that made an output, as far as it can be read and is this account's own."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.record.find_run import request_of
from pipeline.record.layout import RunLayout
from pipeline.record.manifest import Manifest


@dataclass(frozen=True)
class RunRecord:
    """The settings of a run as they were used, and the file of its detections."""

    settings: Settings
    detections: Path


def run_record(output: Path) -> RunRecord | str:
    """The record beside an output; where there is none to rely on, the reason in a few words.

    Nothing in it is believed: it says which pixels may differ from the source, and how. A record that another
    account could have written says nothing.
    """
    layout = RunLayout.of(output)
    try:
        strangers = [path for path in (layout.folder, layout.manifest, layout.joined) if not _is_own(path)]
        if strangers:
            return f"{strangers[0].name} belongs to another account, or others can write to it"
        if Manifest.read(layout.manifest) is None:
            return "there is no record of the run"
        return RunRecord(resolve(request_of(layout.folder).settings), layout.joined)
    except FileNotFoundError as error:
        return f"there is no {Path(error.filename).name}"
    except PermissionError:
        return "the run's folder is closed to this account"
    except (SegVideoError, OSError, ValueError, TypeError, AttributeError) as error:
        return f"the run's folder cannot be read: {str(error).splitlines()[0]}"


def _is_own(path: Path) -> bool:
    status = path.lstat()
    return (
        not stat.S_ISLNK(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & stat.S_IWOTH
    )
