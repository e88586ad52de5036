"""A video -> its frames with detections and tracks, one after the other; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline.api.results import Frame
from pipeline.api.settings import request_of
from pipeline.job.settings import Settings
from pipeline.render.shown import class_ids_of
from pipeline.run.plan_run import resolve
from pipeline.run.read_ahead import read_ahead
from pipeline.segment.segmenter import Segmenter
from pipeline.store.chosen_rows import chosen_rows
from pipeline.structures.detections import Detections
from pipeline.structures.video_info import VideoInfo
from pipeline.track.tracker import Tracker
from pipeline.video.read.decode import decode_rgb
from pipeline.video.read.gaps import patched
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe

_ROOMS = ("segment", "track", "render", "decode")

Item = TypeVar("Item")


def segment(path: str | Path, **settings: Any) -> Iterator[Frame]:
    """Frames of the video in the order in which they are shown, as soon as each is known.

    settings : model, conf, classes, ignore_region, device, batch, deinterlace: the long flags of `seg-video run` with
    _ for -. Raises UsageError for a setting that does not exist, InputError for a video that cannot be read, both
    before the first frame is asked for; WeightsError and ConfigError, with the first frame, for what is wrong with
    the network.
    """
    asked = resolve(request_of(path, None, settings, _ROOMS).settings)
    return _frames(asked, probe(Path(path).absolute()))


def _frames(settings: Settings, info: VideoInfo) -> Iterator[Frame]:
    segmenter = Segmenter(settings.segment)
    try:
        names = segmenter.setup()
        tracker, classes = Tracker(settings.track, names), class_ids_of(settings.render.classes, names)
        state = tracker.start()
        for number, found in _found(settings, info, segmenter):
            seconds = float(info.seconds(number))
            state, tracks = tracker.step(state, seconds, found)
            rows = chosen_rows(tracks, settings.render.conf)
            shown = tracks[rows[np.isin(tracks.class_ids[rows], classes)]]
            yield Frame(number, seconds, found, shown, info.width, info.height, names)
    finally:
        segmenter.close()


def _found(settings: Settings, info: VideoInfo, segmenter: Segmenter) -> Iterator[tuple[int, Detections]]:
    """Number and detections of each frame; the next batch is decoded while the network looks at this one."""
    width, height = segmenter.frame_size(info.width, info.height, info.sample_aspect)
    to_source: Mapping[str, float] = {"x_factor": info.width / width, "y_factor": info.height / height}
    decoded = (
        frame
        for chunk in plan(info)
        for frame in patched(
            info,
            chunk,
            lambda span: decode_rgb(
                info, span, width, height, damaged="repeat", deinterlace=settings.decode.deinterlace
            ),
        )
    )
    with read_ahead(_batches(decoded, segmenter.batch)) as batches:
        for batch in batches:
            found = segmenter.segment(np.stack([frame.picture for frame in batch]))
            for frame, detections in zip(batch, found, strict=True):
                yield frame.number, detections.scaled(**to_source)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch
