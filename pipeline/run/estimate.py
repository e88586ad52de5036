"""Chunks, time and disk of a job, told before anything is started."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.job.inputs import pairs
from pipeline.job.request import JobRequest
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.manifest import Manifest
from pipeline.run.flow import PASSES
from pipeline.run.plan_run import plan_run
from pipeline.run.products import Products
from pipeline.run.run import Run
from pipeline.run.verdict import is_refused_unseen, verdict

#: Frames a second of one core, the network and all: dashcam-lite at 720p makes 10 on Zen 4, and is a third slower on
#: a core without bfloat16. Other networks are slower, GPUs faster by far.
_FRAMES_PER_CORE_SECOND = 8.0

_START_SECONDS = 10.0

#: Of the source's own size: parts, the output and detections lie on the disk together for a moment.
_DISK_SHARE = 2.5


@dataclass(frozen=True)
class Estimate:
    """The cost of one video; minutes and disk are rough."""

    source: str
    output: str
    frames: int
    chunks: int
    encoder: str
    minutes: float
    disk_mb: float


def estimate(request: JobRequest) -> list[Estimate]:
    """An estimate for each video of the job that would be made.

    Raises whatever the run itself would raise before it starts anything.
    """
    found = []
    for pair in pairs(request.inputs, request.output):
        if is_refused_unseen(pair, request.settings.run):
            continue
        layout = RunLayout.of(pair.output)
        layout.check_private()
        old = Manifest.read(layout.manifest)
        run = plan_run(pair, request.settings, request.stored, old.source if old else None)
        products = Products(run, PASSES, Ledger(layout.ledger))
        if verdict(products) == "made":
            found.append(_estimate(run))
    return found


def _estimate(run: Run) -> Estimate:
    frames = run.info.frame_count
    rate = _FRAMES_PER_CORE_SECOND * min(os.cpu_count() or 1, max(len(run.chunks), 1))
    return Estimate(
        source=run.source.path,
        output=str(run.layout.output),
        frames=frames,
        chunks=len(run.chunks),
        encoder=run.encoder.name,
        minutes=(_START_SECONDS + frames / rate) / 60,
        disk_mb=_DISK_SHARE * run.source.size / 1e6,
    )
