"""The record of the run that made an output, as far as it can be read and is this account's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.files import digest_of
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.record.find_run import request_of
from pipeline.record.layout import RunLayout, check_private
from pipeline.record.manifest import Manifest


@dataclass(frozen=True)
class RunRecord:
    """The settings of a run as they were used, and the file of its detections."""

    settings: Settings
    detections: Path


def run_record(output: Path, source: Path) -> RunRecord | str:
    """The record beside an output; where there is none to rely on, the reason in a few words.

    Nothing in it is believed: it says which pixels may differ from the source, and how. A record that another
    account could have written says nothing, nor does one of another source. Of the output it may know another hash:
    where that was changed afterwards, the record says what it should have been.
    """
    layout = RunLayout.of(output)
    try:
        check_private(layout.folder)
        for file in (layout.manifest, layout.joined):
            file.lstat()
            check_private(file, is_file=True)
        if Manifest.of_run(layout.folder).source.sha256 != digest_of(source):
            return "the run's record is of another source"
        return RunRecord(resolve(request_of(layout.folder).settings), layout.joined)
    except FileNotFoundError as error:
        return f"there is no {Path(error.filename).name}"
    except PermissionError:
        return "the run's folder is closed to this account"
    except (SegVideoError, OSError, ValueError) as error:
        return "; ".join(line.strip() for line in str(error).splitlines()[:2])
