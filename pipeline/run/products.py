"""Products: the files that the passes of a run have made, and where each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path

from pipeline.record.fingerprint import chunk_mark, mark
from pipeline.record.ledger import Entry, Ledger, Made
from pipeline.record.remote_run import RemoteRun
from pipeline.record.spent import NOTHING, Spent
from pipeline.run.passes import InPool, Key, Pass, fingerprints
from pipeline.run.run import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage


class Products:
    """Finds the products of a run through its ledger.

    remote : products that other machines can use too, if the output goes to a storage; otherwise None.
    """

    def __init__(self, run: Run, passes: Sequence[Pass], ledger: Ledger) -> None:
        self.run, self.passes, self.ledger = run, {step.name: step for step in passes}, ledger
        self.remote = None if run.destination is None else RemoteRun(run.destination)
        self.marks: Mapping[str, str] = fingerprints(run, passes)
        self._made_here: set[Key] = set()

    def path(self, key: Key) -> Path | None:
        """The file that holds the product, its own or that of a pass in which it is kept; None if it has to be made."""
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
        """The products that have to be made for the output, in the order of passes and chunks."""
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
        """Fetch the product if another machine has made it; its entry, or None."""
        name = self._remote_name(key)
        if name is None or self.remote is None:
            return None
        entry = self.remote.fetch(name, self._mark(key), self._own(key))
        return None if entry is None else self.ledger.adopt(replace(entry, chunk=key[1]))

    def keep_for_others(self, keys: Iterable[Key]) -> None:
        """Store these products for other machines, if their files are here."""
        if self.remote is None:
            return
        for key in keys:
            name = self._remote_name(key)
            entry = name and self.ledger.done(*key, self._mark(key), self._own(key))
            if name and entry:
                self.remote.keep(name, entry, self._own(key))

    def record(self, key: Key, made: Made) -> None:
        """Record a product."""
        self.ledger.record(*key, self._mark(key), made)
        self._made_here.add(key)
        self.keep_for_others([key])

    def spent_before(self) -> Spent:
        """The cost of the products that this run uses and other jobs, here or elsewhere, have made."""
        kept = (entry for entry in self.ledger.entries() if (entry.step, entry.chunk) not in self._made_here)
        return sum((entry.spent for entry in kept if self._is_used(entry)), NOTHING)

    def record_failure(self, name: str, index: int, reason: str) -> None:
        """Record that a product could not be made."""
        self.ledger.record_failure(name, index, self._mark((name, index)), reason)

    def output(self) -> Entry | None:
        """The entry of the output, if it exists and is what this run would make."""
        last = list(self.passes.values())[-1]
        return self.ledger.done(last.name, None, self.marks[last.name], last.makes(self.run.layout, None))

    def begun_output(self) -> str | None:
        """SHA-256 of an output that a killed process of this run was about to name, and did not record."""
        last = list(self.passes)[-1]
        begun, made = self.ledger.entry(f"{last} begun"), self.ledger.entry(last)
        unfinished = begun is not None and (made is None or made.at < begun.at)
        return begun.sha256 if begun is not None and unfinished else None

    def damage(self, chunk: Chunk | None = None) -> FrameDamage:
        """Damaged frames of a chunk, or of all, as far as they have been decoded."""
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
        """True for an entry that the present run uses."""
        key = entry.step, entry.chunk
        if entry.failed is not None or entry.step not in self.passes:
            return False
        is_chunk_of_run = entry.chunk is None or entry.chunk < len(self.run.chunks)
        return is_chunk_of_run and entry.fingerprint == self._mark(key)

    def _own(self, key: Key) -> Path:
        return self.passes[key[0]].makes(self.run.layout, key[1])

    def _remote_name(self, key: Key) -> str | None:
        """The name of a worker's product in the storage, which follows from the content of everything it is made of.

        None for products of the driver, and if something that it is made of does not exist. Products with the same
        inputs and settings count as equal. If numbers of another machine differ in the last digit, its tracks differ,
        and so do the names of the parts painted from them.
        """
        step = self.passes[key[0]]
        if self.remote is None or not isinstance(step.work, InPool):
            return None
        contents = [self._content(needed) for needed in step.needs(self.run, key[1])]
        if None in contents:
            return None
        return f"{step.name}/{key[1]:06d}.{mark(step.name, step.release, self._mark(key), contents)}"

    def _content(self, key: Key) -> str | None:
        """The recorded SHA-256 of the file that holds a product; None if there is none."""
        step, entry = self.passes[key[0]], self.ledger.entry(*key)
        if entry is None or entry.failed is not None or entry.fingerprint != self._mark(key):
            entry = self._holder(step)
        return None if entry is None else entry.sha256

    def _mark(self, key: Key) -> str:
        name, index = key
        if index is None:
            return self.marks[name]
        chunk = self.run.chunks[index]
        return chunk_mark(self.marks[name], chunk.start, chunk.stop)

    def _holder(self, step: Pass) -> Entry | None:
        """The entry of the whole film's file that holds this pass's products; None if there is none."""
        if step.kept_in is None:
            return None
        entry = self.ledger.entry(step.kept_in)
        if entry is None or self.marks[step.name] not in entry.holds:
            return None
        path = self.passes[step.kept_in].makes(self.run.layout, None)
        return self.ledger.done(step.kept_in, None, entry.fingerprint, path)
