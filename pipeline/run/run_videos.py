"""A job to its outputs: each video is a run of its own, and a broken one does not stop the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

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
)
from pipeline.job.inputs import Pair, pairs
from pipeline.job.request import JobRequest
from pipeline.record.changes import changed_things, redone_passes, refuse_other_input
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.lock import run_lock
from pipeline.record.manifest import Manifest
from pipeline.record.status import frames_per_second
from pipeline.run.flow import PASSES
from pipeline.run.manifest_of import manifest_of
from pipeline.run.plan_run import plan_run
from pipeline.run.pools import RunPools
from pipeline.run.products import Products
from pipeline.run.report.events import Damaged, Ended, Listener, Redone, SetAside, VideoStarted, Warned
from pipeline.run.report.sentences import damage_words
from pipeline.run.run import Run
from pipeline.run.runner import Runner
from pipeline.run.stopping import StopSignal
from pipeline.run.verdict import Verdict, is_refused_unseen, verdict
from pipeline.structures.frame_damage import NO_DAMAGE

#: One video's own trouble; the next one may do better.
_OWN_TROUBLE = (
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
    """A video's end.

    state : made; kept, as it was there already, just as asked for; skipped, as another one was there; failed.
    facts : frames, seconds it took, seconds of each pass, as JSON values. damage : what of the source could not
    be read as it should be, a sentence each; the output is there all the same.
    """

    source: Path
    output: Path
    state: Literal["made", "kept", "skipped", "failed"]
    error: SegVideoError | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    damage: tuple[str, ...] = ()


def run_videos(
    request: JobRequest, listener: Listener, stop: StopSignal, *, alone: bool = True
) -> list[VideoResult]:
    """Make all outputs of a job; how each went.

    alone : no other job waits. If it has one video too, an error is raised; else a video's own trouble is set
    aside. Raises InterruptedRunError when the user stops it.
    """
    found = pairs(request.inputs, request.output)
    work = [pair for pair in found if not is_refused_unseen(pair, request.settings.run)]
    results = {pair: VideoResult(pair.source, pair.output, "skipped") for pair in found}
    pools = RunPools(request.settings)
    try:
        for number, pair in enumerate(work):
            listener.tell(VideoStarted(str(pair.source), number + 1, len(work)))
            try:
                results[pair] = _run_video(pair, request, pools, listener, stop)
            except _OWN_TROUBLE as error:
                if (alone and len(found) == 1) or isinstance(error, ConfigError):
                    raise
                listener.tell(SetAside(str(pair.source), str(error)))
                results[pair] = VideoResult(pair.source, pair.output, "failed", error)
            if stop.asked and number + 1 < len(work):
                raise InterruptedRunError("Stopped.", do="run the same command again to go on")
    finally:
        pools.close()
    return list(results.values())


def exit_code(results: Sequence[VideoResult]) -> int:
    """0 if every video is there; 4 if some failed or are damaged; if all failed alike, that failure's code."""
    errors = [result.error for result in results if result.error is not None]
    codes = {error.exit_code for error in errors}
    if len(errors) == len(results) and len(codes) == 1:
        return codes.pop()
    damaged = any(result.damage for result in results)
    return ChunksFailedError.exit_code if errors or damaged else 0


def _run_video(
    pair: Pair, request: JobRequest, pools: RunPools, listener: Listener, stop: StopSignal
) -> VideoResult:
    began = time.perf_counter()
    layout = RunLayout.of(pair.output)
    layout.check_private()
    old = Manifest.read(layout.manifest)
    run = plan_run(pair, request.settings, request.stored, old.source if old else None)
    for warning in run.warnings:
        listener.tell(Warned(warning))
    run.layout.make_folder()
    with run_lock(layout.lock):
        products = Products(run, PASSES, Ledger(layout.ledger))
        state = verdict(products)
        facts: dict[str, Any] = {"frames": run.info.frame_count, "chunks": len(run.chunks)}
        if state == "made":
            facts |= _make(products, old, pools, listener, stop)
            facts |= {"seconds": time.perf_counter() - began}
            facts |= {"network": run.network.sha256, "runtime": run.network.runtime}
            facts |= {"width": run.info.width, "height": run.info.height}
        result = _result(run, products, state, facts)
        for sentence in result.damage:
            listener.tell(Damaged(sentence))
        listener.tell(Ended(state, str(run.layout.output), result.facts))
    if not request.settings.run.sidecar and state == "made":
        layout.remove_sidecar()
    return result


def _make(
    products: Products, old: Manifest | None, pools: RunPools, listener: Listener, stop: StopSignal
) -> dict[str, Any]:
    """Make the output; how fast, as facts of the result."""
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
    runner.work()
    speed = frames_per_second(products.ledger, new)
    return {"busy_seconds": dict(runner.seconds), "frames_per_second": speed}


def _result(run: Run, products: Products, state: Verdict, facts: dict[str, Any]) -> VideoResult:
    damage = NO_DAMAGE if state == "skipped" else products.damage()
    sentences = () if state == "skipped" else damage_words(run, damage)
    facts = {**facts, "missing": damage.missing, "flawed": damage.flawed}
    return VideoResult(Path(run.source.path), run.layout.output, state, facts=facts, damage=sentences)
