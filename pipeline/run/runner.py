"""Runner: takes one run through its passes, which it does not know by name: submits, stores, records, reports."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import (
    ChunksFailedError,
    InterruptedRunError,
    SegVideoError,
    StoreError,
    WeightsError,
    WriteError,
)
from pipeline.files import digest_of
from pipeline.record.ledger import Made
from pipeline.record.spent import NOTHING, Spent
from pipeline.run.passes import InDriver, InPool, Key, OfFilm, Pass
from pipeline.run.pools import RunPools
from pipeline.run.products import Products
from pipeline.run.report.events import (
    Begun,
    ChunkFailed,
    Counts,
    Listener,
    PacketsSent,
    PassStarted,
    Progressed,
    Ready,
    Retried,
    StopAsked,
    Warned,
)
from pipeline.run.run import Run
from pipeline.run.schedule import Schedule
from pipeline.run.stopping import StopSignal
from pipeline.run.work.meter import METER
from pipeline.run.work.reach import OutOfReachError
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import FrameDamage
from pipeline.workers.contract import TaskResult

_POLL_SECONDS = 0.2

#: Most bytes of packets on their way to workers that cannot read the source.
_MOST_BYTES_IN_FLIGHT = 256 << 20


class Runner:
    """Takes one run from its plan to its output. It is the Bench of its passes."""

    def __init__(self, products: Products, pools: RunPools, listener: Listener, stop: StopSignal) -> None:
        self._products, self._pools = products, pools
        self._listener, self._stop = listener, stop
        self._own = products.begun_output()
        self._in_flight: dict[Key, int] = {}
        self._failed: dict[int, SegVideoError] = {}
        self._told: set[str] = set(self.run.warnings)
        self._stopping = False
        self._done: Counter[str] = Counter()
        self.with_packets = False
        self.seconds: Counter[str] = Counter()
        self.spent = NOTHING

    @property
    def run(self) -> Run:
        """The run."""
        return self._products.run

    @property
    def marks(self) -> Mapping[str, str]:
        """Fingerprint of each pass."""
        return self._products.marks

    def product(self, name: str, chunk: Chunk | None) -> Path:
        """The file that holds what a pass made.

        The schedule makes sure that it exists. Raises StoreError if somebody has removed or changed it since.
        """
        path = self._products.path((name, None if chunk is None else chunk.index))
        if path is None:
            raise StoreError(
                f"A file of the run in {self.run.layout.folder} was removed or changed during the run.",
                found=f"{name}, {'the whole film' if chunk is None else f'chunk {chunk.index}'}",
                do="run the same command again; intact files are kept",
            )
        return path

    def damage(self, chunk: Chunk | None = None) -> FrameDamage:
        """Damage of the source's frames in a chunk, or in all of it."""
        return self._products.damage(chunk)

    def intend(self, name: str, sha256: str) -> None:
        """Record that a file with this content is about to be named outside the run's folder."""
        self._products.ledger.record_intent(name, self.marks[name], sha256)

    def may_replace(self, file: Path) -> bool:
        """True if a file with the output's name may be replaced: the user said so, or this run has made it."""
        if self.run.settings.run.force or self.run.destination is not None:
            return True  # an output to be published lies in the run's own folder
        return self._own is not None and file.is_file() and digest_of(file) == self._own

    def work(self) -> None:
        """Make the output.

        Raises ChunksFailedError once everything else is done, InterruptedRunError when the user stops it.
        """
        self.run.layout.make_folders()
        todo = self._fetch(self._products.missing())
        self._schedule = Schedule(todo, lambda key: self._step(key).needs(self.run, key[1]))
        self._count_kept(todo)
        first = next(iter(self._products.passes))
        self._listener.tell(Begun(self._counts(), self._done[first]))
        self._open_pools(todo)
        while self._turn():
            pass
        if self._stop.asked and self._schedule.left:
            raise InterruptedRunError(
                "Stopped; the chunks in flight were finished.", do="run the same command again to continue"
            )
        if self._failed:
            raise self._failure()
        assert not self._schedule.left, "every product is made, failed, or waits for one that failed"

    def _step(self, key: Key) -> Pass:
        return self._products.passes[key[0]]

    def _fetch(self, todo: list[Key]) -> list[Key]:
        """Exchange products with other machines; what is still to be made."""
        chunks = [(name, chunk.index) for name in self._products.passes for chunk in self.run.chunks]
        self._products.keep_for_others(set(chunks).difference(todo))
        fetched = [key for key in todo if not self._stop.asked and self._products.fetch(key)]
        return self._products.missing() if fetched else todo

    def _count_kept(self, todo: list[Key]) -> None:
        """Count the frames that each pass is already done with."""
        missing = set(todo)
        for name, step in self._products.passes.items():
            if not isinstance(step.work, OfFilm):
                kept = (chunk for chunk in self.run.chunks if (name, chunk.index) not in missing)
                self._done[name] = sum(map(len, kept))

    def _open_pools(self, todo: list[Key]) -> None:
        """Start workers where there is work, and wait until the first of them is ready or has failed."""
        waiting = Counter(name for name, _ in todo)
        for name, step in self._products.passes.items():
            if isinstance(step.work, InPool) and waiting[name]:
                self._pools.open(step.work.pool, waiting[name])
        self._pools.wait_until_ready()
        self._products.ledger.record_start()
        self._listener.tell(Ready(self._counts()))

    def _turn(self) -> bool:
        """Hand out work, then take results; False when nothing is left to do or to wait for."""
        submitted = made = False
        if self._stop.asked:
            self._tell_stopping()
        else:
            for step in self._products.passes.values():
                if isinstance(step.work, InPool):
                    submitted |= self._submit(step, step.work)
                else:
                    made |= self._make(step, step.work)
        if not self._in_flight and (self._stop.asked or not self._has_ready()):
            return submitted or made
        results = self._pools.workers.wait(0.0 if made else _POLL_SECONDS)
        if results:
            self._submit_all()  # so that workers go on while their results are stored
        for result in results:
            self._take(result)
        return True

    def _submit_all(self) -> None:
        for step in self._products.passes.values():
            if isinstance(step.work, InPool):
                self._submit(step, step.work)

    def _has_ready(self) -> bool:
        return any(self._schedule.has_ready(name) for name in self._products.passes)

    def _tell_stopping(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._listener.tell(StopAsked(len(self._in_flight)))

    def _make(self, step: Pass, work: InDriver | OfFilm) -> bool:
        """Make the next product of a pass of the driver; only one, so that workers need not wait for long."""
        key = self._schedule.next(step.name)
        if key is None:
            return False
        began, chunk = time.perf_counter(), self._chunk(key)
        if isinstance(work, OfFilm):
            self._listener.tell(PassStarted(step.name))
            made = work.make(self)
        else:
            assert chunk is not None
            made = work.make(self, chunk)
        self._keep(key, replace(made, seconds={step.name: time.perf_counter() - began}))
        return True

    def _submit(self, step: Pass, work: InPool) -> bool:
        """Hand out as many tasks as workers have room for."""
        moved = False
        pools = self._pools.workers
        while self._schedule.has_ready(step.name) and not self._stop.asked:
            self._pools.grow(work.pool)
            if not pools.has_room(work.pool) or sum(self._in_flight.values()) >= _MOST_BYTES_IN_FLIGHT:
                break
            key = self._schedule.next(step.name)
            chunk = self._chunk(key) if key else None
            assert key is not None
            assert chunk is not None
            moved = True
            entry = self._products.fetch(key)
            if entry is not None:
                self._count(key, entry.notes)
                continue
            task = work.task(self, chunk)
            pools.submit(work.pool, (self.run.layout.output, key), task)
            self._in_flight[key] = task.nbytes
        return moved

    def _take(self, result: TaskResult) -> None:
        """Store a result, or handle an error."""
        output, key = result.key
        if output != self.run.layout.output:
            return  # of an earlier run, which was given up
        step, chunk = self._step(key), self._chunk(key)
        assert isinstance(step.work, InPool)
        assert chunk is not None
        if isinstance(result.error, OutOfReachError) and not self.with_packets:
            self.with_packets = True
            self._listener.tell(PacketsSent(str(output)))
        if result.retried:
            self._listener.tell(Retried(step.name, chunk.index, str(result.error)))
            return
        del self._in_flight[key]
        if result.error is None:
            self._keep(key, step.work.keep(self, chunk, result.value))
        elif isinstance(result.error, OutOfReachError):
            self._schedule.put_back(key)  # to be sent again, with its packets
        elif isinstance(result.error, WriteError | WeightsError):
            raise result.error  # a full disk or a failing network would fail the other chunks too
        else:
            self._fail(step, chunk, result.error)

    def _keep(self, key: Key, made: Made) -> None:
        made = replace(made, spent=made.spent + METER.take())
        self._products.record(key, made)
        self.seconds.update(made.seconds)
        self._count(key, made.notes, made.seconds.get(key[0], 0.0), made.spent)

    def _count(self, key: Key, notes: Iterable[str], seconds: float = 0.0, spent: Spent = NOTHING) -> None:
        """Count a product that exists now, and report it."""
        self.spent += spent
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                self._listener.tell(Warned(note))
        chunk = self._chunk(key)
        if chunk is not None:
            self._done[key[0]] += len(chunk)
        self._schedule.done(key)
        self._listener.tell(Progressed(self._counts(), key[0], seconds, spent))

    def _fail(self, step: Pass, chunk: Chunk, error: SegVideoError) -> None:
        self._failed[chunk.index] = error
        self._products.record_failure(step.name, chunk.index, str(error))
        self._listener.tell(ChunkFailed(step.name, chunk.index, str(error)))

    def _failure(self) -> ChunksFailedError:
        index, error = min(self._failed.items())
        chunk = self.run.chunks[index]
        count = len(self._failed)
        return ChunksFailedError(
            f"{count} of {len(self.run.chunks)} chunks of {self.run.info.path} failed; the others are kept.",
            found=f"chunk {index} (frames {chunk.start} to {chunk.stop - 1}): {error}".replace("\n", " "),
            do=f"retry what failed with: seg-video resume {self.run.layout.folder}",
        )

    def _chunk(self, key: Key) -> Chunk | None:
        return None if key[1] is None else self.run.chunks[key[1]]

    def _counts(self) -> Counts:
        done: dict[str, Any] = {
            step.participle: self._done[name]
            for name, step in self._products.passes.items()
            if not isinstance(step.work, OfFilm)
        }
        return Counts(str(self.run.target), self.run.film.frame_count, done)
