"""The frames that a file's video stream shows, read off the packets, never off a header."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.structures.address import Place
from pipeline.video.headers.nal_units import nal_units, unit_type
from pipeline.video.read.source import BROADCAST_CONTAINERS, demuxed, open_source, reason, video_stream

#: Formats that count packets instead of dating them. With B-frames their pts are a guess in decoding order.
_UNDATED_CONTAINERS = {"avi", "h264", "hevc", "m4v", "mpegvideo", "vc1", "obu"}

#: What a stream that states no rate at all is played at.
_DEFAULT_RATE = Fraction(25)

#: Types of NAL units at which no picture is kept for reference: H.264's IDR (7.4.1.2.4), H.265's two (7.4.2.2).
_RESETS = {"h264": {5}, "hevc": {19, 20}}

#: Formats whose keyframes drop all of them (RFC 6386, 9.1; VP9 specification, 7.2).
_ALWAYS = {"vp8", "vp9"}


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """The columns of VideoInfo that are read off packets, under the same names."""

    timed: bool
    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]
    resets: NDArray[np.bool_]
    decode_order: NDArray[np.int64]
    end_pts: int
    damage: tuple[str, ...]


@dataclass(frozen=True)
class _Packet:
    """The facts that are kept of a packet: it may carry no time of its own."""

    pts: int | None
    dts: int | None
    duration: int
    is_keyframe: bool
    is_reset: bool


def read_index(path: Place, position: int) -> FrameIndex | None:
    """The frames of stream number `position`; None if it has not a single one.

    Reads the file to its end, and decodes all of it where only the decoder knows the order of the frames.
    Packets that an edit list cuts off are no frames.
    """
    with open_source(path) as container:
        stream = video_stream(container, position)
        dated = container.format.name not in _UNDATED_CONTAINERS or not stream.codec_context.has_b_frames
        packets, damage = _read_packets(container, stream)
        nominal_step = _nominal_step(stream)
    timed = dated and all(packet.pts is not None for packet in packets)
    order = _order_by_pts(packets) if timed else _order_by_decoding(path, position)
    if not len(order):
        return None
    pts = _presentation_times([packets[rank] for rank in order], nominal_step)
    usual_step = int(np.median(np.diff(pts))) if len(pts) > 1 else 0
    return FrameIndex(
        timed=timed,
        pts=pts,
        keys=np.array([packets[rank].is_keyframe for rank in order], np.bool_),
        resets=np.array([packets[rank].is_reset for rank in order], np.bool_),
        decode_order=order,
        end_pts=int(pts[-1]) + (packets[int(order[-1])].duration or usual_step or nominal_step),
        damage=damage,
    )


def is_shown(packet: Packet) -> bool:
    """True if a packet stands for a frame: neither the end mark nor cut off by an edit list."""
    return packet.size > 0 and not packet.is_discard


def _read_packets(container: InputContainer, stream: VideoStream) -> tuple[list[_Packet], tuple[str, ...]]:
    """All shown packets in decoding order, and what was wrong with the container."""
    packets, corrupt, found, reached, damage = [], 0, 0, 0, []
    codec, header = stream.codec_context.name, stream.codec_context.extradata or b""
    try:
        for packet in demuxed(container, stream):
            found += packet.size > 0
            corrupt += packet.is_corrupt
            if packet.dts is not None and container.format.name == "avi":
                reached = packet.dts + 1  # AVI counts the places where nothing is new, which have no packet
            if is_shown(packet):
                is_reset = packet.is_keyframe and starts_anew(codec, header, packet)
                packets.append(
                    _Packet(packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe, is_reset)
                )
    except FFmpegError as error:
        damage.append(f"reading stopped after {found} video packets: {reason(error)}")
    if corrupt:
        damage.append(f"{corrupt} of {found} video packets are marked as damaged")
    if container.format.name in BROADCAST_CONTAINERS and stream.time_base:
        damage += _clock_starts([packet.dts for packet in packets], int(1 / stream.time_base))
    promised = stream.frames
    if promised and "mp4" in container.format.name:
        promised = len(stream.index_entries)  # edits may leave frames out, or show some twice
    if promised > max(found, reached):
        damage.append(f"the header promises {promised} video frames, {found} are there")
    return packets, tuple(damage)


def _clock_starts(dts: list[int | None], second: int) -> list[str]:
    """A sentence if decoding times go back by more than a second and stay there. second : ticks of one.

    A single wrong one is damage that is told elsewhere.
    """
    times = np.array([ticks for ticks in dts if ticks is not None], np.int64)
    if len(times) < 4:
        return []
    before, behind = np.minimum(times[:-3], times[1:-2]), np.maximum(times[2:-1], times[3:])
    starts = int(np.count_nonzero(behind < before - second))
    if not starts:
        return []
    anew = "anew" if starts == 1 else f"anew {starts} times"
    return [
        f"its clock starts {anew}, as in recordings put one behind the other, whose frames are mixed up here; "
        "to make them one film first: ffmpeg -i THIS.ts -c copy OTHER.ts"
    ]


def starts_anew(codec: str, header: bytes, packet: Packet) -> bool:
    """True if the keyframe is known to start decoding anew, so that nothing that lies before it is needed.

    codec : FFmpeg's name. header : the decoder's extradata.
    """
    if codec in _ALWAYS:
        return True
    if codec not in _RESETS:
        return False
    return any(unit_type(codec, unit) in _RESETS[codec] for unit in nal_units(codec, header, bytes(packet)))


def _order_by_pts(packets: list[_Packet]) -> NDArray[np.int64]:
    """Positions of the packets, in the order in which their frames are shown."""
    return np.argsort([packet.pts or 0 for packet in packets], kind="stable").astype(np.int64)


def _order_by_decoding(path: Place, position: int) -> NDArray[np.int64]:
    """The same, by the order in which the decoder gives the frames."""
    order: list[int] = []
    rank = 0
    with open_source(path) as container:
        stream = video_stream(container, position)
        for packet in demuxed(container, stream):
            if packet.size:
                packet.pts, rank = rank, rank + is_shown(packet)
            try:
                order += [frame.pts for frame in stream.decode(packet) if frame.pts is not None]
            except FFmpegError:
                continue  # a damaged frame is not in the order, and so is not promised to anyone
    return np.array(order, np.int64)


def _presentation_times(packets: list[_Packet], nominal_step: int) -> NDArray[np.int64]:
    """Ticks at which the frames of these packets are shown.

    Their own pts; where those are missing, their dts in order; where those are missing too, evenly spaced.
    """
    pts = [packet.pts for packet in packets if packet.pts is not None]
    dts = [packet.dts for packet in packets if packet.dts is not None]
    for times in (pts, dts):
        if len(times) == len(packets):
            return np.sort(np.array(times, np.int64))
    return np.arange(len(packets), dtype=np.int64) * nominal_step


def _nominal_step(stream: VideoStream) -> int:
    """The distance of two frames by the rate that the stream states, in ticks."""
    rate = stream.average_rate or stream.guessed_rate or _DEFAULT_RATE
    return max(round(1 / (rate * (stream.time_base or Fraction(1)))), 1)
