"""The work of the segment pass: find the detections of a chunk, and the motion of the camera."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.record.spent import NOTHING, Spent
from pipeline.run.work.meter import METER
from pipeline.run.work.reach import check_reach
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.address import Place
from pipeline.structures.chunk import Chunk
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.frame_motion import EdgeMap, FrameMotion
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import DecodedFrame, SmallPictures, decode_small
from pipeline.video.read.gaps import without_gaps
from pipeline.video.read.motion import Grey, camera_motion, sampled_edges
from pipeline.video.read.packet_span import PacketSpan
from pipeline.video.read.plan import with_frame_before
from pipeline.video.settings import DecodeSettings

#: A frame, the camera's motion into it, and its edges where it is sampled.
MovedFrame = tuple[DecodedFrame[SmallPictures], FrameMotion, EdgeMap | None]


@dataclass(frozen=True, eq=False)
class SegmentTask:
    """A chunk to look at.

    size : of the source in bytes. key_frames : numbers of the frames that the network looks at.
    packets : given if the source is out of reach.
    """

    info: VideoInfo
    chunk: Chunk
    size: int
    decode: DecodeSettings
    key_frames: Collection[int]
    packets: PacketSpan | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of packets that travel with it."""
        return self.packets.nbytes if self.packets is not None else 0


@dataclass(frozen=True, eq=False)
class Segmented:
    """The detections of each frame of a chunk.

    frames : in pixels of the upright source; empty for frames that the network did not look at.
    class_maps : by number of the key frame; empty if none were requested.
    motions : of the camera into each frame. edges : by frame number, of the sampled frames.
    damage : of the frames; a missing one shows its neighbour.
    seconds : that it took. network_seconds : the network's share of them.
    fitted : number of frames that were scaled to the size of the first. spent : by the worker's process since its last
    report.
    """

    frames: list[Detections]
    motions: list[FrameMotion]
    damage: FrameDamage
    seconds: float
    network_seconds: float
    fitted: int = 0
    class_maps: Mapping[int, ClassMap] = field(default_factory=dict)
    edges: Mapping[int, EdgeMap] = field(default_factory=dict)
    spent: Spent = NOTHING


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """One frame, without its pixels. detections, class_map : None if the network did not look at it.

    edges : of one frame per second.
    """

    frame: DecodedFrame[None]
    motion: FrameMotion
    edges: EdgeMap | None
    detections: Detections | None
    network_seconds: float
    class_map: ClassMap | None = None


class LastPicture:
    """A small copy of the last decoded frame, so that the next chunk need not decode that frame again.

    For a chunk that begins with a keyframe this saves decoding the whole GOP before it.
    """

    def __init__(self) -> None:
        self._kept: tuple[Place, DecodeSettings, int, Grey] | None = None

    def before(self, task: SegmentTask) -> Grey | None:
        """The picture of the frame before the chunk; None if another frame was decoded last."""
        asked, kept = (task.info.path, task.decode, task.chunk.start - 1), self._kept
        return kept[3] if kept is not None and kept[:3] == asked else None

    def keep(self, task: SegmentTask, number: int, grey: Grey | None) -> None:
        """Keep the picture of frame `number`."""
        self._kept = None if grey is None else (task.info.path, task.decode, number, grey)


class SegmentWorker:
    """Runs the network on chunks. See workers.contract.Worker. gpus : that it holds."""

    def __init__(
        self,
        settings: SegmentSettings,
        threads: int | None = None,
        *,
        class_maps: bool = False,
        gpus: float = 0,
    ) -> None:
        self._segmenter = Segmenter(settings, threads, class_maps=class_maps)
        self._last, self._gpus = LastPicture(), gpus

    def setup(self) -> Mapping[int, str]:
        """Load the network; its class names."""
        return self._segmenter.setup()

    def process(self, task: SegmentTask) -> Segmented:
        """The detections of a chunk."""
        check_reach(task.info.path, task.size, task.packets)
        began = time.perf_counter()
        seen = list(seen_frames(self._segmenter, task, self._last))
        return Segmented(
            frames=[one.detections or Detections.empty() for one in seen],
            motions=[one.motion for one in seen],
            damage=damage_of([one.frame for one in seen]),
            seconds=time.perf_counter() - began,
            network_seconds=sum(one.network_seconds for one in seen),
            fitted=sum(one.frame.fitted for one in seen),
            class_maps={one.frame.number: one.class_map for one in seen if one.class_map is not None},
            edges={one.frame.number: one.edges for one in seen if one.edges is not None},
            spent=METER.take(self._gpus),
        )

    def close(self) -> None:
        """Release the network."""
        self._segmenter.close()


