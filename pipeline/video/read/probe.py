"""Probes a path and returns its VideoInfo."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, repeat

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from pipeline.errors import InputError
from pipeline.storage.frame_film import check_alike, torn_frames
from pipeline.structures.address import FrameFolder, Place
from pipeline.structures.colour import UNSPECIFIED, ColourTags
from pipeline.structures.video_info import Chapter, StreamInfo, VideoInfo
from pipeline.video.colour.chroma_location import UNKNOWN_LOCATION, read_chroma_location
from pipeline.video.colour.light_metadata import frame_side_data, read_light
from pipeline.video.colour.pixels import to_rgb
from pipeline.video.headers.ebml import missing_bytes
from pipeline.video.read.cropping import cropping
from pipeline.video.read.index import FrameIndex, read_index
from pipeline.video.read.program_map import announced_media, is_sent
from pipeline.video.read.source import demuxed, open_bytes, open_source, size_of
from pipeline.video.write.codec_delay import codec_delays

#: What belongs to a frame and PyAV cannot put on one, by FFmpeg's names.
_SIDE_DATA = {
    "A53_CC": "closed captions",
    "SPHERICAL": "a 360 degree projection",
    "STEREO3D": "a stereo layout",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
    "DYNAMIC_HDR_VIVID": "HDR Vivid metadata",
}

#: BT.709: what RGB is converted to, as YUV is all that is painted on.
_MATRIX_FOR_RGB = 1

#: Pixels of a frame at H.265's largest level, 7.2, about 16384x8704: of more an encoder alone takes over 4 GB.
_MOST_PIXELS = 142_606_336

#: Bytes of an MPEG-TS packet: plain, with a time code before it, with error correction behind it.
_BROADCAST_PACKETS = (188, 192, 204)


def probe(path: Place) -> VideoInfo:
    """All that is to be known of a video: streams, each frame's pts, geometry, colour, metadata.

    Reads the whole file once, decodes a single frame. Raises InputError if there is no video in it, none that can be
    decoded, or one whose frames are too large for any encoder's format, or of pixels that nothing can convert;
    UsageError for frames that make no film.
    """
    if isinstance(path, FrameFolder):
        check_alike(path)
    with open_source(path) as container:
        delays = chain(codec_delays(path, container.format.name), repeat(Fraction(0)))
        # Matroska's tracks come first, and then what is attached.
        streams = tuple(_stream_info(*each) for each in zip(container.streams, delays, strict=False))
        stream = _choose_video(path, container, streams)
        _check_size(path, stream)
        _check_announced(path, container)
        index = read_index(path, stream.index)
        frame = next(_decodable(container, stream), None)
        if index is None or frame is None:
            raise InputError(
                f"{path} holds no video.",
                found=f"a {streams[stream.index].codec} stream without a single frame that can be decoded",
            )
        info = _video_info(path, container, stream, streams, index, frame)
        _check_convertible(info, frame)
        return info


def _stream_info(stream: Stream, delay: Fraction) -> StreamInfo:
    context = stream.codec_context
    return StreamInfo(
        index=stream.index,
        kind=stream.type,
        codec=context.codec.canonical_name if context is not None else "",
        time_base=stream.time_base or Fraction(1),
        start_pts=stream.start_time,
        packet_count=stream.frames,
        disposition=tuple(flag.name or "" for flag in Disposition if flag in stream.disposition),
        metadata=dict(stream.metadata),
        delay=delay,
    )


def _choose_video(path: Place, container: InputContainer, streams: tuple[StreamInfo, ...]) -> VideoStream:
    """The default video stream; of several, the largest picture, then the first."""
    videos = [
        stream
        for stream in container.streams
        if isinstance(stream, VideoStream)
        and stream.codec_context is not None
        and not streams[stream.index].is_picture
    ]
    if not videos:
        kinds = ", ".join(f"{stream.kind} {stream.codec}".strip() for stream in streams)
        raise InputError(f"{path} holds no video.", found=kinds or "a container without any stream")

    def rank(stream: VideoStream) -> tuple[bool, int, int]:
        context = stream.codec_context
        default = "default" in streams[stream.index].disposition
        return default, context.width * context.height, -stream.index

    return max(videos, key=rank)


def _check_size(path: Place, stream: VideoStream) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > _MOST_PIXELS:
        raise InputError(
            f"{path} has frames that are too large.",
            found=f"{width}x{height}; H.265 holds {_MOST_PIXELS} pixels, about 16384x8704",
            do="make it smaller first",
        )


def _check_announced(path: Place, container: InputContainer) -> None:
    """Raise InputError for a broadcast recording whose pictures or sound become others, in place or as a new stream.

    FFmpeg decodes a stream as what it was at first, and looks for streams in the first megabytes and in the last ones:
    sound that is heard in between alone would be lost.
    """
    if container.format.name != "mpegts":
        return
    announced = announced_media(path)
    changed = [names for names in announced.values() if len(names) > 1]
    unknown = announced.keys() - {other.id for other in container.streams}
    late = [announced[number][0] for number in sorted(unknown) if is_sent(path, number)]
    if changed or late:
        raise InputError(
            f"The pictures or the sound of {path} become others in mid-stream.",
            found=" then ".join(changed[0]) if changed else f"a new stream of {late[0]}",
            do="cut it there, by ffmpeg -c copy, and run each piece by itself",
        )


def _check_convertible(info: VideoInfo, frame: VideoFrame) -> None:
    """Raise InputError for pixels that FFmpeg's scaler writes and cannot read, such as two in a byte."""
    try:
        to_rgb(frame, info, 16, 16)
    except FFmpegError as error:
        raise InputError(
            f"The pixels of {info.path} cannot be read.",
            found=f"{info.pixel_format}, for which FFmpeg has no conversion",
            do="make them others first, such as yuv420p",
        ) from error


