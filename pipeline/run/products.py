"""Products: the files that the passes of a run have made already, and where each lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path

from pipeline.record.fingerprint import chunk_mark, mark
from pipeline.record.ledger import Entry, Ledger
from pipeline.record.remote_run import RemoteRun
from pipeline.record.spent import NOTHING, Spent
from pipeline.run.passes import InPool, Key, Made, Pass, fingerprints
from pipeline.run.run import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage


class Products:
    """Answers where the product of a pass and a chunk lies, by the run's ledger.

    remote : where products of workers lie for other machines too; of a run whose output goes to a storage.
    """

    def __init__(self, run: Run, passes: Sequence[Pass], ledger: Ledger) -> None:
        self.run, self.passes, self.ledger = run, {step.name: step for step in passes}, ledger
        self.remote = None if run.destination is None else RemoteRun(run.destination)
        self.marks: Mapping[str, str] = fingerprints(run, passes)
        self._made_here: set[Key] = set()

    def path(self, key: Key) -> Path | None:
        """The file that holds the product: its own, or that of a pass over the whole film that keeps it too."""
        name, index = key
        step = self.passes[name]
        own = self._own(key)
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

    def fetch(self, key: Key) -> Entry | None:
        """Bring the product here, where another machine has made the very same of the same; its entry."""
        name = self._remote_name(key)
        if name is None or self.remote is None:
            return None
        entry = self.remote.fetch(name, self._mark(key), self._own(key))
        return None if entry is None else self.ledger.adopt(replace(entry, chunk=key[1]))

    def keep_for_others(self, keys: Iterable[Key]) -> None:
        """Let other machines have these products, as far as their files are here."""
        if self.remote is None:
            return
        for key in keys:
            name = self._remote_name(key)
            entry = name and self.ledger.done(*key, self._mark(key), self._own(key))
            if name and entry:
                self.remote.keep(name, entry, self._own(key))

    def record(self, key: Key, made: Made, spent: Spent) -> None:
        """Write down what was made, and what that cost."""
        name, index = key
        self.ledger.record(
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
            spent=spent,
        )
        self._made_here.add(key)
        self.keep_for_others([key])

    def spent_before(self) -> Spent:
        """The cost of what is used here and other jobs have made, also on other machines."""
        kept = (entry for entry in self.ledger.entries() if (entry.step, entry.chunk) not in self._made_here)
        return sum((entry.spent for entry in kept if self._is_used(entry)), NOTHING)

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

    def _is_used(self, entry: Entry) -> bool:
        """True for an entry of this run as it is now."""
        key = entry.step, entry.chunk
        if entry.failed is not None or entry.step not in self.passes:
            return False
        is_chunk_of_run = entry.chunk is None or entry.chunk < len(self.run.chunks)
        return is_chunk_of_run and entry.fingerprint == self._mark(key)

    def _own(self, key: Key) -> Path:
        return self.passes[key[0]].makes(self.run.layout, key[1])

    def _remote_name(self, key: Key) -> str | None:
        """The name of a worker's product among other machines: it tells the content of all that it was made of.

        None for what the driver makes, and where something is not there that it is made of. What is made of the same
        by the same settings counts as the same; other machines' numbers may differ in their last digit, and then
        tracks do, and the parts that are painted of them have other names.
        """
        step = self.passes[key[0]]
        if self.remote is None or not isinstance(step.work, InPool):
            return None
        contents = [self._content(needed) for needed in step.needs(self.run, key[1])]
        if None in contents:
            return None
        return f"{step.name}/{key[1]:06d}.{mark(step.name, step.release, self._mark(key), contents)}"

    def _content(self, key: Key) -> str | None:
        """SHA-256 of the file that holds a product, as it was written down."""
        step, entry = self.passes[key[0]], self.ledger.entry(*key)
        if entry is None or entry.failed is not None or entry.fingerprint != self._mark(key):
            entry = self._holder(step)
        return None if entry is None else entry.sha256

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
