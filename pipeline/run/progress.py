"""What of a run is done, by chunk and pass, read off its ledger."""

from __future__ import annotations

from functools import reduce
from operator import or_
from pathlib import Path

from pipeline.record.ledger import Entry, Ledger
from pipeline.run.flow import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage


class Progress:
    """Answers what is there already, for a run and its ledger."""

    def __init__(self, run: Run, ledger: Ledger) -> None:
        self._run, self.ledger = run, ledger
        self._joined = ledger.entry("join")
        self._joined_fits = self._joined is not None and (
            ledger.done("join", None, self._joined.fingerprint, run.layout.joined) is not None
        )

    def detections(self, chunk: Chunk) -> Path | None:
        """A file that holds what was found in the chunk: its own, or an earlier run's of all chunks."""
        path = self._run.layout.detections(chunk.index)
        mark = self._run.prints.of_chunk("segment", chunk)
        if self.ledger.done("segment", chunk.index, mark, path):
            return path
        return self._run.layout.joined if self._is_joined("segment") else None

    def tracks(self, chunk: Chunk) -> Path | None:
        """A file that holds the chunk's tracks."""
        path = self._run.layout.tracks(chunk.index)
        state = self._run.layout.tracker_state(chunk.index)
        mark = self._run.prints.of_chunk("track", chunk)
        if self.ledger.done("track", chunk.index, mark, path) and state.exists():
            return path
        return self._run.layout.joined if self._is_joined("track") else None

    def part(self, chunk: Chunk) -> Path | None:
        """The chunk's painted video."""
        path = self._run.layout.part(chunk.index)
        return path if self.ledger.done("render", chunk.index, self.part_mark(chunk), path) else None

    def part_mark(self, chunk: Chunk) -> str:
        """Fingerprint of a part."""
        return self._run.prints.of_chunk("render", chunk)

    def damage(self, chunk: Chunk) -> FrameDamage:
        """Frames of a chunk, which was segmented, that do not decode as they should."""
        mark = self._run.prints.of_chunk("segment", chunk)
        entry = self.ledger.entry("segment", chunk.index)
        if entry is not None and entry.failed is None and entry.fingerprint == mark:
            return entry.damage
        if self._joined is not None and self._is_joined("segment"):
            return self._joined.damage.within(chunk.start, chunk.stop)
        return NO_DAMAGE

    @property
    def all_damage(self) -> FrameDamage:
        """The same of the whole video."""
        return reduce(or_, (self.damage(chunk) for chunk in self._run.chunks))

    @property
    def is_joined(self) -> bool:
        """Whether one file holds all tracks."""
        return self._is_joined("track")

    def record_joined(self, path: Path, seconds: float) -> None:
        """Write down that it does."""
        prints = self._run.prints
        self._joined = self.ledger.record(
            "join", None, f"{prints.segment}/{prints.track}", path, seconds, damage=self.all_damage
        )
        self._joined_fits = True

    def output(self) -> Entry | None:
        """The entry of the output, if it is there and just what this run would make."""
        return self.ledger.done("mux", None, self._run.prints.mux, self._run.layout.output)

    def _is_joined(self, step: str) -> bool:
        if self._joined is None or not self._joined_fits:
            return False
        segment, track = self._joined.fingerprint.split("/")
        prints = self._run.prints
        return segment == prints.segment and (step == "segment" or track == prints.track)
