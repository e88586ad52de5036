"""The work of the track pass: follow objects through a chunk, and store the tracks that are final by then."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.files import write_whole
from pipeline.record.ledger import Made
from pipeline.run.passes import Bench, Key
from pipeline.run.run import Run
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.chunk import Chunk
from pipeline.structures.tracks import Tracks
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.track.steadying import STEADY_SECONDS, TrackedFrame, steadied

#: Bytes of the number of final frames, with which the state's file begins.
_COUNT_BYTES = 8


def track(bench: Bench, chunk: Chunk) -> Made:
    """Follow the objects through a chunk, and store the frames whose tracks become final with it.

    These lag behind the chunk by `lag_seconds`; early in the film there are none.
    """
    run = bench.run
    size = run.info.height, run.info.width
    tracker = FilmTracker(run.settings.track, run.network.class_names, size)
    final_before, state = _state_before(run, chunk, tracker)
    frames = _frames(bench, final_before, chunk.stop)
    state, tracks = tracker.follow(state, frames, is_end=chunk is run.chunks[-1])
    path, after = run.layout.tracks(chunk.index), run.layout.tracker_state(chunk.index)
    stop = final_before + len(tracks)
    write_whole(after, stop.to_bytes(_COUNT_BYTES, "little") + state)
    if tracks:
        final = frames[: len(tracks)]
        edges = {number: one.edges for number, one in enumerate(final, final_before) if one.edges is not None}
        write_tracks(path, run.header(final_before, [one.motion for one in final], edges), tracks)
    else:
        write_whole(path, b"")
    return Made(path, also=(after,))


def own_car(run: Run) -> NDArray[np.bool_] | None:
    """bool [h, w]: the cells of the own car, judged by the whole film; None if it shows none."""
    if run.settings.track.own_car == "off":
        return None
    content = run.layout.tracker_state(run.chunks[-1].index).read_bytes()
    return FilmTracker.own_car(content[_COUNT_BYTES:])


def final_with(run: Run, index: int) -> int:
    """Number of the chunk with which the tracks of chunk `index`, and those that steady them, are final."""
    wanted = _final_seconds(run, _steadying(run, run.chunks[index])[1] - 1)
    for chunk in run.chunks[index:]:
        if _last_seconds(run, chunk) >= wanted:
            return chunk.index
    return run.chunks[-1].index


def _final_seconds(run: Run, frame: int) -> float:
    """Time at which the tracks of this frame are final."""
    return float(run.info.seconds(frame)) + run.settings.track.lag_seconds


def _last_seconds(run: Run, chunk: Chunk) -> float:
    return float(run.info.seconds(chunk.stop - 1))


def track_needs(run: Run, index: int | None) -> Iterator[Key]:
    """The products that a chunk's tracks are made from.

    Because tracks lag, frames of earlier chunks are not final before this one. So these are the tracks of the chunk
    before, and the detections of all chunks with such frames.
    """
    assert index is not None, "tracks are of chunks"
    yield "segment", index
    if not index:
        return
    yield "track", index - 1
    reached = _last_seconds(run, run.chunks[index - 1])
    for chunk in reversed(run.chunks[:index]):
        # One frame beyond its own, because the tracker rounds the difference of these times and this is their sum.
        if _final_seconds(run, chunk.stop) <= reached:
            return
        yield "segment", chunk.index


def tracks_needed(run: Run, index: int | None) -> Key:
    """The product of the track pass that completes chunk `index`; it is made after all those before it."""
    assert index is not None, "tracks are needed by chunks"
    return ("track", final_with(run, index))


def tracked_frames(bench: Bench, start: int, stop: int) -> list[tuple[float, Tracks]]:
    """The seconds and the tracks of each frame in [start, stop), as they were found."""
    return [(frame.seconds, frame.tracks) for frame in _read_tracks(bench, start, stop)]


def painted_frames(bench: Bench, chunk: Chunk) -> list[Tracks]:
    """The tracks of each frame of the chunk as they are painted: steadied by neighbouring frames."""
    run = bench.run
    start, stop = _steadying(run, chunk)
    size = run.info.height, run.info.width
    steady = list(steadied(_read_tracks(bench, start, stop), run.settings.track.steady, size))
    return steady[chunk.start - start : chunk.stop - start]


def _steadying(run: Run, chunk: Chunk) -> tuple[int, int]:
    """The frames [start, stop) that steady those of the chunk, including its own."""
    first, end = run.film.span
    start, stop = chunk.start, chunk.stop
    while start > first and _seconds_between(run, start - 1, chunk.start) < STEADY_SECONDS:
        start -= 1
    while stop < end and _seconds_between(run, chunk.stop - 1, stop) < STEADY_SECONDS:
        stop += 1
    return start, stop


def _seconds_between(run: Run, frame: int, later: int) -> float:
    """The difference of both times, rounded exactly as `steadied` rounds it."""
    return float(run.info.seconds(later)) - float(run.info.seconds(frame))


def _read_tracks(bench: Bench, start: int, stop: int) -> list[TrackedFrame]:
    """The frames [start, stop) with their tracks, gathered from the files that hold them."""
    run, frames = bench.run, list[TrackedFrame]()
    chunks = [chunk for chunk in run.chunks if chunk.stop > start]
    for chunk in chunks:
        if start + len(frames) == stop:
            break
        path = bench.product("track", chunk)
        if not path.stat().st_size:
            continue
        with DetectionsFile(path) as file:
            first = max(start + len(frames), file.header.first_frame)
            last = min(stop, file.header.stop_frame)
            tracks = file.read_tracks(first, last) if first < last else []
            for number, here in enumerate(tracks, first):
                frames.append(TrackedFrame(float(run.info.seconds(number)), here, file.header.motion(number)))
    assert len(frames) == stop - start, "tracks are final before they are asked for"
    return frames


def _state_before(run: Run, chunk: Chunk, tracker: FilmTracker) -> tuple[int, bytes]:
    """Number of frames that are final before the chunk, and the tracker's state at that point."""
    if chunk.index == 0:
        return chunk.start, tracker.start()
    content = run.layout.tracker_state(chunk.index - 1).read_bytes()
    return int.from_bytes(content[:_COUNT_BYTES], "little"), content[_COUNT_BYTES:]


def _frames(bench: Bench, start: int, stop: int) -> list[FilmFrame]:
    """The frames [start, stop) as the tracker takes them."""
    run, frames = bench.run, list[FilmFrame]()
    for chunk in run.chunks:
        numbers = range(max(chunk.start, start), min(chunk.stop, stop))
        if not numbers:
            continue
        with DetectionsFile(bench.product("segment", chunk)) as file:
            found, header = file.read(numbers.start, numbers.stop), file.header
        for number, detections in zip(numbers, found, strict=True):
            seen = detections if number in run.key_frames else None
            seconds, motion = float(run.info.seconds(number)), header.motion(number)
            frames.append(FilmFrame(seconds, seen, motion, header.edges.get(number)))
    return frames
