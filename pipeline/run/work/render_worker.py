"""The work of the render pass: paint a chunk with its tracks, and encode it as a part of the output."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import digest_of
from pipeline.record.spent import Spent
from pipeline.render.frame_labels import FrameLabels
from pipeline.render.overlay import Overlay
from pipeline.render.settings import RenderSettings
from pipeline.run.work.meter import METER
from pipeline.run.work.reach import check_reach
from pipeline.structures.chunk import Chunk
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.tone_map import as_painted
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.gaps import without_gaps
from pipeline.video.read.packet_span import PacketSpan
from pipeline.video.settings import DecodeSettings
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import Encoder


@dataclass(frozen=True, eq=False)
class RenderTask:
    """A chunk to paint.

    size : of the source in bytes. packets : given if the source is out of reach. part : the file to make; a worker that
    cannot reach its folder returns the content instead. left_out : numbers of frames that do not go into the part.
    class_maps : of each frame; None for one that is painted without. classes : of the class maps.
    """

    info: VideoInfo
    chunk: Chunk
    size: int
    tracks: Sequence[Tracks]
    labels: Sequence[FrameLabels]
    class_names: Mapping[int, str]
    render: RenderSettings
    encoder: Encoder
    decode: DecodeSettings
    part: Path
    packets: PacketSpan | None = None
    left_out: frozenset[int] = frozenset()
    class_maps: Sequence[ClassMap | None] = ()
    classes: PixelClasses | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of packets and class maps that travel with it."""
        maps = {id(one): one.nbytes for one in self.class_maps if one is not None}
        return sum(maps.values()) + (self.packets.nbytes if self.packets is not None else 0)


@dataclass(frozen=True, eq=False)
class Rendered:
    """A part of the output; empty if all of its frames are left out.

    sha256 : of its content. content : the bytes, if the worker could not write the file itself; otherwise None.
    seconds : that it took. spent : by the worker's process since its last report.
    """

    sha256: str
    content: bytes | None
    seconds: float
    spent: Spent


class RenderWorker:
    """A painter and encoder of chunks; needs no GPU. See workers.contract.Worker."""

    def setup(self) -> None:
        """Do nothing: importing this module has loaded everything."""

    def process(self, task: RenderTask) -> Rendered:
        """The part of a chunk."""
        check_reach(task.info.path, task.size, task.packets)
        began = time.perf_counter()
        if task.left_out.issuperset(range(task.chunk.start, task.chunk.stop)):
            return _sent(b"", began)
        overlay = Overlay(task.render, task.class_names, task.classes)
        decoded = without_gaps(
            task.info,
            task.chunk,
            lambda span: decode_yuv(
                task.info,
                span,
                packets=task.packets,
                deinterlace=task.decode.deinterlace,
                tone_map=task.decode.tone_map,
            ),
        )
        painted = (
            overlay.paint_over(frame.picture, tracks, labels, class_map)
            for frame, tracks, labels, class_map in zip(
                decoded, task.tracks, task.labels, task.class_maps, strict=True
            )
            if frame.number not in task.left_out
        )
        becomes = as_painted(task.info, tone_map=task.decode.tone_map)
        if task.part.parent.is_dir():
            encode_part(task.part, painted, becomes, task.chunk, task.encoder, left_out=task.left_out)
            return Rendered(digest_of(task.part), None, time.perf_counter() - began, METER.take())
        with tempfile.TemporaryDirectory(prefix="seg-video-part-") as folder:
            path = Path(folder) / "part.mp4"
            encode_part(path, painted, becomes, task.chunk, task.encoder, left_out=task.left_out)
            return _sent(path.read_bytes(), began)

    def close(self) -> None:
        """Nothing to release."""


def _sent(content: bytes, began: float) -> Rendered:
    """A part whose file the driver writes."""
    return Rendered(hashlib.sha256(content).hexdigest(), content, time.perf_counter() - began, METER.take())
