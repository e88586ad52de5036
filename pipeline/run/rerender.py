"""Another video of what a finished run has found: its detections become those of a new run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.files import write_whole
from pipeline.job.request import JobRequest
from pipeline.job.resolve import resolve
from pipeline.record.find_run import request_of, stored_weights
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.manifest import Manifest


def rerender(run: Path, output: str, changes: Mapping[str, Mapping[str, Any]]) -> JobRequest:
    """The request that paints the run's detections anew into `output`; its network is not needed. Nothing is written.

    changes : settings of `track`, `render`, `encode` and `run` that are to be other ones. Raises UsageError where the
    run is not finished, or did not store what they need.
    """
    manifest = Manifest.of_run(run)
    old = request_of(run)
    settings = old.settings.with_changes(changes)
    _check_view(manifest, settings.render.view)
    _check_conf(resolve(old.settings).segment.score, resolve(settings).segment.score)
    # What was found was found with the score of then, and is looked for with the same.
    settings = replace(settings, segment=replace(settings.segment, score=resolve(old.settings).segment.score))
    layout = RunLayout.of(Path(output))
    if layout.folder.is_dir() and layout.folder.samefile(run):
        raise UsageError(
            f"{output} is the run's own output.", do="name another one, or use --force in its own command"
        )
    _check_finished(run)
    return replace(old, output=output, settings=settings, stored=stored_weights(manifest), found_by=run)


def _check_conf(stored: float, needed: float) -> None:
    """Raise UsageError if objects are asked for that were too weak to be stored."""
    if needed < stored:
        raise UsageError(
            f"The run stored no detections below a score of {stored:g}.",
            found=f"conf {needed:g}",
            do=f"give --conf {stored:g} or more, or run the network again: seg-video IN OUT --conf {needed:g}",
        )


def _check_view(manifest: Manifest, view: str | None) -> None:
    """Raise UsageError if classes are asked for that were not stored."""
    if view in ("semantic", "panoptic") and manifest.pixel_classes is None:
        raise UsageError(
            "The run stored no class maps.",
            found=f"--view {view}",
            do=f"run the network again: seg-video IN OUT --view {view}",
        )


def _check_finished(run: Path) -> None:
    """Raise UsageError if the run has no detections of the whole video, StoreError if they were changed."""
    ledger = Ledger(run / "ledger.jsonl")
    if ledger.entry("join") is None or not RunLayout.joined_in(run).is_file():
        raise UsageError(
            f"The run at {run} is not finished.",
            found="no detections of the whole video",
            do=f"seg-video resume {run}",
        )
    ledger.check_whole("join", RunLayout.joined_in(run))


def copy_detections(run: Path, layout: RunLayout, ledger: Ledger) -> None:
    """Put a finished run's detections into the folder of the new run, and write down in its ledger what they are."""
    done = Ledger(run / "ledger.jsonl").entry("join")
    if done is None or ledger.done("join", None, done.fingerprint, layout.joined):
        return
    write_whole(layout.joined, RunLayout.joined_in(run).read_bytes())
    also = [layout.folder / name for name, _ in done.also]
    for path in also:
        write_whole(path, (run / path.name).read_bytes())
    ledger.record(
        "join", None, done.fingerprint, layout.joined, 0.0, damage=done.damage, also=also, holds=done.holds
    )
