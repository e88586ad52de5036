"""A job -> its outputs: each video is a run of its own, and a broken one does not stop the others."""

from __future__ import annotations

import time
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
)
from pipeline.job.inputs import Pair, pairs
from pipeline.job.spec import JobSpec
from pipeline.record.changes import changed_things, redone_passes, refuse_other_input
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.lock import run_lock
from pipeline.record.manifest import Manifest
from pipeline.run import flow
from pipeline.run.damage_words import damage_words
from pipeline.run.events import Listener
from pipeline.run.flow import Run
from pipeline.run.pools import Staff
from pipeline.run.runner import Runner
from pipeline.run.stopping import StopSignal
from pipeline.structures.frame_damage import NO_DAMAGE

#: What is one video's own trouble; the next one may do better.
_OWN_TROUBLE = (InputError, MediaError, StoreError, ChunksFailedError, RunInTheWayError, UsageError)


@dataclass(frozen=True)
class VideoResult:
    """What became of a video.

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


def run_job(spec: JobSpec, listener: Listener, stop: StopSignal, *, alone: bool = True) -> list[VideoResult]:
    """Make all outputs of a job; how each went.

    alone : no other job waits. If it has one video too, an error is raised; else a video's own trouble is set
    aside. Raises InterruptedRunError when the user stops it.
    """
    found = pairs(spec.inputs, spec.output)
    work = [pair for pair in found if not _refused(pair, spec)]
    results = {pair: VideoResult(pair.source, pair.output, "skipped") for pair in found}
    staff = Staff(spec)
    try:
        for number, pair in enumerate(work):
            listener.tell("video", source=str(pair.source), number=number + 1, count=len(work))
            try:
                results[pair] = _run_video(pair, spec, staff, listener, stop)
            except _OWN_TROUBLE as error:
                if (alone and len(found) == 1) or isinstance(error, ConfigError):
                    raise
                listener.tell("set_aside", source=str(pair.source), reason=str(error))
                results[pair] = VideoResult(pair.source, pair.output, "failed", error)
            if stop.asked and number + 1 < len(work):
                raise InterruptedRunError("Stopped.", do="run the same command again to go on")
    finally:
        staff.close()
    return list(results.values())


def exit_code(results: list[VideoResult]) -> int:
    """0 if every video is there; 4 if some failed or are damaged; if all failed alike, that failure's code."""
    errors = [result.error for result in results if result.error is not None]
    codes = {error.exit_code for error in errors}
    if len(errors) == len(results) and len(codes) == 1:
        return codes.pop()
    damaged = any(result.damage for result in results)
    return ChunksFailedError.exit_code if errors or damaged else 0


def _refused(pair: Pair, spec: JobSpec) -> bool:
    """Whether the pair is skipped for an output that no run here has made.

    Raises UsageError where it is neither to be skipped nor replaced.
    """
    known = RunLayout.of(pair.output).folder.exists()
    if not pair.output.exists() or known or spec.run.force:
        return False
    if spec.run.skip:
        return True
    raise _in_the_way(pair.output)


def _in_the_way(output: Path) -> UsageError:
    return UsageError(
        f"{output} exists already.", do="add --force to replace it, --no-clobber to skip it, or name another"
    )


def _run_video(pair: Pair, spec: JobSpec, staff: Staff, listener: Listener, stop: StopSignal) -> VideoResult:
    began = time.perf_counter()
    layout = RunLayout.of(pair.output)
    old = Manifest.read(layout.manifest)
    run = flow.prepare(pair, spec, old.source if old else None)
    for warning in run.warnings:
        listener.tell("warning", text=warning)
    _make_folder(run)
    with run_lock(layout.lock):
        ledger = Ledger(layout.ledger)
        runner = Runner(run, staff, ledger, listener, stop)
        state = _verdict(run, runner, ledger)
        facts: dict[str, Any] = {"frames": run.info.frame_count, "chunks": len(run.chunks)}
        if state == "made":
            staff.begin()
            _reconcile(old, run, listener)
            run.manifest().write(layout.manifest)
            runner.work()
            facts |= {"seconds": time.perf_counter() - began, "busy_seconds": runner.seconds}
        damage = runner.progress.all_damage if state != "skipped" else NO_DAMAGE
        sentences = damage_words(run, damage) if state != "skipped" else ()
        facts |= {"missing": damage.missing, "flawed": damage.flawed}
        for sentence in sentences:
            listener.tell("damage", text=sentence)
        listener.tell(state, output=str(run.layout.output), **facts)
    if not spec.run.sidecar and state == "made":
        _remove_sidecar(layout)
    return VideoResult(pair.source, pair.output, state, facts=facts, damage=sentences)


def _verdict(run: Run, runner: Runner, ledger: Ledger) -> Literal["made", "kept", "skipped"]:
    """What is to become of the video, given what is there. Raises UsageError where the output is in the way."""
    output = run.layout.output
    if runner.progress.output() is not None:
        return "kept"
    begun, made = ledger.entry("mux begun"), ledger.entry("mux")
    own = begun is not None and (made is None or made.at < begun.at)
    if not output.exists() or own or run.spec.run.force:
        return "made"
    if run.spec.run.skip:
        return "skipped"
    raise _in_the_way(output)


def _reconcile(old: Manifest | None, run: Run, listener: Listener) -> None:
    """Say what an earlier run's results are no longer good for. Raises RunInTheWayError."""
    if old is None:
        return
    new = run.manifest()
    if not run.spec.run.force:
        refuse_other_input(old, new)
    if redone := redone_passes(old, new):
        listener.tell("redo", passes=redone, changed=changed_things(old, new))


def _make_folder(run: Run) -> None:
    try:
        run.layout.make_folder()
    except OSError as error:
        raise MediaError(
            f"Cannot write into {run.layout.output.parent}.",
            found=error.strerror or str(error),
            do="name an output in a folder that you can write to",
        ) from error


def _remove_sidecar(layout: RunLayout) -> None:
    for path in (layout.manifest, layout.ledger, layout.joined, layout.lock):
        path.unlink(missing_ok=True)
    if not any(layout.folder.iterdir()):
        layout.folder.rmdir()
