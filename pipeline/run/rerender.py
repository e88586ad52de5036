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
from pipeline.record.lock import run_lock
from pipeline.record.manifest import Manifest


def rerender(run: Path, output: str, changes: Mapping[str, Mapping[str, Any]]) -> JobRequest:
    """The request that paints the run's detections anew into `output`; its network is not needed.

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
    if layout.folder.absolute() == run.absolute():
        raise UsageError(
            f"{output} is the run's own output.", do="name another one, or use --force in its own command"
        )
    _copy_detections(run, layout)
    stored = stored_weights(manifest)
    return replace(old, output=output, settings=settings, stored=stored)


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


def _copy_detections(run: Path, layout: RunLayout) -> None:
    """Put the run's detections into the folder of the new run, and write down what they are."""
    joined = RunLayout.joined_in(run)
    done = Ledger(run / "ledger.jsonl").entry("join")
    if done is None or not joined.is_file():
        raise UsageError(
            f"The run at {run} is not finished.",
            found="no detections of the whole video",
            do=f"seg-video resume {run}",
        )
    layout.check_private()
    layout.make_folder()
    with run_lock(layout.lock):
        ledger = Ledger(layout.ledger)
        if not ledger.done("join", None, done.fingerprint, layout.joined):
            write_whole(layout.joined, joined.read_bytes())
            also = [layout.folder / name for name, _ in done.also]
            for path in also:
                write_whole(path, (run / path.name).read_bytes())
            ledger.record(
                "join",
                None,
                done.fingerprint,
                layout.joined,
                0.0,
                damage=done.damage,
                also=also,
                holds=done.holds,
            )
