"""Products: the files that the passes of a run have made already, and where each lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from pipeline.record.fingerprint import chunk_mark
from pipeline.record.ledger import Entry, Ledger
from pipeline.run.passes import Key, Made, Pass, fingerprints
from pipeline.run.run import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage


class Products:
    """Answers where the product of a pass and a chunk lies, by the run's ledger."""

    def __init__(self, run: Run, passes: Sequence[Pass], ledger: Ledger) -> None:
        self.run, self.passes, self.ledger = run, {step.name: step for step in passes}, ledger
        self.marks: Mapping[str, str] = fingerprints(run, passes)

    def path(self, key: Key) -> Path | None:
        """The file that holds the product: its own, or that of a pass over the whole film that keeps it too."""
        name, index = key
        step = self.passes[name]
        own = step.makes(self.run.layout, index)
        if self.ledger.done(name, index, self._mark(key), own):
            return own
        if step.kept_in is None or index is None:
            return None
        holder = self._holder(step)
        return None if holder is None else self.passes[step.kept_in].makes(self.run.layout, None)

    def missing(self) -> list[Key]:
        """The products that have to be made for the last pass's, in the order of passes and chunks."""
        last = list(self.passes.values())[-1]
        found: set[Key] = set()
        waiting: list[Key] = [(last.name, None)]
        while waiting:
            key = waiting.pop()
            if key not in found and self.path(key) is None:
                found.add(key)
                waiting += self.passes[key[0]].needs(self.run, key[1])
        order = {name: place for place, name in enumerate(self.passes)}
        return sorted(found, key=lambda key: (order[key[0]], -1 if key[1] is None else key[1]))

    def record(self, key: Key, made: Made) -> Entry:
        """Write down what was made."""
        name, index = key
        return self.ledger.record(
            name,
            index,
            self._mark(key),
            made.path,
            made.seconds.get(name, 0.0),
            sha256=made.sha256,
            notes=made.notes,
            damage=made.damage,
            also=made.also,
            holds=made.holds,
        )

    def record_failure(self, name: str, index: int, reason: str) -> None:
        """Write down what could not be made."""
        self.ledger.record_failure(name, index, self._mark((name, index)), reason)

    def output(self) -> Entry | None:
        """The entry of the output, if it is there and just what this run would make."""
        last = list(self.passes.values())[-1]
        return self.ledger.done(last.name, None, self.marks[last.name], last.makes(self.run.layout, None))

    def begun_output(self) -> str | None:
        """SHA-256 of an output that a killed process of this run was about to name, and could not write down."""
        last = list(self.passes)[-1]
        begun, made = self.ledger.entry(f"{last} begun"), self.ledger.entry(last)
        unfinished = begun is not None and (made is None or made.at < begun.at)
        return begun.sha256 if begun is not None and unfinished else None

    def damage(self, chunk: Chunk | None = None) -> FrameDamage:
        """Frames of a chunk, or of all, that do not decode as they should, as far as they were looked at."""
        if chunk is None:
            return reduce(or_, (self.damage(each) for each in self.run.chunks), NO_DAMAGE)
        first = next(iter(self.passes.values()))
        entry = self.ledger.entry(first.name, chunk.index)
        wanted = self._mark((first.name, chunk.index))
        if entry is not None and entry.failed is None and entry.fingerprint == wanted:
            return entry.damage
        holder = self._holder(first)
        return NO_DAMAGE if holder is None else holder.damage.within(chunk.start, chunk.stop)

    def _mark(self, key: Key) -> str:
        name, index = key
        return self.marks[name] if index is None else chunk_mark(self.marks[name], self.run.chunks[index])

    def _holder(self, step: Pass) -> Entry | None:
        """The entry of the whole film's file that this pass's products can be read from."""
        if step.kept_in is None:
            return None
        entry = self.ledger.entry(step.kept_in)
        if entry is None or self.marks[step.name] not in entry.holds:
            return None
        path = self.passes[step.kept_in].makes(self.run.layout, None)
        return self.ledger.done(step.kept_in, None, entry.fingerprint, path)
