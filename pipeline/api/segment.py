"""Segment a video frame by frame, without writing anything."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.api.results import Frame
from pipeline.api.settings import request_of_keywords
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.render.drawn_view import DrawnView
from pipeline.render.film_classes import FilmClasses, needed_maps
from pipeline.render.shown import ShownTracks
from pipeline.run.plan_run import check_regions
from pipeline.run.work.segment_worker import (
    LastPicture,
    SeenFrame,
    SegmentTask,
    seen_frames,
)
from pipeline.segment.key_frames import film_key_frames
from pipeline.segment.network_classes import network_classes, network_runtime
from pipeline.segment.segmenter import Segmenter
from pipeline.structures.address import in_full, place_of
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.video.cut.excerpt import excerpt
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.read.source import size_of

_ROOMS = ("segment", "track", "render", "decode")


def segment(source: str | Path, **settings: Any) -> Iterator[Frame]:
    """The frames of the video in presentation order, each as soon as its tracks are final.

    Tracks take the three seconds of film after a frame into account, as in the video that the command makes, so
    frames arrive that much behind the decoder.

    settings : the long flags of `seg-video run` that choose the network, the part of the film and what is shown, with
    _ for -. With `start`, `end` or `duration` the frames keep the numbers and times of the source.
    Raises UsageError for a setting that does not exist, InputError for a video that cannot be read, ConfigError for a
    class or a view that the network does not have, a device that is not there and a region outside the picture, and
    WeightsError for weights that cannot be had, all at once. What shows when the network is loaded is raised at the
    first frame: WeightsError, ConfigError.
    """
    request = request_of_keywords(source, None, settings, _ROOMS)
    asked, place = resolve(request.settings), in_full(place_of(request.inputs[0]))
    film, model = excerpt(probe(place), asked.decode), asked.segment.model
    check_regions(asked.track.ignore_regions, film.whole)
    view = DrawnView.of(asked.render.view, model, *network_classes(model))
    view.check(asked.render.classes)
    network_runtime(asked.segment, class_maps=view.classes is not None)
    return _frames(asked, film, view)


def _frames(settings: Settings, film: VideoInfo, view: DrawnView) -> Iterator[Frame]:
    info = film.whole
    segmenter = Segmenter(settings.segment, class_maps=view.classes is not None)
    try:
        names = segmenter.setup()
        tracker = FilmTracker(settings.track, names, (info.height, info.width))
        shown = ShownTracks(settings.render, names)
        last = LastPicture()
        state, waiting = tracker.start(), deque[SeenFrame]()
        maps, motions = dict[int, ClassMap](), dict[int, FrameMotion]()
        keys = film_key_frames(film, settings.segment.every or 1)
        for chunk in plan(film):
            looked_at = keys.intersection(range(chunk.start, chunk.stop))
            task = SegmentTask(info, chunk, size_of(info.path), settings.decode, looked_at)
            seen = list(seen_frames(segmenter, task, last))
            waiting += seen
            if view.classes is not None:
                motions |= {one.frame.number: one.motion for one in seen}
                maps |= {one.frame.number: one.class_map for one in seen if one.class_map is not None}
            frames = [_film_frame(info, one) for one in waiting]
            state, final = tracker.follow(state, frames, is_end=chunk.stop == film.span[1])
            for tracks in final:
                frame = _frame(info, names, waiting.popleft(), tracks[shown.rows(tracks)])
                yield (
                    frame
                    if view.classes is None
                    else _with_classes(frame, settings, info, maps, motions, view.classes)
                )
    finally:
        segmenter.close()


def _with_classes(
    frame: Frame,
    settings: Settings,
    info: VideoInfo,
    maps: dict[int, ClassMap],
    motions: dict[int, FrameMotion],
    classes: PixelClasses,
) -> Frame:
    """The frame with its class map.

    maps, motions : those of the frames around it; the ones no longer needed are removed.
    """
    numbers = needed_maps(sorted(maps), frame.number, frame.number + 1)
    for known in (maps, motions):
        for number in [number for number in known if number < numbers[0]]:
            del known[number]
    seconds = {number: float(info.seconds(number)) for number in numbers}
    film = FilmClasses(
        seconds, maps.__getitem__, motions.__getitem__, (info.width, info.height), classes,
        steady=settings.track.steady > 0,
    )  # fmt: skip
    return replace(frame, class_map=film.of(frame.number), pixel_classes=classes)


def _film_frame(info: VideoInfo, one: SeenFrame) -> FilmFrame:
    return FilmFrame(float(info.seconds(one.frame.number)), one.detections, one.motion, one.edges)


def _frame(info: VideoInfo, names: Mapping[int, str], one: SeenFrame, shown: Tracks) -> Frame:
    number, found = one.frame.number, one.detections or Detections.empty()
    return Frame(number, float(info.seconds(number)), found, shown, info.width, info.height, names)
