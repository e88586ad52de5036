"""Paint another video from the detections of a finished run."""

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
from pipeline.record.ledger import Ledger, Made
from pipeline.record.manifest import Manifest
from pipeline.record.run_folder import RunFolder


def rerender(run: Path, output: str, changes: Mapping[str, Mapping[str, Any]]) -> JobRequest:
    """The request for a new run that paints the run's detections into `output` without its network; nothing is written.

    changes : other settings of `track`, `render`, `encode` and `run`. Raises UsageError if the run is not finished, or
    did not store what they need, InputError if its source is gone or another by now.
    """
    manifest = Manifest.of_run(run)
    old = request_of(run)
    settings = old.settings.with_changes(changes)
    _check_view(manifest, settings.render.view)
    _check_conf(resolve(old.settings).segment.score, resolve(settings).segment.score)
    # The detections were stored with that score, which is part of their fingerprint.
    settings = replace(settings, segment=replace(settings.segment, score=resolve(old.settings).segment.score))
    layout = RunLayout.of(Path(output))
    if layout.folder.is_dir() and layout.folder.samefile(run):
        raise UsageError(
            f"{output} is the run's own output.",
            do="name another one, or repeat its own command with --force",
        )
    _check_finished(run)
    manifest.source.check_found_again()  # of another video the new run would find everything anew
    return replace(old, output=output, settings=settings, stored=stored_weights(manifest), found_by=run)


def _check_conf(stored: float, needed: float) -> None:
    """Raise UsageError if objects are requested that were too weak to be stored."""
    if needed < stored:
        raise UsageError(
            f"The run stored no detections below a score of {stored:g}.",
            found=f"conf {needed:g}",
            do=f"use --conf {stored:g} or more, or run the network again: seg-video IN OUT --conf {needed:g}",
        )


def _check_view(manifest: Manifest, view: str | None) -> None:
    """Raise UsageError if class maps are requested that were not stored."""
    if view in ("semantic", "panoptic") and manifest.pixel_classes is None:
        raise UsageError(
            "The run stored no class maps.",
            found=f"--view {view}",
            do=f"run the network again: seg-video IN OUT --view {view}",
        )


def _check_finished(run: Path) -> None:
    """Raise UsageError if the run has no detections of the whole video, StoreError if they were changed."""
    finished = RunFolder(run)
    ledger = Ledger(finished.ledger)
    if ledger.entry("join") is None or not finished.joined.is_file():
        raise UsageError(
            f"The run at {run} is not finished.",
            found="no detections of the whole video",
            do=f"finish it with: seg-video resume {run}",
        )
    ledger.check_whole("join", finished.joined)


def copy_detections(run: Path, layout: RunLayout, ledger: Ledger) -> None:
    """Copy a finished run's detections into the folder of the new run, and record them in its ledger."""
    finished = RunFolder(run)
    done = Ledger(finished.ledger).entry("join")
    if done is None or ledger.done("join", None, done.fingerprint, layout.joined):
        return
    write_whole(layout.joined, finished.joined.read_bytes())
    also = [layout.folder / name for name, _ in done.also]
    for path in also:
        write_whole(path, (run / path.name).read_bytes())
    made = Made(layout.joined, damage=done.damage, also=tuple(also), holds=done.holds)
    ledger.record("join", None, done.fingerprint, made)
