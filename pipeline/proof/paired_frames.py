"""The frames of a source, painted as the run's record says, paired with those of an output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import repeat, tee
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.proof.cells import Levels, levels
from pipeline.proof.run_record import RunRecord
from pipeline.render.film_classes import FilmClasses
from pipeline.render.frame_labels import FrameLabels
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.store.class_maps import ClassMapsFile
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.class_map import ClassMap
from pipeline.structures.tracks import Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.track.steadying import TrackedFrame, steadied
from pipeline.video.read.decode import DecodedFrame, decode_yuv
from pipeline.video.read.facts import MediaFacts
from pipeline.video.read.plan import whole_chunk
from pipeline.video.settings import DecodeSettings

#: Paints a frame of the source as the run did.
Painter = Callable[[YuvFrame], YuvFrame]


@dataclass(frozen=True, eq=False)
class FramePair:
    """A frame as it should be and as it is.

    number : its position in the output. wanted, found : planes in levels of 8 bit, of equal shapes. touched : bool,
    the painted pixels of each plane; None without a record.
    """

    number: int
    wanted: tuple[Levels, Levels, Levels]
    found: tuple[Levels, Levels, Levels]
    touched: tuple[NDArray[np.bool_], ...] | None


def paired_frames(source: MediaFacts, output: VideoInfo, record: RunRecord | None) -> Iterator[FramePair]:
    """Each frame of the source that decodes cleanly, with the output's frame, up to the end of the output.

    Both must have the same size, and the source's facts must have been read with decoding. record : how to paint the
    source's frames; without one they are left as they are. Raises DamagedInputError if nothing of one of the files
    decodes, StoreError or ValueError for detections of another video.
    """
    info, unsure = source.info, unsure_frames(source)
    decode = DecodeSettings() if record is None else record.settings.decode
    shown = _all_frames(output, DecodeSettings())
    latest: DecodedFrame[YuvFrame] | None = next(shown)
    good, first = 0, info.span[0]
    # With several threads a decoder conceals damage differently than in the run, which uses one.
    frames = _all_frames(info, decode, threads=1 if unsure.any() else 0)
    with _painters(record) as painters:
        for frame, paint in zip(frames, painters, strict=record is not None):
            place = frame.number - first if info.frame_count == output.frame_count else good
            good += not frame.repeated
            if unsure[frame.number - first]:
                continue
            while latest is not None and latest.number < place:
                latest = next(shown, None)
            if latest is None:
                return
            yield _pair(place, frame.picture, paint, latest.picture)


def unsure_frames(source: MediaFacts) -> NDArray[np.bool_]:
    """bool [N]: frames that are damaged or may show damage, so that their pixels depend on where decoding began.

    In decoding order these are all frames from a flawed or missing one to the next keyframe, and those after that
    keyframe which are shown before it, since they may refer to frames before it.
    """
    info, decoded = source.info, source.decoded
    assert decoded is not None
    bad = ~np.isin(info.pts, decoded.pts) | np.isin(info.pts, decoded.flawed)
    unsure = np.zeros(info.frame_count, np.bool_)
    hurt, leads_to = decoded.begins_damaged, -1
    for number in np.argsort(info.decode_order).tolist():
        if info.keys[number]:
            hurt, leads_to = False, number if hurt else -1
        hurt = hurt or bool(bad[number])
        unsure[number] = hurt or number < leads_to
    return unsure


def _pair(number: int, own: YuvFrame, paint: Painter | None, found: YuvFrame) -> FramePair:
    painted = own if paint is None else paint(own)
    there = levels(found)
    wanted = tuple(_as_large(plane, other) for plane, other in zip(levels(painted), there, strict=True))
    touched = None
    if paint is not None:
        marks = (one != other for one, other in zip(painted.planes, own.planes, strict=True))
        touched = tuple(
            _as_large(mark.astype(np.float32), other) > 0 for mark, other in zip(marks, there, strict=True)
        )
    return FramePair(number, (wanted[0], wanted[1], wanted[2]), there, touched)


def _as_large(plane: Levels, other: Levels) -> Levels:
    """The plane in the size of the other: chroma may have been encoded with fewer pixels."""
    if plane.shape == other.shape:
        return plane
    size = (other.shape[1], other.shape[0])
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


@contextmanager
def _painters(record: RunRecord | None) -> Iterator[Iterator[Painter | None]]:
    """A painter for each frame of the source, in order; without a record an endless series of None."""
    if record is None:
        yield repeat(None)
        return
    steady = record.settings.track.steady > 0
    with (
        DetectionsFile(record.detections) as file,
        film_classes(record.class_maps, file.header, steady=steady) as film,
    ):
        classes = None if film is None else film.classes
        overlay = Overlay(record.settings.render, file.header.class_names, classes)
        yield (
            partial(_paint, overlay, tracks, labels, None if film is None else film.of(number))
            for number, (tracks, labels) in enumerate(_labelled(record, file), file.header.first_frame)
        )


@contextmanager
def film_classes(maps: Path | None, header: Header, *, steady: bool) -> Iterator[FilmClasses | None]:
    """The class maps of a run's file of them, as they are painted; None without a file. Raises StoreError.

    header : of the run's detections.
    """
    if maps is None:
        yield None
        return
    size = header.width, header.height
    with ClassMapsFile(maps) as file:
        yield FilmClasses(file.seconds, file.read, header.motion, size, file.classes, steady=steady)


def _labelled(record: RunRecord, file: DetectionsFile) -> Iterator[tuple[Tracks, FrameLabels]]:
    """Tracks and labels of each frame; labels are planned from the tracks, in film order."""
    header = file.header
    planner = LabelPlanner(record.settings.render, header.width, header.height, header.class_names)
    seconds = header.seconds.tolist()
    frames, again = tee(
        (
            TrackedFrame(time, tracks, header.motion(number))
            for time, (number, tracks) in zip(seconds, file.frames(), strict=True)
        ),
        2,
    )
    painted = steadied(frames, record.settings.track.steady, (header.height, header.width))
    labels = planner.film((frame.seconds, frame.tracks) for frame in again)
    yield from zip(painted, labels, strict=True)


def _paint(
    overlay: Overlay, tracks: Tracks, labels: FrameLabels, class_map: ClassMap | None, frame: YuvFrame
) -> YuvFrame:
    return overlay.paint(frame, tracks, labels, class_map)


def _all_frames(
    info: VideoInfo, decode: DecodeSettings, threads: int = 0
) -> Iterator[DecodedFrame[YuvFrame]]:
    return decode_yuv(
        info.whole,
        whole_chunk(info),
        deinterlace=decode.deinterlace,
        tone_map=decode.tone_map,
        threads=threads,
    )
