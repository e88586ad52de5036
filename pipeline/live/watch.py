"""watch: a live source in a browser, from its name to the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.cores import usable_cores
from pipeline.errors import InputError
from pipeline.live.opening import live_input, stream_command
from pipeline.live.server import LiveServer
from pipeline.live.session import LiveSession
from pipeline.live.source import LiveSource
from pipeline.render.drawn_view import DrawnView
from pipeline.render.settings import RenderSettings
from pipeline.segment.network_classes import network_classes
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.segment.shrink import shrunk
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.track.settings import TrackSettings
from pipeline.video.stream.recording import Recording


@dataclass(frozen=True)
class LiveJob:
    """A live source and how it is shown.

    source, loop : as live_input takes them. host, port : where the page is; port 0 is any free one.
    record : an MP4 that keeps what is shown; None: none. force : it may replace a file.
    """

    source: str
    loop: bool = False
    host: str = "127.0.0.1"
    port: int = 5000
    record: Path | None = None
    force: bool = False
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)


@dataclass(frozen=True)
class Recorded:
    """A recording that was made. path : none is there without a picture. seconds : time of the last picture."""

    path: Path
    pictures: int
    seconds: float


def watch(
    job: LiveJob,
    program: Path,
    opened: Callable[[str], None],
    lost: Callable[[str], None],
    stop: Callable[[], bool],
) -> Recorded | None:
    """Show the source until it ends, or `stop` says so; the facts of the recording, if one was asked for.

    Parameters
    ----------
    job : the source and settings.
    program : ffmpeg.
    opened : is told the page's address, once it can be opened.
    lost : is told why no pictures come, each time that this begins; and an empty text when they come again.
    stop : asked at least twice a second, once there is a picture.

    Raises InputError for no source and for a file that is no video, UsageError for an address or a file that cannot be
    had, WeightsError, ConfigError, and for what cannot be recorded WriteError, MediaError.

    """
    target = live_input(job.source, loop=job.loop)
    view = DrawnView.of(job.render.view, job.segment.model, *network_classes(job.segment.model))
    widest = DrawnView.of(view.possible[-1], job.segment.model, *network_classes(job.segment.model))
    # One core is left to receiving and painting: with the network on it too, pictures came late in turns.
    cores = max(usable_cores() - 1, 1)
    # A GPU's program takes eight pictures if nothing is said, of which seven would be black.
    settings = replace(job.segment, batch=1)
    segmenter = Segmenter(settings, cores, callers=1, class_maps=widest.classes is not None)
    segmenter.setup()
    recording = None if job.record is None else Recording(job.record, replace=job.force)
    try:
        source = LiveSource(
            stream_command(target, program, sound=recording is not None),
            ends=target.ends,
            is_file=target.is_file,
            every=job.segment.every or 1,
            sound=None if recording is None else recording.sound,
        )
        render = replace(job.render, view=view.name)
        record = None if recording is None else recording.picture
        session = LiveSession(source, _Finder(segmenter), widest, render, job.track, record)
        _serve(session, job, opened, _and_tell(stop, source, lost))
        if source.state == "ended" and not source.received:
            raise InputError(f"{target.name} cannot be shown.", found=source.trouble, do="is it a video?")
    finally:
        segmenter.close()
        if recording is not None:
            recording.close()
    return None if recording is None else Recorded(recording.path, recording.pictures, recording.seconds)


def _serve(
    session: LiveSession, job: LiveJob, opened: Callable[[str], None], stop: Callable[[], bool]
) -> None:
    server = LiveServer(session, job.host, job.port)
    server.start()
    try:
        opened(server.address)
        session.run(stop)
    finally:
        session.close()
        server.close()


def _and_tell(
    stop: Callable[[], bool], source: LiveSource, lost: Callable[[str], None]
) -> Callable[[], bool]:
    """`stop`, which tells of the source's losses whenever it is asked."""
    is_lost = False

    def asked() -> bool:
        nonlocal is_lost
        if source.state != "connecting" and (source.state == "lost") != is_lost:
            is_lost = not is_lost
            lost(source.trouble if is_lost else "")
        return stop()

    return asked


class _Finder:
    """The network on pictures of any size, shrunk to what it looks at."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def __call__(self, rgb: NDArray[np.uint8], *, class_map: bool) -> tuple[Detections, ClassMap | None]:
        height, width = rgb.shape[:2]
        wide, tall = self._segmenter.frame_size(width, height, None)
        small = shrunk(rgb, wide, tall)
        found: Detections
        if class_map:
            ((found, classes),) = self._segmenter.look(small[None])
        else:
            (found,), classes = self._segmenter.segment(small[None]), None
        return found.scaled(width / wide, height / tall), classes
