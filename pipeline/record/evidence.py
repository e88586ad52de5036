"""The record of a run for others to check: input, output, settings and weights, with the SHA-256 of each file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.files import digest_of
from pipeline.record.fingerprint import chunk_mark
from pipeline.record.ledger import Entry, Ledger
from pipeline.record.manifest import Manifest
from pipeline.record.run_folder import RunFolder
from pipeline.storage.stored import digest_of_stored
from pipeline.structures.address import FrameFolder, recorded_place


@dataclass(frozen=True)
class Evidence:
    """The record as JSON values; `intact`: no file that is here has changed since the run read or made it."""

    record: dict[str, Any]
    intact: bool


def evidence(folder: Path) -> Evidence:
    """The record of the run in that folder, with its files hashed again.

    Raises RunInTheWayError where its manifest cannot be read.
    """
    manifest = Manifest.of_run(folder)
    run = RunFolder(folder)
    ledger = Ledger(run.ledger)
    made = output_entry(manifest, ledger)
    files = {
        "input": _file(manifest.source.path, manifest.source.sha256),
        "output": _file(manifest.output, made.sha256 if made else None),
    }
    joined = ledger.entry("join")
    if joined is not None:
        files["detections"] = _file(str(run.joined), joined.sha256)
        for name, digest in joined.also:
            files["class maps"] = _file(str(folder / name), digest)
    record = {
        **files,
        "weights": asdict(manifest.weights),
        "settings": manifest.settings,
        "versions": manifest.versions,
        "frames": manifest.frames,
        "seconds": manifest.seconds,
        "made_at": made.at if made else None,
        "notes": sorted({note for entry in ledger.entries() for note in entry.notes}),
        "fingerprints": manifest.fingerprints,
        "chunks": [_chunk(manifest, ledger, index) for index in range(len(manifest.chunks))],
    }
    return Evidence(
        record, made is not None and all(file["unchanged"] is not False for file in files.values())
    )


def output_entry(manifest: Manifest, ledger: Ledger) -> Entry | None:
    """The ledger entry of the output; None if the run has not made it yet."""
    made = ledger.entry("mux")
    return made if made is not None and made.fingerprint == manifest.fingerprints["mux"] else None


def _file(path: str, recorded: str | None) -> dict[str, Any]:
    """The recorded digest of a file and whether it still holds; null if the file is not here."""
    here, found = recorded_place(path), None
    if isinstance(here, FrameFolder):
        found = digest_of_stored(here) if here.folder.is_dir() else None
    elif isinstance(here, Path) and here.is_file():
        found = digest_of(here)
    return {
        "path": path,
        "sha256": recorded,
        "unchanged": None if found is None or recorded is None else found == recorded,
    }


def _chunk(manifest: Manifest, ledger: Ledger, index: int) -> dict[str, Any]:
    """A chunk's span, and the SHA-256 of its detections, its tracks and its part of the output."""
    start, stop = manifest.chunks[index]
    passes = {}
    for step in ("segment", "track", "render"):
        entry = ledger.entry(step, index)
        wanted = chunk_mark(manifest.fingerprints[step], start, stop)
        if entry is not None and entry.failed is None and entry.fingerprint == wanted:
            passes[step] = _hash(entry)
    return {"frames": [start, stop], **passes}


def _hash(entry: Entry) -> dict[str, Any]:
    facts = asdict(entry)
    return {key: facts[key] for key in ("sha256", "size", "notes") if facts[key]}
