"""Export tracks as MOTS text: a line per object and frame, with masks that do not overlap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.files import whole_stream
from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.rle import encode_rle
from pipeline.structures.masks import PastedMask, paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks


def export_mots(file: DetectionsFile, path: Path, choose: RowChoice = all_rows) -> None:
    """Write `path`: `frame id class_id height width rle` for each tracked detection. choose : which rows of a frame.

    Frames are numbered from 0 in the source. Where masks overlap, the one with the best score keeps the pixel, as the
    format requires (Voigtlaender et al. 2019); a mask of which nothing is left has no line. Raises StoreError and
    WriteError.
    """
    with whole_stream(path) as stream:
        for frame, tracks in file.frames():
            for line in _lines(file.header, frame, tracks, choose):
                stream.write(f"{line}\n".encode())


def _lines(header: Header, frame: int, tracks: Tracks, choose: RowChoice) -> Iterator[str]:
    scores = tracks.detections.scores
    rows = choose(frame, tracks)
    kept = rows[tracks.track_ids[rows] != NO_TRACK]
    free = np.ones((header.height, header.width), np.bool_)
    for row in kept[np.argsort(-scores[kept], kind="stable")]:
        box, roi_mask = tracks.detections.boxes[row], tracks.detections.roi_masks[row]
        left, top, pixels = paste_mask(roi_mask, box, header.height, header.width)
        window = free[top : top + pixels.shape[0], left : left + pixels.shape[1]]
        own = pixels & window
        window &= ~own
        if own.any():
            rle = encode_rle(PastedMask(left, top, own), header.height, header.width)["counts"]
            numbers = (frame, tracks.track_ids[row], tracks.class_ids[row], header.height, header.width)
            yield " ".join([*(str(int(number)) for number in numbers), str(rle)])
