"""Decodes the frames of a chunk: exactly those, upright, each with its pts; a missing one is its neighbour again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipeline.errors import DamagedInputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.colour.pixels import to_grey, to_rgb, to_yuv, top_down
from pipeline.video.colour.tone_map import as_painted, is_hdr, sdr, tone_mapped
from pipeline.video.read.deinterlace import deinterlaced
from pipeline.video.read.demux import open_decoder, read_packets
from pipeline.video.read.motion import Grey, grey_size
from pipeline.video.read.packet_span import PacketSpan
from pipeline.video.read.packets import open_packets
from pipeline.video.read.source import reason

AnyPicture = TypeVar("AnyPicture")


@dataclass(frozen=True)
class DecodedFrame(Generic[AnyPicture]):
    """One frame of the source.

    number : position among all frames that are shown, from 0.
    pts : when it is shown, in the source's time base.
    picture : its pixels, upright.
    repeated : the frame can't be decoded, and this is its neighbour's picture.
    flawed : the decoder marks the picture as damaged.
    fitted : the frame was coded in another size than the first, and is scaled to that.
    """

    number: int
    pts: int
    picture: AnyPicture
    repeated: bool
    flawed: bool = False
    fitted: bool = False

    def without_picture(self) -> DecodedFrame[None]:
        """The same without its pixels, once they are no longer needed."""
        return DecodedFrame(self.number, self.pts, None, self.repeated, self.flawed, self.fitted)


@dataclass(frozen=True, eq=False)
class SmallPictures:
    """A frame in the sizes that it is looked at in, upright.

    grey : uint8 [h, w], luma in the size of `grey_size`, in which the camera's motion is measured.
    rgb : uint8 [H, W, 3] for the network; None of a frame that it does not look at.
    """

    grey: Grey
    rgb: NDArray[np.uint8] | None


def decode_yuv(
    info: VideoInfo,
    chunk: Chunk,
    *,
    packets: PacketSpan | None = None,
    deinterlace: bool = False,
    tone_map: bool = False,
    threads: int = 1,
) -> Iterator[DecodedFrame[YuvFrame]]:
    """Frames [chunk.start, chunk.stop) in full size, in the planes they were coded in.

    One that cannot be decoded has the last good picture, at the very start the next one.

    Parameters
    ----------
    info, chunk : the source and the span.
    packets : the result of `cut_packets`, if the source itself is out of reach.
    deinterlace : turn interlaced frames into progressive ones.
    tone_map : turn HDR frames into SDR, as `sdr(info)` describes them.
    threads : of the decoder, 0 for as many as there are cores; chunks are decoded side by side, so use 1 for those.

    Raises DamagedInputError if no frame of the chunk can be decoded.

    """
    becomes = as_painted(info, tone_map=tone_map)

    def convert(_: int, frame: VideoFrame) -> YuvFrame:
        frame = deinterlaced(frame) if deinterlace else frame
        if tone_map and is_hdr(info):
            frame = tone_mapped(frame, info, info.width, info.height)
        return to_yuv(frame, becomes)

    return _decode(info, chunk, packets, threads, convert)


def decode_rgb(
    info: VideoInfo,
    chunk: Chunk,
    width: int,
    height: int,
    *,
    deinterlace: bool = False,
) -> Iterator[DecodedFrame[NDArray[np.uint8]]]:
    """The same frames as uint8 RGB [height, width, 3], scaled to this size regardless of the aspect.

    HDR is always tone-mapped, because networks are trained on SDR, as which HDR values look pale.
    """

    def convert(_: int, frame: VideoFrame) -> NDArray[np.uint8]:
        return _small(deinterlaced(frame) if deinterlace else frame, info, width, height, to_rgb)

    return _decode(info, chunk, None, 1, convert)


def decode_small(
    info: VideoInfo,
    chunk: Chunk,
    width: int,
    height: int,
    looked_at: Collection[int],
    *,
    packets: PacketSpan | None = None,
    deinterlace: bool = False,
) -> Iterator[DecodedFrame[SmallPictures]]:
    """The same frames as the segment pass needs them.

    width, height : of RGB, px, as `decode_rgb` gives it. looked_at : numbers of the frames that it is made of.
    """
    size = grey_size(info)

    def convert(number: int, frame: VideoFrame) -> SmallPictures:
        frame = deinterlaced(frame) if deinterlace else frame
        grey = _small(frame, info, *size, to_grey)
        return SmallPictures(
            grey, _small(frame, info, width, height, to_rgb) if number in looked_at else None
        )

    return _decode(info, chunk, packets, 1, convert)


def _small(
    frame: VideoFrame,
    info: VideoInfo,
    width: int,
    height: int,
    convert: Callable[[VideoFrame, VideoInfo, int, int], NDArray[np.uint8]],
) -> NDArray[np.uint8]:
    """A frame in another size, HDR as SDR."""
    frame = tone_mapped(frame, info, width, height) if is_hdr(info) else frame
    return convert(frame, sdr(info), width, height)


def _decode(
    info: VideoInfo,
    chunk: Chunk,
    span: PacketSpan | None,
    threads: int,
    convert: Callable[[int, VideoFrame], AnyPicture],
) -> Iterator[DecodedFrame[AnyPicture]]:
    complaints: list[str] = []
    with _open(info, chunk, span) as (context, packets):
        context.thread_count = threads
        found = 0
        numbered = _numbered(info, decoded_frames(context, packets, complaints))
        for number, frame, repeated in _every_frame(chunk, numbered):
            found += not repeated
            fitted = (frame.width, frame.height) != (info.coded_width, info.coded_height)
            picture = convert(number, top_down(frame))
            yield DecodedFrame(number, int(info.pts[number]), picture, repeated, frame.is_corrupt, fitted)
    if found == 0:
        raise DamagedInputError(
            f"None of the frames {chunk.start} to {chunk.stop - 1} of {info.path} can be decoded.",
            found=f"the decoder says: {complaints[-1]}" if complaints else "no complaint of the decoder",
            do="check that the file is complete; a recording that was cut off may need repair",
        )


@contextmanager
def _open(
    info: VideoInfo, chunk: Chunk, span: PacketSpan | None
) -> Iterator[tuple[VideoCodecContext, Iterator[Packet]]]:
    if span is not None:
        yield open_decoder(span), read_packets(span)
        return
    with open_packets(info, chunk) as (stream, packets):
        yield stream.codec_context, packets


def decoded_frames(
    context: VideoCodecContext, packets: Iterator[Packet], complaints: list[str]
) -> Iterator[VideoFrame]:
    """The frames that can be decoded, in the order of showing; complaints about the others are added."""
    refused = False
    for packet in chain(packets, [None]):
        if refused and packet is not None and packet.is_keyframe:
            # Behind a gap H.264's picture order can seem to run backwards, and FFmpeg then gives out nothing
            # any more: 8 good frames behind 16 lost ones were seen to go so. A keyframe starts anew.
            yield from _fed(context, None, complaints)
            context.flush_buffers()
        before = len(complaints)
        yield from _fed(context, packet, complaints)
        refused = len(complaints) > before


def _fed(context: VideoCodecContext, packet: Packet | None, complaints: list[str]) -> list[VideoFrame]:
    """The frames that the decoder gives out when it is fed a packet, or the end."""
    try:
        return context.decode(packet)
    except FFmpegError as error:
        complaints.append(reason(error))
        return []


def _numbered(info: VideoInfo, frames: Iterator[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
    """Each frame with its number; a frame with a time that no frame of the index has is left out."""
    before, repeats = None, 0
    for frame in frames:
        if frame.pts is None:
            continue
        repeats = repeats + 1 if frame.pts == before else 0
        before = frame.pts
        number = int(np.searchsorted(info.pts, frame.pts)) + repeats
        if number < info.frame_count and info.pts[number] == frame.pts:
            yield number, frame


def _every_frame(
    chunk: Chunk, frames: Iterator[tuple[int, VideoFrame]]
) -> Iterator[tuple[int, VideoFrame, bool]]:
    """All frames of the chunk; one that is missing is the last good one again, at the very start the next."""
    due = chunk.start
    last: VideoFrame | None = None
    for number, frame in frames:
        if number >= chunk.stop or due == chunk.stop:
            break
        if number >= due:
            for missing in range(due, number):
                yield missing, last or frame, True
            yield number, frame, False
            due = number + 1
        last = frame
    if last is not None:
        for missing in range(due, chunk.stop):
            yield missing, last, True
