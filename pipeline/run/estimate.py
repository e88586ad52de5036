"""Estimate the time and disk space of a job before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.job.inputs import pairs
from pipeline.job.request import JobRequest
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.manifest import Manifest
from pipeline.run.flow import passes_of
from pipeline.run.plan_run import plan_run
from pipeline.run.products import Products
from pipeline.run.report.speeds import Speed, Speeds, side_by_side, speed_key
from pipeline.run.run import Run
from pipeline.run.verdict import is_refused_unseen, verdict

#: Seconds per frame on one core, all passes included, until a run has been measured on this machine: dashcam-lite at
#: 720p takes 0.1 on Zen 4, and a third more on a core without bfloat16. GPUs are far faster.
_FRAME_SECONDS = 0.125

_START_SECONDS = 10.0

#: Relative to the size of the source: parts, output and detections are on disk together for a moment.
_DISK_SHARE = 2.5


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of one video.

    frames_per_second : once the network is loaded, as a run reports it. measured : based on a run with the same network
    on this machine; otherwise a guess.
    """

    source: str
    output: str
    frames: int
    chunks: int
    encoder: str
    seconds: float
    disk_mb: float
    frames_per_second: float
    measured: bool


@dataclass(frozen=True)
class LeftAlone:
    """A video that needs no work. state : kept or skipped, see `verdict`."""

    source: str
    output: str
    state: Literal["kept", "skipped"]


def estimate(request: JobRequest, speeds: Speeds, cost: float = 1.0) -> list[Estimate | LeftAlone]:
    """The cost of each video of the job, or that nothing would be done for it.

    speeds : measured on this machine. cost : of the network relative to dashcam-lite, used if nothing was measured.
    Raises whatever the run itself would raise before starting anything.
    """
    found: list[Estimate | LeftAlone] = []
    for pair in pairs(request.inputs, request.output, request.settings.run.work_dir):
        if is_refused_unseen(pair, request.settings.run):
            found.append(LeftAlone(str(pair.source), str(pair.target), "skipped"))
            continue
        layout = RunLayout.of(pair.output)
        layout.check_private()
        old = Manifest.read(layout.manifest)
        known = old.source if old else None
        run = plan_run(pair, request.settings, request.stored, known, fetch=False)
        products = Products(run, passes_of(run), Ledger(layout.ledger))
        state = verdict(products)
        found.append(
            _estimate(run, speeds, cost)
            if state == "made"
            else LeftAlone(run.source.path, str(run.target), state)
        )
    return found


def known_speed(run: Run, speeds: Speeds) -> Speed | None:
    """The speed measured on this machine for a run like this; None if there is none."""
    size = run.info.width, run.info.height
    key = speed_key(run.network.sha256, run.network.runtime, size, run.settings)
    return speeds.get(key)


def _estimate(run: Run, speeds: Speeds, cost: float) -> Estimate:
    frames, chunks = run.film.frame_count, len(run.chunks)
    known = known_speed(run, speeds)
    workers, segment = side_by_side(run.settings.run.workers), run.settings.segment
    looks = segment.looks / (segment.every or 1)
    share = 1 - Speed.finding_share + Speed.finding_share * looks
    speed = known or Speed(_FRAME_SECONDS * cost * share / workers, _START_SECONDS, workers)
    seconds = speed.seconds(frames, chunks)
    return Estimate(
        source=run.source.path,
        output=str(run.target),
        frames=frames,
        chunks=chunks,
        encoder=run.encoder.name,
        seconds=seconds,
        disk_mb=_DISK_SHARE * run.source.size / 1e6 * frames / run.info.frame_count,
        frames_per_second=frames / (seconds - speed.start_seconds),
        measured=known is not None,
    )
