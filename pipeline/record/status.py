"""The status of a run, read from its folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.record.fingerprint import chunk_mark
from pipeline.record.ledger import Entry, Ledger
from pipeline.record.lock import is_held
from pipeline.record.manifest import Manifest
from pipeline.record.remote_run import made_elsewhere
from pipeline.record.run_folder import RunFolder
from pipeline.structures.address import Address, is_address


@dataclass(frozen=True)
class RunStatus:
    """One run.

    state : running, done, failed (some chunks did), stopped, or elsewhere (begun by another machine, and known from
    the storage). frames : of the video. segmented, rendered : number of frames that are done.
    weights : as in the manifest. frames_per_second : see the function of that name.
    failed : chunk and reason of each failure under the present plan. resume : the command that continues the run; None
    if there is none.
    """

    folder: str
    source: str
    output: str
    state: Literal["running", "done", "failed", "stopped", "elsewhere"]
    frames: int
    segmented: int
    rendered: int
    frames_per_second: float | None
    weights: dict[str, Any]
    failed: tuple[tuple[int, str], ...]
    resume: str | None


def run_status(folder: Path) -> RunStatus:
    """The status of the run in that folder.

    Raises RunInTheWayError if its manifest cannot be read, and as storage.objects.look_at does for a run elsewhere.
    """
    manifest = Manifest.of_run(folder)
    run = RunFolder(folder)
    ledger = Ledger(run.ledger)
    prints = manifest.fingerprints
    segmented = _chunks(_done(ledger, manifest, "segment"))
    rendered = _chunks(_done(ledger, manifest, "render"))
    joined = ledger.entry("join")
    has_joined = joined is not None and prints["segment"] in joined.holds
    mux = _has_output(run, ledger, manifest)
    failed = tuple(_failures(ledger, manifest))
    state: Literal["running", "done", "failed", "stopped", "elsewhere"] = "stopped"
    if is_address(manifest.output) and not run.ledger.exists():
        state, there = "elsewhere", made_elsewhere(Address(manifest.output))
        segmented, rendered = (_there(there, manifest, step) for step in ("segment", "render"))
    elif is_held(run.lock):
        state = "running"
    elif mux or failed:
        state = "done" if mux else "failed"
    return RunStatus(
        folder=str(folder),
        source=manifest.source.path,
        output=manifest.output,
        state=state,
        frames=manifest.frames,
        segmented=manifest.frames if mux or has_joined else _frames(segmented, manifest),
        rendered=manifest.frames if mux else _frames(rendered, manifest),
        frames_per_second=frames_per_second(ledger, manifest),
        weights=asdict(manifest.weights),
        failed=failed,
        resume=f"seg-video resume {folder}" if state in ("failed", "stopped", "elsewhere") else None,
    )


def frames_per_second(ledger: Ledger, manifest: Manifest) -> float | None:
    """Frames painted per second since the workers were last ready, up to the output or the last chunk; None before.

    This is the one measure of speed: the summary of a run shows it, and so does `seg-video status`.
    """
    start = ledger.entry("start")
    if start is None:
        return None
    painted = [entry for entry in _done(ledger, manifest, "render") if entry.at > start.at]
    mux = ledger.entry("mux")
    ends = [entry.at for entry in [*painted, *([mux] if mux else [])]]
    seconds = max(ends, default=start.at) - start.at
    return _frames(_chunks(painted), manifest) / seconds if painted and seconds > 0 else None


def _has_output(run: RunFolder, ledger: Ledger, manifest: Manifest) -> bool:
    """True if the output exists with its recorded size; its content is not read for a list of runs.

    For a published output the receipt is looked at, and the storage is not asked.
    """
    is_published = "publish" in manifest.fingerprints
    last = "publish" if is_published else "mux"
    file = run.receipt if is_published else Path(manifest.output)
    entry = ledger.entry(last)
    if entry is None or entry.fingerprint != manifest.fingerprints[last]:
        return False
    try:
        return file.stat().st_size == entry.size
    except OSError:
        return False


def _done(ledger: Ledger, manifest: Manifest, step: str) -> list[Entry]:
    """The entries of chunks that are done with the manifest's settings."""
    return [
        entry
        for entry in ledger.entries()
        if entry.step == step and not entry.failed and _is_of_plan(entry, manifest)
    ]


def _failures(ledger: Ledger, manifest: Manifest) -> Iterator[tuple[int, str]]:
    """Chunk and reason of each failure under the manifest's plan; those of an earlier one do not count."""
    for entry in ledger.failures():
        if entry.chunk is not None and entry.failed is not None and _is_of_plan(entry, manifest):
            yield entry.chunk, entry.failed


def _is_of_plan(entry: Entry, manifest: Manifest) -> bool:
    """True for the entry of a chunk that the plan has, with the fingerprint that it has there."""
    if entry.chunk is None or not 0 <= entry.chunk < len(manifest.chunks):
        return False
    mark_of_pass = manifest.fingerprints.get(entry.step)
    return mark_of_pass is not None and entry.fingerprint == chunk_mark(
        mark_of_pass, *manifest.chunks[entry.chunk]
    )


def _chunks(entries: list[Entry]) -> set[int]:
    return {entry.chunk or 0 for entry in entries}


def _there(products: set[tuple[str, int]], manifest: Manifest, step: str) -> set[int]:
    return {chunk for name, chunk in products if name == step and chunk < len(manifest.chunks)}


def _frames(chunks: set[int], manifest: Manifest) -> int:
    spans = [manifest.chunks[chunk] for chunk in chunks]
    return sum(stop - start for start, stop in spans)
