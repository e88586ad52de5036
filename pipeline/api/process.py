"""Make the same video plus masks, as the command makes it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline.api.settings import request_of_keywords
from pipeline.run.report.reporter import SilentReporter
from pipeline.run.run_videos import VideoResult, run_videos
from pipeline.run.stopping import StopSignal


def process(source: str | Path, output: str | Path, **settings: Any) -> VideoResult:
    """Make `output`, and its run's folder beside it; what became of it. Warnings go to stderr.

    settings : the long flags of `seg-video run` with _ for -. Raises what the command would end with, all of it
    SegVideoError. A run that was broken off goes on.

    `output` may never be `source`, whatever it is called. A later call's source is not known to this one: with
    `force`, an output that is to be the source of another call is replaced all the same.
    """
    request = request_of_keywords(source, output, settings)
    with StopSignal().listening() as stop:
        (result,) = run_videos(request, SilentReporter(sys.stderr), stop)
    return result
