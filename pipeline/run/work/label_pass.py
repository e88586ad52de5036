"""The work of the label pass: choose colours and positions of labels, in film order."""

from __future__ import annotations

import io

import numpy as np

from pipeline.files import write_whole
from pipeline.record.ledger import Made
from pipeline.render.frame_labels import FrameLabels, pack_labels, unpack_labels
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.label_state import LabelState
from pipeline.render.neighbours import AHEAD_SECONDS
from pipeline.run.passes import Bench, Key
from pipeline.run.run import Run
from pipeline.run.work.track_pass import tracked_frames, tracks_needed
from pipeline.structures.chunk import Chunk


def label(bench: Bench, chunk: Chunk) -> Made:
    """Plan the labels of a chunk, continuing from the state after the chunk before."""
    run = bench.run
    info, layout = run.info, run.layout
    planner = LabelPlanner(run.settings.render, info.width, info.height, run.network.class_names)
    state = planner.start()
    if chunk.index:
        state = LabelState.from_json(layout.label_state(chunk.index - 1).read_text())
    frames = tracked_frames(bench, chunk.start, _stop_ahead(run, chunk))
    state, planned = planner.follow(state, frames[: len(chunk)], frames[len(chunk) :])
    path, after = layout.labels(chunk.index), layout.label_state(chunk.index)
    table = io.BytesIO()
    np.save(table, pack_labels(planned), allow_pickle=False)
    write_whole(after, state.to_json().encode())
    write_whole(path, table.getvalue())
    return Made(path, also=(after,))


def tracks_ahead(run: Run, index: int | None) -> Key:
    """The product of the track pass that completes the frames by which colours in chunk `index` are chosen."""
    assert index is not None, "labels are of chunks"
    last = _stop_ahead(run, run.chunks[index]) - 1
    return tracks_needed(run, next(chunk.index for chunk in run.chunks[index:] if chunk.stop > last))


def _stop_ahead(run: Run, chunk: Chunk) -> int:
    """The first frame behind the chunk by which no colour in it is chosen."""
    stop, last = chunk.stop, float(run.info.seconds(chunk.stop - 1))
    while stop < run.film.span[1] and float(run.info.seconds(stop)) - last <= AHEAD_SECONDS:
        stop += 1
    return stop


def planned_labels(bench: Bench, chunk: Chunk) -> list[FrameLabels]:
    """The labels of each frame of the chunk."""
    table = np.load(bench.product("label", chunk), allow_pickle=False)
    return unpack_labels(table, len(chunk))
