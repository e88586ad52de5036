"""Run: a planned run, with everything resolved that is known before the first frame is decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.job.settings import Settings
from pipeline.record.layout import RunLayout
from pipeline.record.source_identity import SourceIdentity
from pipeline.store.header import Header
from pipeline.structures.address import Address, Place
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_motion import EdgeMap, FrameMotion
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.tone_map import as_painted
from pipeline.video.write.encoders import Encoder


@dataclass(frozen=True)
class Network:
    """The weights that a run's detections come from.

    model : their name or path. sha256 : of their content. class_names : name of each class id that they find.
    runtime : the program and precision that compute them. stored : the detections are there already, so the weights
    need not be here. classes : of the class maps that the run stores; None: it stores none.
    """

    model: str
    sha256: str
    class_names: Mapping[int, str]
    runtime: str
    stored: bool = False
    classes: PixelClasses | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """One source, one output, and every setting as it is used.

    asked : the settings before they were resolved. settings : as the passes use them.
    info : the whole source, whose frame numbers are used for decoding. film : the part that is worked on, or all of it.
    key_frames : numbers of the frames that the network looks at.
    destination : the object in a storage that the output becomes; None: it stays a file.
    """

    asked: Settings
    settings: Settings
    info: VideoInfo
    film: VideoInfo
    chunks: tuple[Chunk, ...]
    key_frames: frozenset[int]
    source: SourceIdentity
    network: Network
    encoder: Encoder
    layout: RunLayout
    warnings: tuple[str, ...]
    destination: Address | None = None

    @property
    def target(self) -> Place:
        """The final place of the output."""
        return self.destination or self.layout.output

    @property
    def shown(self) -> VideoInfo:
        """The film as its frames are painted, encoded and checked."""
        decode = self.settings.decode
        return as_painted(self.film, tone_map=decode.tone_map, deinterlace=decode.deinterlace)

    def header(self, start: int, motions: Sequence[FrameMotion], edges: Mapping[int, EdgeMap]) -> Header:
        """The header of a file of frames with these motions, the first of them number `start`."""
        numbers = [motion.to_numbers() for motion in motions]
        return Header(
            width=self.info.width,
            height=self.info.height,
            time_base=self.info.time_base,
            first_frame=start,
            pts=self.info.pts[start : start + len(numbers)],
            class_names=dict(self.network.class_names),
            motions=np.array(numbers, np.float32),
            edges=edges,
        )
