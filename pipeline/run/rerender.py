"""Another video of what a finished run has found: its detections become those of a new run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.files import write_whole
from pipeline.job.spec import JobSpec
from pipeline.record.find_run import job_of
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Ledger
from pipeline.record.manifest import Manifest


def rerender(run: Path, output: str, changes: Mapping[str, Mapping[str, Any]]) -> JobSpec:
    """The job that paints the run's detections anew into `output`; its network is not needed.

    changes : settings of `render`, `encode` and `run` that are to be other ones. Raises UsageError where the
    run is not finished.
    """
    spec, done = job_of(run), Ledger(run / "ledger.jsonl").entry("join")
    joined = run / "detections.parquet"
    manifest = Manifest.read(run / "manifest.json")
    if done is None or manifest is None or not joined.is_file():
        raise UsageError(
            f"The run at {run} is not finished.",
            found="no detections of the whole video",
            do=f"seg-video resume {run}",
        )
    layout = RunLayout.of(Path(output))
    if layout.folder.absolute() == run.absolute():
        raise UsageError(
            f"{output} is the run's own output.", do="name another one, or use --force in its own command"
        )
    layout.make_folder()
    ledger = Ledger(layout.ledger)
    if not ledger.done("join", None, done.fingerprint, layout.joined):
        write_whole(layout.joined, joined.read_bytes())
        ledger.record("join", None, done.fingerprint, layout.joined, 0.0, damage=done.damage)
    return replace(
        spec,
        output=output,
        weights=manifest.weights["sha256"],
        **{room: replace(getattr(spec, room), **values) for room, values in changes.items()},
    )
