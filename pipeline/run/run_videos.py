"""Run a job: each video is a run of its own, and one that fails does not stop the others."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import (
    ChunksFailedError,
    ConfigError,
    InputError,
    InterruptedRunError,
    MediaError,
    RunInTheWayError,
    SegVideoError,
    StoreError,
    UsageError,
    WriteError,
    joint_exit_code,
)
from pipeline.job.inputs import Pair, pairs
from pipeline.job.request import JobRequest
from pipeline.record.changes import changed_things, redone_passes, refuse_other_input
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.lock import run_lock
from pipeline.record.manifest import Manifest
from pipeline.record.remote_run import RemoteRun, keep_record
from pipeline.record.spent import NOTHING, Spent
from pipeline.record.status import frames_per_second
from pipeline.run.flow import passes_of
from pipeline.run.manifest_of import manifest_of
from pipeline.run.plan_run import plan_run
from pipeline.run.pools import RunPools
from pipeline.run.products import Products
from pipeline.run.report.events import (
    Damaged,
    Ended,
    Listener,
    Redone,
    SetAside,
    Skipped,
    VideoFacts,
    VideoStarted,
    Warned,
)
from pipeline.run.report.metrics import with_metrics
from pipeline.run.report.sentences import damage_words
from pipeline.run.rerender import copy_detections
from pipeline.run.run import Run
from pipeline.run.runner import Runner
from pipeline.run.stopping import StopSignal
from pipeline.run.verdict import Verdict, is_refused_unseen, verdict
from pipeline.run.work.meter import METER
from pipeline.structures.address import Place, recorded_place
from pipeline.structures.frame_damage import FrameDamage

#: Errors that concern one video; the next may succeed.
OWN_TROUBLE = (
    InputError,
    MediaError,
    StoreError,
    WriteError,
    ChunksFailedError,
    RunInTheWayError,
    UsageError,
)


@dataclass(frozen=True)
class VideoResult:
    """The outcome of one video.

    state : made; kept: the output existed as requested; skipped: another output was there; failed.
    facts : None if it failed or was skipped. damage : of the source, a sentence each; the output is made all the same.
    """

    source: Place
    output: Place
    state: Literal["made", "kept", "skipped", "failed"]
    error: SegVideoError | None = None
    facts: VideoFacts | None = None
    damage: tuple[str, ...] = ()


def run_videos(
    request: JobRequest, listener: Listener, stop: StopSignal, *, alone: bool = True
) -> list[VideoResult]:
    """Make all outputs of a job; the outcome of each.

    alone : the command has no other job. If this job then has a single video, its error is raised; otherwise errors
    that concern one video are recorded in its result. Raises InterruptedRunError when the user stops it.
    """
    METER.restart()
    listener = with_metrics(listener, request.settings.run)
    found = pairs(request.inputs, request.output, request.settings.run.work_dir)
    results = {pair: VideoResult(pair.source, pair.target, "skipped") for pair in found}
    unseen = [pair for pair in found if is_refused_unseen(pair, request.settings.run)]
    for pair in unseen:
        listener.tell(Skipped(str(pair.target)))
    work = [pair for pair in found if pair not in unseen]
    pools = RunPools(request.settings)
    try:
        for number, pair in enumerate(work):
            listener.tell(VideoStarted(str(pair.source), number + 1, len(work)))
            try:
                results[pair] = run_video(pair, request, pools, listener, stop)
            except OWN_TROUBLE as error:
                if (alone and len(found) == 1) or isinstance(error, ConfigError):
                    raise
                listener.tell(SetAside(str(pair.source), str(error)))
                results[pair] = VideoResult(pair.source, pair.target, "failed", error)
            if stop.asked and number + 1 < len(work):
                raise InterruptedRunError("Stopped.", do="run the same command again to go on")
    finally:
        pools.close()
    return list(results.values())


def exit_code(results: Sequence[VideoResult]) -> int:
    """0 if every video is made; 4 if some failed or are damaged; the code of the failure if all failed alike."""
    damaged = any(result.damage for result in results)
    return joint_exit_code([result.error for result in results], damaged=damaged)


def run_video(
    pair: Pair, request: JobRequest, pools: RunPools, listener: Listener, stop: StopSignal
) -> VideoResult:
    """Make one output, unless it exists. Raises what goes wrong, and InterruptedRunError when the user stops it."""
    began = time.perf_counter()
    layout = RunLayout.of(pair.output)
    layout.check_private()
    old = Manifest.read(layout.manifest)
    run = plan_run(pair, request.settings, request.stored, old.source if old else None)
    for warning in run.warnings:
        listener.tell(Warned(warning))
    run.layout.make_folder()
    with run_lock(layout.lock):
        products = Products(run, passes_of(run), Ledger(layout.ledger))
        state = verdict(products)
        if state == "skipped":
            listener.tell(Skipped(str(run.target)))
            return VideoResult(recorded_place(run.source.path), run.target, state)
        if state == "made":
            layout.receipt.unlink(missing_ok=True)  # of an object that no longer exists
        if state == "made" and request.found_by is not None:
            copy_detections(request.found_by, layout, products.ledger)
        effort = _make(products, old, pools, listener, stop) if state == "made" else _NOTHING_MADE
        if not run.settings.run.keep_work:
            run.layout.remove_work()  # also after a run that failed once the output had its name
        if products.remote is not None:
            _end_remote(products.remote, run, state, listener)
        damage = products.damage()
        facts = _facts(run, damage, effort, time.perf_counter() - began)
        sentences = damage_words(run, damage)
        for sentence in sentences:
            listener.tell(Damaged(sentence))
        if run.destination is not None:
            run.layout.output.unlink(missing_ok=True)  # it is in the storage
        if not request.settings.run.sidecar and (state == "made" or _was_to_leave_none(old)):
            layout.remove_sidecar()
        listener.tell(Ended(state, str(run.target), facts))
    return VideoResult(recorded_place(run.source.path), run.target, state, facts=facts, damage=sentences)


def _was_to_leave_none(old: Manifest | None) -> bool:
    """True for the record of a run without sidecar, which was killed before it had removed it."""
    return old is not None and old.settings.get("run", {}).get("sidecar") is False


@dataclass(frozen=True)
class _Effort:
    """The effort of a run. busy_seconds : by pass, summed over all workers. spent : by all processes.

    spent_before : by earlier jobs, on products that were reused.
    """

    frames_per_second: float | None
    busy_seconds: Mapping[str, float]
    spent: Spent
    spent_before: Spent = NOTHING


_NOTHING_MADE = _Effort(None, {}, NOTHING)


def _make(
    products: Products, old: Manifest | None, pools: RunPools, listener: Listener, stop: StopSignal
) -> _Effort:
    """Make the output."""
    run = products.run
    pools.begin()
    new = manifest_of(run, products.marks)
    if old is not None:
        if not run.settings.run.force:
            refuse_other_input(old, new)
        if redone := redone_passes(old, new):
            listener.tell(Redone(tuple(redone), tuple(changed_things(old, new))))
    new.write(run.layout.manifest)
    runner = Runner(products, pools, listener, stop)
    with products.remote or nullcontext() as remote:
        if remote is not None:
            remote.keep_plan(run.layout.manifest)
        runner.work()
    speed = frames_per_second(products.ledger, new)
    return _Effort(speed, dict(runner.seconds), runner.spent, products.spent_before())


def _end_remote(remote: RemoteRun, run: Run, state: Verdict, listener: Listener) -> None:
    """Store the record of a finished run and remove its work files; a failure is only a warning, the output exists."""
    assert run.destination is not None
    trouble = remote.trouble
    try:
        if state == "made" and run.settings.run.sidecar:
            keep_record(run.destination, run.layout)
        if not run.settings.run.keep_work:
            remote.remove_work()
    except SegVideoError as error:
        trouble = error
    if trouble is not None:
        listener.tell(Warned(f"the record of the run beside {run.destination} is incomplete: {trouble}"))


def _facts(run: Run, damage: FrameDamage, effort: _Effort, seconds: float) -> VideoFacts:
    return VideoFacts(
        frames=run.film.frame_count,
        chunks=len(run.chunks),
        width=run.info.width,
        height=run.info.height,
        network=run.network.sha256,
        runtime=run.network.runtime,
        missing=damage.missing,
        flawed=damage.flawed,
        seconds=None if effort is _NOTHING_MADE else seconds,
        busy_seconds=effort.busy_seconds,
        frames_per_second=effort.frames_per_second,
        video_seconds=float(run.film.duration_seconds),
        spent=effort.spent,
        spent_before=effort.spent_before,
    )
