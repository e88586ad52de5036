"""The work of the render pass: a chunk and its tracks in, a part of the output video out."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.render.overlay import Overlay
from pipeline.render.settings import RenderSettings
from pipeline.run.reach import check_reach
from pipeline.structures.chunk import Chunk
from pipeline.structures.packet_span import PacketSpan
from pipeline.structures.tracks import Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.tone_map import shown
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.gaps import patched
from pipeline.video.settings import DecodeSettings
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import Encoder


@dataclass(frozen=True, eq=False)
class RenderTask:
    """A chunk to paint.

    size : of the source in bytes. packets : where the source is out of reach. scratch : folder for the part
    until it is whole; a worker that can't see it uses its own machine's. left_out : numbers of frames that do
    not go into the part.
    """

    info: VideoInfo
    chunk: Chunk
    size: int
    tracks: Sequence[Tracks]
    class_names: Mapping[int, str]
    render: RenderSettings
    encoder: Encoder
    decode: DecodeSettings
    scratch: Path
    packets: PacketSpan | None = None
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Rendered:
    """A part: the bytes of its file, none where all of its frames are left out; and the seconds it took."""

    part: bytes
    seconds: float


class RenderWorker:
    """A painter and encoder of chunks; needs no GPU. See crew.Worker."""

    def setup(self) -> None:
        """Nothing: importing this module loaded all there is."""

    def process(self, task: RenderTask) -> Rendered:
        """The part of a chunk."""
        check_reach(task.info.path, task.size, task.packets)
        began = time.perf_counter()
        if task.left_out.issuperset(range(task.chunk.start, task.chunk.stop)):
            return Rendered(b"", time.perf_counter() - began)
        overlay = Overlay(task.render, task.class_names)
        decoded = patched(
            task.info,
            task.chunk,
            lambda span: decode_yuv(
                task.info,
                span,
                packets=task.packets,
                damaged="repeat",
                deinterlace=task.decode.deinterlace,
                tone_map=task.decode.tone_map,
            ),
        )
        painted = (
            overlay.paint(frame.picture, tracks)
            for frame, tracks in zip(decoded, task.tracks, strict=True)
            if frame.number not in task.left_out
        )
        scratch = task.scratch if task.scratch.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="seg-video-part-", dir=scratch) as folder:
            path = Path(folder) / "part.mp4"
            becomes = shown(task.info, tone_map=task.decode.tone_map)
            encode_part(path, painted, becomes, task.chunk, task.encoder, left_out=task.left_out)
            return Rendered(path.read_bytes(), time.perf_counter() - began)

    def close(self) -> None:
        """Nothing to let go of."""
