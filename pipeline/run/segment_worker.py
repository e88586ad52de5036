"""The work of the segment pass: a chunk in, its detections out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.run.reach import check_reach
from pipeline.run.read_ahead import read_ahead
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.chunk import Chunk
from pipeline.structures.detections import Detections
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage
from pipeline.structures.packet_span import PacketSpan
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import DecodedFrame, decode_rgb
from pipeline.video.read.gaps import patched
from pipeline.video.settings import DecodeSettings


@dataclass(frozen=True, eq=False)
class SegmentTask:
    """A chunk to look at. size : of the source in bytes. packets : where the source is out of reach."""

    info: VideoInfo
    chunk: Chunk
    size: int
    decode: DecodeSettings
    packets: PacketSpan | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of packets that travel with it."""
        return self.packets.nbytes if self.packets is not None else 0


@dataclass(frozen=True, eq=False)
class Segmented:
    """What was found in each frame of a chunk.

    frames : in source pixels, upright.
    damage : frames that do not decode as they should; missing ones show their neighbour.
    seconds : that it took; network_seconds : that the network took of them.
    fitted : how many frames were scaled to the size of the video's first.
    """

    frames: list[Detections]
    damage: FrameDamage
    seconds: float
    network_seconds: float
    fitted: int = 0


class SegmentWorker:
    """A network that looks at chunks. See workers.contract.Worker."""

    def __init__(self, settings: SegmentSettings, threads: int | None = None) -> None:
        self._segmenter = Segmenter(settings, threads)

    def setup(self) -> Mapping[int, str]:
        """Load the network; its class names."""
        return self._segmenter.setup()

    def process(self, task: SegmentTask) -> Segmented:
        """The detections of a chunk. The next batch is decoded while the network looks at this one."""
        check_reach(task.info.path, task.size, task.packets)
        began, busy, info = time.perf_counter(), 0.0, task.info
        width, height = self._segmenter.frame_size(info.width, info.height, info.sample_aspect)
        decoded = patched(
            info,
            task.chunk,
            lambda span: decode_rgb(
                info,
                span,
                width,
                height,
                packets=task.packets,
                damaged="repeat",
                deinterlace=task.decode.deinterlace,
            ),
        )
        found: list[Detections] = []
        damage, fitted = NO_DAMAGE, 0
        with read_ahead(_batches(decoded, self._segmenter.batch)) as batches:
            for pictures, batch in batches:
                started = time.perf_counter()
                seen = self._segmenter.segment(pictures)
                busy += time.perf_counter() - started
                found += [frame.scaled(info.width / width, info.height / height) for frame in seen]
                damage |= damage_of(batch)
                fitted += sum(frame.fitted for frame in batch)
        return Segmented(found, damage, time.perf_counter() - began, busy, fitted)

    def close(self) -> None:
        """Let go of the network."""
        self._segmenter.close()


def _batches(
    frames: Iterable[DecodedFrame[NDArray[np.uint8]]], size: int
) -> Iterator[tuple[NDArray[np.uint8], list[DecodedFrame[NDArray[np.uint8]]]]]:
    """Pictures [B, H, W, 3] of up to `size` frames, and the frames they are of."""
    frames = iter(frames)
    while batch := list(islice(frames, size)):
        yield np.stack([frame.picture for frame in batch]), batch


def damage_of(frames: Sequence[DecodedFrame[Any]]) -> FrameDamage:
    """What decoding says of these frames."""
    return FrameDamage.of(
        (frame.number for frame in frames if frame.repeated),
        (frame.number for frame in frames if frame.flawed and not frame.repeated),
    )
