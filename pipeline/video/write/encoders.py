"""An encoder that is known to work here for a source and settings, with every option it is given."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from pipeline.errors import ConfigError, MediaError
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.chroma_location import chroma_location_parameters
from pipeline.video.colour.light_metadata import light_parameters
from pipeline.video.read.source import reason
from pipeline.video.settings import H264_CRF, EncodeSettings
from pipeline.video.write.timeline import output_timeline


@dataclass(frozen=True)
class _Kind:
    """The options of one encoder.

    quality : its option for constant quality. crf : the default here. layouts : pixel layouts by bit depth, in even
    sizes and in odd ones. options : always given. preset, fast : given where no preset is asked for, without and
    with --fast.
    """

    quality: str
    crf: int
    layouts: dict[int, tuple[str, str]]
    options: dict[str, str]
    preset: dict[str, str]
    fast: dict[str, str]


#: What x264 tries costs more than what it writes, and all else shares the cores. At 720p veryfast takes
#: 25 CPU ms a frame, without the smaller blocks of moving parts and the choice of B-frames 18, for 4 % more bytes at
#: equal SSIM (four clips). Superfast with the macroblock tree takes as long as without (14 ms), for 13 to 43 % fewer.
_X264_QUICK = "partitions=i8x8:b-adapt=0"
_X264_FAST = "mbtree=1:rc-lookahead=10:b-adapt=0"

#: CRF 23 of x265 and 30 of SVT-AV1 look like that of x264 here. From preset 10 on SVT-AV1 leaves places as they were
#: for a frame: bright squares of 8 px on a dark road, off by up to 85 of 255 levels.
_KINDS = {
    "libx264": _Kind(
        "crf",
        H264_CRF,
        {8: ("yuv420p", "yuv444p"), 10: ("yuv420p10le", "yuv444p10le")},
        {"bf": "2"},
        {"preset": "veryfast", "x264-params": _X264_QUICK},
        {"preset": "superfast", "x264-params": _X264_FAST},
    ),
    "libx265": _Kind(
        "crf",
        23,
        {8: ("yuv420p", "yuv444p"), 10: ("yuv420p10le", "yuv444p10le")},
        {"bf": "2"},
        {"preset": "veryfast"},
        {"preset": "superfast"},
    ),
    "libsvtav1": _Kind(
        "crf",
        30,
        {8: ("yuv420p", "yuv420p"), 10: ("yuv420p10le", "yuv420p10le")},
        {},
        {"preset": "8"},
        {"preset": "9"},
    ),
    "h264_nvenc": _Kind(
        "cq",
        21,
        {8: ("yuv420p", "yuv444p")},
        {"rc": "vbr", "bf": "2"},
        {"preset": "p5"},
        {"preset": "p2"},
    ),
    "hevc_nvenc": _Kind(
        "cq",
        24,
        {8: ("yuv420p", "yuv444p"), 10: ("p010le", "yuv444p16le")},
        {"rc": "vbr", "bf": "2"},
        {"preset": "p5"},
        {"preset": "p2"},
    ),
}


#: Encoders that code two fields as one frame, and tell players so; of x264's frames the rows have to be whole fours.
_TELL_FIELDS, _ROWS_OF_FIELDS = {"libx264"}, 4
_IN_FIELDS = "+ilme+ildct"


@dataclass(frozen=True)
class Encoder:
    """An encoder with its options; equal values give equal bytes.

    name : FFmpeg's name. layout : pixel layout it is fed. options : what it is opened with. bitrate : bits a
    second, None for constant quality. threads : how many it uses.
    """

    name: str
    layout: str
    options: tuple[tuple[str, str], ...]
    bitrate: int | None
    threads: int


def probe_encoder(info: VideoInfo, settings: EncodeSettings) -> Encoder:
    """The encoder to use for this source, tried on two frames of its size.

    Odd sizes are encoded in 4:4:4 (but for AV1): 4:2:0 has no odd sizes in H.264 and HEVC, and the output is
    to have the size of the source. Raises MediaError if the encoder does not work on this machine,
    ConfigError if it can't hold the source's bit depth.
    """
    failure: MediaError | None = None
    for name in _candidates(info) if settings.encoder == "auto" else (settings.encoder,):
        encoder = _resolve(info, settings, name)
        try:
            _try(info, encoder)
        except MediaError as error:
            failure = failure or error
        else:
            return encoder
    assert failure is not None
    raise failure


def tells_fields(encoder: Encoder) -> bool:
    """True if it is to code each frame as two fields."""
    return dict(encoder.options).get("flags") == _IN_FIELDS


def _candidates(info: VideoInfo) -> tuple[str, ...]:
    """The encoders that `auto` tries: H.264 plays everywhere; with 10 bit it hardly plays anywhere, and H.265 does."""
    return ("libx264",) if info.bit_depth <= 8 else ("libx265", "libx264")


def _try(info: VideoInfo, encoder: Encoder) -> None:
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            _encode_two_frames(open_encoder(container, info, encoder), info, encoder)
    except (FFmpegError, UnknownCodecError, OSError, ValueError) as error:
        raise MediaError(
            f"The encoder {encoder.name} cannot encode {info.width}x{info.height} {encoder.layout} here.",
            found=reason(error),
            do="leave out --encoder and --preset for the default, or choose another encoder",
        ) from error


def open_encoder(container: OutputContainer, info: VideoInfo, encoder: Encoder) -> VideoStream:
    """The encoder as the one stream of `container`, set to the source's size, times, colour and aspect."""
    if encoder.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # it writes to stderr itself, unless told to keep to errors
    time_base = output_timeline(info).time_base
    stream = container.add_stream(encoder.name, rate=frame_rate(info), options=dict(encoder.options))
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height = info.width, info.height
    context.pix_fmt = encoder.layout
    context.thread_count = encoder.threads
    context.time_base = stream.time_base = time_base
    if info.sample_aspect is not None:
        context.sample_aspect_ratio = info.sample_aspect
    context.colorspace, context.color_primaries = info.colour.matrix, info.colour.primaries
    context.color_trc = info.colour.transfer
    if info.colour.full_range is not None:
        context.color_range = int(ColorRange.JPEG if info.colour.full_range else ColorRange.MPEG)
    if encoder.bitrate is not None:
        context.bit_rate = encoder.bitrate
    return stream


