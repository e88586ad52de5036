"""Runner: walks one run through its passes; skips what is done, submits, records, reports, stops."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ChunksFailedError, InterruptedRunError, SegVideoError
from pipeline.record.ledger import Ledger
from pipeline.render.overlay import Overlay
from pipeline.run import flow
from pipeline.run.events import Listener
from pipeline.run.flow import Run
from pipeline.run.pools import RENDER, SEGMENT, Staff
from pipeline.run.progress import Progress
from pipeline.run.reach import OutOfReachError
from pipeline.run.stopping import StopSignal
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage
from pipeline.workers.contract import Outcome

_POLL_SECONDS = 0.2

#: Compressed packets on their way to workers that can't see the source; more of them wait.
_MOST_BYTES_IN_FLIGHT = 256 << 20


class Runner:
    """One run's way from its plan to its output."""

    def __init__(self, run: Run, staff: Staff, ledger: Ledger, listener: Listener, stop: StopSignal) -> None:
        self._run, self._staff, self._ledger = run, staff, ledger
        self._listener, self._stop = listener, stop
        self.progress = Progress(run, ledger)
        self._in_flight: dict[tuple[str, int], int] = {}
        self._failed: dict[int, SegVideoError] = {}
        self._class_names: Mapping[int, str] | None = None
        self._with_packets = False
        self._tracked = 0
        self._to_segment: list[Chunk] = []
        self._to_render: list[Chunk] = []
        self.seconds = dict.fromkeys(("segment", "network", "track", "render", "mux"), 0.0)

    def work(self) -> None:
        """Make the output.

        Raises ChunksFailedError when all is done that could be, InterruptedRunError when the user stops it.
        """
        self._run.layout.make_folders()
        chunks = self._run.chunks
        self._to_segment = [chunk for chunk in chunks if self._wants_segmenting(chunk)]
        self._tell("begin", frames_kept=sum(map(len, chunks)) - sum(map(len, self._to_segment)))
        self._get_ready()
        while self._step():
            pass
        if self._stop.asked:
            raise InterruptedRunError(
                "Stopped; the chunks in flight were finished.", do="run the same command again to go on"
            )
        if self._failed:
            raise self._failure()
        self._join()
        self._mux()
        self._clean()

    def _wants_segmenting(self, chunk: Chunk) -> bool:
        return self.progress.tracks(chunk) is None and self.progress.detections(chunk) is None

    def _get_ready(self) -> None:
        """Hire who is needed, and try the settings that only the network's class names can prove wrong."""
        if self._to_segment:
            self._staff.hire_segmenters(len(self._to_segment))
            self._class_names = self._staff.class_names()
            Overlay(self._run.spec.render, self._class_names)
            self._tell("ready")
        self._staff.hire_renderers()

    def _step(self) -> bool:
        """Hand out work, then take what has ended; whether there is more to come."""
        moved = False
        if not self._stop.asked:
            moved = self._submit_segments() | self._track() | self._submit_renders()
        if not self._in_flight and (self._stop.asked or not (self._to_segment or self._to_render)):
            return moved
        for outcome in self._staff.workforce.wait(_POLL_SECONDS):
            self._take(outcome)
        return True

    def _submit_segments(self) -> bool:
        submitted = False
        while self._to_segment and self._has_room(SEGMENT):
            chunk = self._to_segment.pop(0)
            task = flow.segment_task(self._run, chunk, self._with_packets)
            self._submit(SEGMENT, chunk, task)
            submitted = True
        return submitted

    def _submit_renders(self) -> bool:
        submitted = False
        while self._to_render and self._has_room(RENDER):
            chunk = self._to_render.pop(0)
            tracks = self.progress.tracks(chunk)
            assert tracks is not None, "a chunk is rendered after it was tracked"
            damage = self.progress.damage(chunk)
            self._submit(
                RENDER, chunk, flow.render_task(self._run, chunk, tracks, damage, self._with_packets)
            )
            submitted = True
        return submitted

    def _track(self) -> bool:
        """Follow objects through the chunks whose detections, and all before them, are there."""
        before = self._tracked
        while self._tracked < len(self._run.chunks):
            chunk = self._run.chunks[self._tracked]
            if self.progress.tracks(chunk) is None:
                detections = self.progress.detections(chunk)
                if detections is None or chunk.index in self._failed:
                    break
                began = time.perf_counter()
                path = flow.track(self._run, chunk, detections)
                self._record("track", chunk, path, time.perf_counter() - began)
            self._tracked += 1
            if self.progress.part(chunk) is None:
                self._to_render.append(chunk)
            self._tell("progress")
        return self._tracked > before

    def _has_room(self, crew: str) -> bool:
        return self._staff.workforce.has_room(crew) and sum(self._in_flight.values()) < _MOST_BYTES_IN_FLIGHT

    def _submit(self, crew: str, chunk: Chunk, task: Any) -> None:
        self._staff.workforce.submit(crew, (self._run.layout.output, chunk.index), task)
        self._in_flight[crew, chunk.index] = task.packets.nbytes if task.packets is not None else 0

    def _take(self, outcome: Outcome) -> None:
        """Keep a result, or do what an error asks for."""
        output, index = outcome.key
        if output != self._run.layout.output:
            return  # of a run before this one, which was given up
        chunk = self._run.chunks[index]
        if isinstance(outcome.error, OutOfReachError) and not self._with_packets:
            self._with_packets = True
            self._tell("packets")
        if outcome.retried:
            self._tell("retry", step=outcome.crew, chunk=index, reason=str(outcome.error))
            return
        del self._in_flight[outcome.crew, index]
        if outcome.error is not None:
            self._fail(outcome.crew, chunk, outcome.error)
        elif outcome.crew == SEGMENT:
            self._keep_detections(chunk, outcome.value)
        else:
            self._keep_part(chunk, outcome.value)
        self._tell("progress")

    def _keep_detections(self, chunk: Chunk, made: Any) -> None:
        assert self._class_names is not None
        path = flow.store_detections(self._run, chunk, made.frames, self._class_names)
        self.seconds["network"] += made.network_seconds
        notes: tuple[str, ...] = ()
        if made.fitted:
            spans = f"frames {chunk.start} to {chunk.stop - 1}"
            notes = (f"{made.fitted} of the {spans} have another size, and are fitted to that of the first",)
            self._listener.tell("warning", text=notes[0])
        self._record("segment", chunk, path, made.seconds, made.damage, notes)

    def _keep_part(self, chunk: Chunk, made: Any) -> None:
        self._record("render", chunk, flow.store_part(self._run, chunk, made.part), made.seconds)

    def _record(
        self,
        step: str,
        chunk: Chunk,
        path: Path,
        seconds: float,
        damage: FrameDamage = NO_DAMAGE,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.seconds[step] += seconds
        mark = self._run.prints.of_chunk(step, chunk)
        self._ledger.record(step, chunk.index, mark, path, seconds, notes, damage)

    def _fail(self, step: str, chunk: Chunk, error: SegVideoError) -> None:
        if isinstance(error, OutOfReachError):
            # Not the chunk's fault: from now on its packets go along.
            (self._to_segment if step == SEGMENT else self._to_render).insert(0, chunk)
            return
        self._failed[chunk.index] = error
        mark = self._run.prints.of_chunk(step, chunk)
        self._ledger.record_failure(step, chunk.index, mark, str(error))
        self._tell("chunk_failed", step=step, chunk=chunk.index, reason=str(error))

    def _failure(self) -> ChunksFailedError:
        index, error = min(self._failed.items())
        chunk = self._run.chunks[index]
        count = len(self._failed)
        return ChunksFailedError(
            f"{count} of {len(self._run.chunks)} chunks of {self._run.info.path} failed; the others are kept.",
            found=f"chunk {index} (frames {chunk.start} to {chunk.stop - 1}): {error}".replace("\n", " "),
            do=f"seg-video resume {self._run.layout.folder} tries only what failed",
        )

    def _join(self) -> None:
        if not self.progress.is_joined:
            began = time.perf_counter()
            self.progress.record_joined(flow.join(self._run), time.perf_counter() - began)

    def _mux(self) -> None:
        self._tell("pass", step="mux")
        began = time.perf_counter()
        # From here on an output that exists is this run's own.
        self._ledger.record_begun("mux", self._run.prints.mux)
        notes = flow.finish(self._run, self.progress.all_damage)
        self.seconds["mux"] = time.perf_counter() - began
        for note in notes:
            if note not in self._run.warnings:
                self._listener.tell("warning", text=note)
        output = self._run.layout.output
        self._ledger.record("mux", None, self._run.prints.mux, output, self.seconds["mux"], notes)

    def _clean(self) -> None:
        if not self._run.spec.run.keep_work:
            shutil.rmtree(self._run.layout.work, ignore_errors=True)

    def _tell(self, name: str, **facts: Any) -> None:
        chunks = self._run.chunks
        pending = {chunk.index for chunk in self._to_segment} | {
            index for step, index in self._in_flight if step == SEGMENT
        }
        self._listener.tell(
            name,
            output=str(self._run.layout.output),
            frames=self._run.info.frame_count,
            segmented=sum(len(chunk) for chunk in chunks if chunk.index not in pending),
            tracked=sum(len(chunk) for chunk in chunks[: self._tracked]),
            rendered=self._rendered(),
            **facts,
        )

    def _rendered(self) -> int:
        waiting = {chunk.index for chunk in self._to_render} | {
            index for step, index in self._in_flight if step == RENDER
        }
        done = self._run.chunks[: self._tracked]
        return sum(len(chunk) for chunk in done if chunk.index not in waiting)