def _decodable(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames of a stream, past whatever cannot be read or decoded."""
    packets = demuxed(container, stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except FFmpegError:
            continue


def _video_info(
    path: Place,
    container: InputContainer,
    stream: VideoStream,
    streams: tuple[StreamInfo, ...],
    index: FrameIndex,
    frame: VideoFrame,
) -> VideoInfo:
    rotation, mirrored = _orientation(frame)
    return VideoInfo(
        path=path,
        container=container.format.name,
        video=stream.index,
        streams=streams,
        coded_width=frame.width,
        coded_height=frame.height,
        rotation=rotation,
        mirrored=mirrored,
        coded_sample_aspect=stream.sample_aspect_ratio or None,
        pixel_format=frame.format.name,
        bit_depth=frame.format.components[0].bits,
        colour=_colour(frame, stream),
        interlaced=frame.interlaced_frame,
        time_base=stream.time_base or Fraction(1),
        average_rate=stream.average_rate,
        timed=index.timed,
        pts=index.pts,
        keys=index.keys,
        resets=index.resets,
        decode_order=index.decode_order,
        end_pts=index.end_pts,
        metadata=dict(container.metadata),
        chapters=tuple(
            Chapter(
                chapter["start"],
                chapter["end"],
                chapter["time_base"] or Fraction(1),
                dict(chapter["metadata"]),
            )
            for chapter in container.chapters()
        ),
        damage=(*index.damage, *_torn(path, container.format.name)),
        light=read_light(frame),
        side_data=(*_side_data(frame), *_cropping(path, container, stream, frame)),
        top_field_first=not frame.interlaced_frame or _is_top_first(frame),
        chroma_location=UNKNOWN_LOCATION if rotation or mirrored else read_chroma_location(frame),
    )


def _is_top_first(frame: VideoFrame) -> bool:
    """The frame's own word: MOV and Matroska have the same numbers for it with opposite meanings.

    PyAV does not show it, and FFmpeg's filter does: it lets the frame through, or not.
    """
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
    )
    chosen = graph.add("select", "eq(interlace_type,TOPFIRST)")
    graph.link_nodes(source, chosen, graph.add("buffersink")).configure()
    graph.push(frame)
    graph.push(None)
    try:
        graph.pull()
    except EOFError:
        return False
    return True


def _side_data(frame: VideoFrame) -> Iterator[str]:
    there = frame_side_data(frame)
    return (words for name, words in _SIDE_DATA.items() if there.get(name) is not None)


def _cropping(
    path: Place, container: InputContainer, stream: VideoStream, frame: VideoFrame
) -> tuple[str, ...]:
    place = sum(other.index < stream.index for other in container.streams.video)
    return cropping(path, container.format.name, stream.id, place, (frame.width, frame.height))


def _torn(path: Place, container: str) -> list[str]:
    """Sentences on frames that end too soon, and on the part or broadcast packet that the end of a file cuts off.

    Matroska's parts tell their lengths, and all packets of a broadcast have one.
    """
    if isinstance(path, FrameFolder):
        return torn_frames(path)
    size = size_of(path)
    if "matroska" in container:
        with open_bytes(path) as file:
            missing = missing_bytes(file, size)
        return [f"the file ends {missing} bytes before its header says"] if missing else []
    rest = min(size % packet for packet in _BROADCAST_PACKETS)
    if container != "mpegts" or rest == 0:
        return []
    return [f"the file ends in the middle of a packet, {size % _BROADCAST_PACKETS[0]} bytes into it"]


def _orientation(frame: VideoFrame) -> tuple[int, bool]:
    """Degrees clockwise that turn the frame upright, and whether it has to be mirrored before.

    The display matrix maps a stored point (x, y), y down, to (a x + c y, b x + d y) (ISO 14496-12, 6.2.2).
    Other angles than quarter turns are taken to the nearest one.
    """
    side_data = frame_side_data(frame).get("DISPLAYMATRIX")
    if side_data is None:
        # FFmpeg's angle is counter-clockwise; it is there even where PyAV cannot read the matrix.
        return round(-frame.rotation / 90) * 90 % 360, False
    a, b, _, c, d = np.frombuffer(bytes(side_data), np.int32)[:5].astype(np.float64)
    mirrored = bool(a * d - b * c < 0)
    sign = -1 if mirrored else 1
    return round(math.degrees(math.atan2(sign * b, sign * a)) / 90) * 90 % 360, mirrored


def _colour(frame: VideoFrame, stream: VideoStream) -> ColourTags:
    """Tags of the decoded frame, else those of the container; for RGB, of what it is converted to."""
    context = stream.codec_context

    def tag(name: str) -> int:
        own = int(getattr(frame, name))
        return own if own != UNSPECIFIED else int(getattr(context, name))

    if frame.format.is_rgb:
        return ColourTags(matrix=_MATRIX_FOR_RGB, full_range=False)
    ranges = {
        int(ColorRange.MPEG): False,
        int(ColorRange.JPEG): True,
    }
    full_range = ranges.get(int(frame.color_range), ranges.get(int(context.color_range)))
    return ColourTags(
        matrix=tag("colorspace"),
        primaries=tag("color_primaries"),
        transfer=tag("color_trc"),
        full_range=True if frame.format.name.startswith("yuvj") else full_range,
    )
