"""Make the same video plus masks, as `seg-video run` does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline.api.settings import path_text, request_of_keywords
from pipeline.run.report.reporter import SilentReporter
from pipeline.run.run_videos import VideoResult, run_videos
from pipeline.run.stopping import StopSignal


def process(source: str | Path, output: str | Path, **settings: Any) -> VideoResult:
    """Make `output`, with the run's folder beside it, as `seg-video run` does; an interrupted run is continued.

    settings : the long flags of `seg-video run`, with _ for -. Warnings go to stderr. Raises SegVideoError whenever the
    command would fail. `output` can never be `source`, by whatever name.
    """
    request = request_of_keywords(source, path_text(output, "output"), settings)
    with StopSignal().listening() as stop:
        (result,) = run_videos(request, SilentReporter(sys.stderr), stop)
    return result