def _encode_two_frames(stream: VideoStream, info: VideoInfo, encoder: Encoder) -> None:
    for number in range(2):
        frame = VideoFrame(info.width, info.height, encoder.layout)
        frame.pts, frame.time_base = number, stream.codec_context.time_base
        stream.encode(frame)
    if not stream.encode(None):
        raise ValueError("it gave no packet for two frames")


def _resolve(info: VideoInfo, settings: EncodeSettings, name: str) -> Encoder:
    kind = _KINDS[name]
    depth = 8 if info.bit_depth <= 8 else 10
    if depth not in kind.layouts:
        raise ConfigError(
            f"{name} would lose the {info.bit_depth} bits of {info.path}.",
            found=f"it encodes {max(kind.layouts)} bit",
            do="leave out --encoder, or choose libx265 or hevc_nvenc",
        )
    preset = kind.fast if settings.fast else kind.preset
    options = {
        **kind.options,
        **_joined(
            preset if settings.preset is None else {"preset": settings.preset},
            _private_options(name, settings.threads),
            light_parameters(name, info.light),
            chroma_location_parameters(name, info.chroma_location),
            _field_options(name, info),
        ),
    }
    if settings.bitrate is None:
        options[kind.quality] = str(kind.crf if settings.crf is None else settings.crf)
    odd = bool(info.width % 2 or info.height % 2)
    return Encoder(name, kind.layouts[depth][odd], tuple(options.items()), settings.bitrate, settings.threads)


def _private_options(name: str, threads: int) -> dict[str, str]:
    """The options that make an encoder's output depend on its input and options alone."""
    if name == "libx264" and _has_avx512():
        # x264's macroblock tree reads memory behind its rows with AVX-512: seen at 70x38 and 320x180, where
        # the same frames gave different bytes in 5 of 8 runs, and the same in all with AVX2 at most.
        return {"x264-params": "asm=avx2"}
    if name == "libx265":
        return {"x265-params": f"pools=none:frame-threads={threads}:open-gop=0:log-level=error"}
    return {"svtav1-params": f"lp={threads}"} if name == "libsvtav1" else {}


def _field_options(name: str, info: VideoInfo) -> dict[str, str]:
    """The options that make an encoder code each frame as two fields; none for progressive frames."""
    if name not in _TELL_FIELDS or info.field_order == "progressive" or info.height % _ROWS_OF_FIELDS:
        return {}
    is_top = info.field_order == "top field first"
    return {"flags": _IN_FIELDS, "x264-params": "tff=1" if is_top else "bff=1"}


def _joined(*all_options: dict[str, str]) -> dict[str, str]:
    """All of them; parameters for the same option of an encoder one after the other."""
    made: dict[str, str] = {}
    for options in all_options:
        for name, value in options.items():
            made[name] = f"{made[name]}:{value}" if name in made else value
    return made


@cache
def _has_avx512() -> bool:
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "avx512" in cpuinfo.read_text(encoding="utf-8", errors="replace")


def frame_rate(info: VideoInfo) -> Fraction:
    """The frame rate for encoders that need one: the same for every part of a video."""
    average = info.frame_count / info.duration_seconds
    return max(average.limit_denominator(1001), Fraction(1, 1001))
