"""Encodes the painted frames of one chunk to a part of the output video, with their exact pts."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.errors import MediaError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.colour.pixels import to_av
from pipeline.video.read.source import open_source, video_stream
from pipeline.video.write.encoders import Encoder, open_encoder, tells_fields
from pipeline.video.write.timeline import decoding_times, output_timeline
from pipeline.video.write.whole_video import whole_video

#: Painted frames that wait for the encoder.
_FRAMES_AHEAD = 2


def encode_part(
    path: Path,
    frames: Iterable[YuvFrame],
    info: VideoInfo,
    chunk: Chunk,
    encoder: Encoder,
    *,
    left_out: Collection[int] = (),
) -> None:
    """Write the frames of `chunk`, in order, as an MP4 whose first frame is shown at 0.

    left_out : numbers of frames that are not among them, all of the source's if need be; one at least is left.
    The file is read back before it takes its name. The same frames, encoder and machine give the same bytes.
    Raises MediaError if there are more or fewer frames than the chunk has, or they cannot be written.
    """
    timeline = output_timeline(info)
    numbers = np.setdiff1d(np.arange(chunk.start, chunk.stop), np.array(sorted(left_out), np.int64))
    pts = timeline.pts[numbers] - timeline.pts[numbers[0]]
    ticks = str(timeline.time_base.denominator)
    with whole_video(path) as temporary:
        with av.open(
            f"file:{temporary}",
            "w",
            format="mp4",
            # The movie's clock rounds edit lists, so it is given the track's.
            container_options={
                "fflags": "+bitexact",
                "video_track_timescale": ticks,
                "movie_timescale": ticks,
            },
        ) as container:
            stream = open_encoder(container, info, encoder)
            pictures = _timed(frames, info, pts, timeline.time_base, encoder.layout)
            if tells_fields(encoder):
                pictures = _in_fields(pictures, info)
            count = _write_frames(container, stream, _ahead(pictures), pts)
        _check(temporary, path, pts, count)


def _write_frames(
    container: OutputContainer, stream: VideoStream, frames: Iterable[VideoFrame], pts: NDArray[np.int64]
) -> int:
    """Encode frames that are to be shown at `pts` into `container`; how many there were."""
    dts = iter(decoding_times(pts).tolist())
    count = 0
    for frame in chain(frames, [None]):
        count += frame is not None
        for packet in _encoded(stream, frame):
            packet.dts = next(dts, packet.dts)
            container.mux(packet)
    return count


def _encoded(stream: VideoStream, frame: VideoFrame | None) -> list[Packet]:
    """The packets that the encoder gives out when it is fed a frame, or the end."""
    return stream.encode(frame)


def _timed(
    frames: Iterable[YuvFrame],
    info: VideoInfo,
    pts: NDArray[np.int64],
    time_base: Fraction,
    layout: str,
) -> Iterator[VideoFrame]:
    for number, frame in enumerate(frames):
        made = to_av(frame, info, layout)
        # A frame too many gets the last one's time, is counted, and refused with the part.
        made.pts = int(pts[min(number, len(pts) - 1)])
        made.time_base = time_base
        yield made


def _ahead(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """The same frames, of which the next are decoded and painted in a thread while one is encoded.

    A short film has one chunk, a long one ends with one: its painting and its encoder then have a core each.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="paint") as thread:
        coming = deque(thread.submit(next, frames, None) for _ in range(_FRAMES_AHEAD))
        while (frame := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, frames, None))
            yield frame


def _in_fields(frames: Iterable[VideoFrame], info: VideoInfo) -> Iterator[VideoFrame]:
    """The frames, marked as two fields in the source's order: PyAV cannot mark one, FFmpeg's filter can."""
    graph = None
    for frame in frames:
        if graph is None:
            graph = Graph()
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            order = "tff" if info.field_order == "top field first" else "bff"
            graph.link_nodes(
                source, graph.add("setfield", f"mode={order}"), graph.add("buffersink")
            ).configure()
        graph.push(frame)
        marked = graph.pull()
        assert isinstance(marked, VideoFrame)
        yield marked


def _check(temporary: Path, path: Path, pts: NDArray[np.int64], count: int) -> None:
    """Raise MediaError unless the file holds exactly these frames."""
    try:
        with open_source(temporary) as container:
            stream = video_stream(container, 0)
            found = sorted(packet.pts or 0 for packet in container.demux(stream) if packet.size)
    except FFmpegError:
        found = []
    if count != len(pts) or found != pts.tolist():
        raise MediaError(
            f"The part {path} does not hold the frames of its chunk.",
            found=f"{count} frames given, {len(found)} written, instead of {len(pts)} at the source's times",
            do="run again; if it stays, choose another encoder",
        )
