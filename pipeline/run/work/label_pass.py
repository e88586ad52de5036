"""The work of the label pass: choose colours and positions of labels, in film order."""

from __future__ import annotations

import io

import numpy as np

from pipeline.files import write_whole
from pipeline.record.ledger import Made
from pipeline.render.frame_labels import FrameLabels, pack_labels, unpack_labels
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.label_state import LabelState
from pipeline.run.passes import Bench
from pipeline.run.work.track_pass import tracked_frames
from pipeline.structures.chunk import Chunk


def label(bench: Bench, chunk: Chunk) -> Made:
    """Plan the labels of a chunk, continuing from the state after the chunk before."""
    run = bench.run
    info, layout = run.info, run.layout
    planner = LabelPlanner(run.settings.render, info.width, info.height, run.network.class_names)
    state = planner.start()
    if chunk.index:
        state = LabelState.from_json(layout.label_state(chunk.index - 1).read_text())
    seconds = (float(info.seconds(number)) for number in range(chunk.start, chunk.stop))
    state, planned = planner.follow(state, zip(seconds, tracked_frames(bench, chunk), strict=True))
    path, after = layout.labels(chunk.index), layout.label_state(chunk.index)
    table = io.BytesIO()
    np.save(table, pack_labels(planned), allow_pickle=False)
    write_whole(after, state.to_json().encode())
    write_whole(path, table.getvalue())
    return Made(path, also=(after,))


def planned_labels(bench: Bench, chunk: Chunk) -> list[FrameLabels]:
    """The labels of each frame of the chunk."""
    table = np.load(bench.product("label", chunk), allow_pickle=False)
    return unpack_labels(table, len(chunk))