def seen_frames(segmenter: Segmenter, task: SegmentTask, last: LastPicture) -> Iterator[SeenFrame]:
    """The frames of a chunk in order, with the detections of its key frames, and the camera's motion.

    last : left by the chunk before, and updated for the next. While the network works on some frames, the next ones are
    decoded.
    """
    info = task.info
    width, height = segmenter.frame_size(info.width, info.height, info.sample_aspect)
    to_source = info.width / width, info.height / height
    looking: deque[Future[list[SeenFrame]]] = deque()
    with ThreadPoolExecutor(segmenter.callers, thread_name_prefix="segment") as threads:
        for batch in _batches(_moved_frames(task, width, height, last), task.key_frames, segmenter.batch):
            looking.append(threads.submit(_look, segmenter, task, batch, to_source))
            if len(looking) > segmenter.callers:
                yield from looking.popleft().result()
        while looking:
            yield from looking.popleft().result()


def _look(
    segmenter: Segmenter,
    task: SegmentTask,
    batch: Sequence[MovedFrame],
    to_source: tuple[float, float],
) -> list[SeenFrame]:
    """Run the network on the key frames of a batch."""
    began = time.perf_counter()
    pictures = [frame.picture.rgb for frame, *_ in batch if frame.picture.rgb is not None]
    # Stacking copies, which for a single one is a millisecond of fresh pages.
    frames = pictures[0][None] if len(pictures) == 1 else np.array(pictures)
    found = iter(segmenter.look(frames) if pictures else ())
    seconds = (time.perf_counter() - began) / len(batch)
    seen = []
    for frame, motion, edges in batch:
        detections, class_map = next(found) if frame.number in task.key_frames else (None, None)
        scaled = None if detections is None else detections.scaled(*to_source)
        seen.append(SeenFrame(frame.without_picture(), motion, edges, scaled, seconds, class_map))
    return seen


def _moved_frames(task: SegmentTask, width: int, height: int, last: LastPicture) -> Iterator[MovedFrame]:
    """Each frame of the chunk, with the camera's motion since the frame before it."""
    info, chunk = task.info, task.chunk
    before, damaged = last.before(task), False
    for frame in without_gaps(
        info,
        with_frame_before(info, chunk) if before is None else chunk,
        lambda span: decode_small(
            info,
            span,
            width,
            height,
            task.key_frames,
            packets=task.packets,
            deinterlace=task.decode.deinterlace,
        ),
    ):
        grey = frame.picture.grey
        if frame.number >= chunk.start:
            yield frame, camera_motion(before, grey, info.width), sampled_edges(info, frame.number, grey)
        before, damaged = grey, damaged or frame.repeated or frame.flawed
    # After damage, pictures depend on where decoding began; the next chunk must not depend on this one.
    last.keep(task, chunk.stop - 1, None if damaged else before)


def _batches(
    frames: Iterator[MovedFrame], key_frames: Collection[int], size: int
) -> Iterator[list[MovedFrame]]:
    """Frames in order, up to `size` key frames at a time."""
    batch: list[MovedFrame] = []
    for moved in frames:
        batch.append(moved)
        if sum(one.number in key_frames for one, *_ in batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def damage_of(frames: Sequence[DecodedFrame[Any]]) -> FrameDamage:
    """The damage of decoded frames."""
    return FrameDamage.of(
        (frame.number for frame in frames if frame.repeated),
        (frame.number for frame in frames if frame.flawed and not frame.repeated),
    )
