"""Fingerprints: everything that a result depends on, hashed to one short text."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass

from pipeline.files import fingerprint_of


def mark(name: str, release: int, *parts: object) -> str:
    """A fingerprint of 32 hex digits. parts : JSON values or dataclasses of them, in order."""
    plain = [asdict(part) if is_dataclass(part) and not isinstance(part, type) else part for part in parts]
    return fingerprint_of([name, release, *plain])


def chunk_mark(mark_of_pass: str, start: int, stop: int) -> str:
    """Fingerprint of a chunk's result; it depends on the span of frames and not on the chunk's number."""
    return f"{mark_of_pass}:{start}-{stop}"
