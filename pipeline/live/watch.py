"""watch: a live source in a browser, from its name to the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.live.opening import live_input, pictures_command
from pipeline.live.server import LiveServer
from pipeline.live.session import LiveSession
from pipeline.live.source import LiveSource
from pipeline.render.settings import RenderSettings
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.segment.view import view_of
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.track.settings import TrackSettings


@dataclass(frozen=True)
class LiveJob:
    """A live source and how it is shown.

    source, loop : as live_input takes them. host, port : where the page is; port 0 is any free one.
    """

    source: str
    loop: bool = False
    host: str = "127.0.0.1"
    port: int = 5000
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    render: RenderSettings = field(default_factory=RenderSettings)


def watch(job: LiveJob, program: Path, opened: Callable[[str], None], stop: Callable[[], bool]) -> None:
    """Show the source until it ends, or `stop` says so.

    Parameters
    ----------
    job : the source and settings.
    program : ffmpeg.
    opened : is told the page's address, once it can be opened.
    stop : asked at least twice a second, once there is a picture.

    Raises InputError for no source, UsageError for an address that cannot be had, WeightsError, ConfigError.

    """
    target = live_input(job.source, loop=job.loop)
    view = view_of(job.segment.model, job.render.view)
    widest = view_of(job.segment.model, view.possible[-1])
    segmenter = Segmenter(job.segment, class_maps=widest.classes is not None)
    segmenter.setup()
    source = LiveSource(pictures_command(target, program), ends=target.ends)
    render = replace(job.render, view=view.name)
    session = LiveSession(source, _Finder(segmenter), widest, render, job.track)
    server = LiveServer(session, job.host, job.port)
    server.start()
    try:
        opened(server.address)
        session.run(stop)
    finally:
        session.close()
        server.close()
        segmenter.close()


class _Finder:
    """The network on pictures of any size, shrunk to what it looks at."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def __call__(self, rgb: NDArray[np.uint8], *, class_map: bool) -> tuple[Detections, ClassMap | None]:
        height, width = rgb.shape[:2]
        wide, tall = self._segmenter.frame_size(width, height, None)
        small = rgb
        if (wide, tall) != (width, height):
            small = np.asarray(cv2.resize(rgb, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
        found: Detections
        if class_map:
            ((found, classes),) = self._segmenter.look(small[None])
        else:
            (found,), classes = self._segmenter.segment(small[None]), None
        return found.scaled(width / wide, height / tall), classes
