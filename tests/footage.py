"""Small videos that tests make themselves: frame number n is a flat picture of luma 20 + 3 n."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.proof.check_output import check_output
from pipeline.structures.chunk import Chunk
from pipeline.structures.colour import ColourTags
from pipeline.structures.video_info import StreamInfo, VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.read.decode import DecodedFrame, decode_yuv
from pipeline.video.write.mux import mux

TICK = Fraction(1, 600)

#: Ten frames of uneven length at 1/600 s.
UNEVEN = (0, 20, 45, 60, 80, 130, 150, 170, 260, 280)

#: x264: a keyframe every 8 frames, B-frames before them that need what lies behind the keyframe's back.
OPEN_GOPS = {"x264-params": "keyint=8:min-keyint=8:open-gop=1:bframes=3:b-adapt=0:scenecut=0", "crf": "12"}


def luma(number: int) -> int:
    """The luma that frame `number` is painted in."""
    return 20 + 3 * number


def number_of(plane: np.ndarray) -> int:
    """The number a decoded luma plane was painted for."""
    return round((float(np.median(plane)) - 20) / 3)


def good_frames(info: VideoInfo, chunk: Chunk, **how: Any) -> Iterator[DecodedFrame[YuvFrame]]:
    """The frames of a chunk, none of which may stand for one that does not decode."""
    for decoded in decode_yuv(info, chunk, **how):
        assert not decoded.repeated, f"frame {decoded.number} does not decode"
        yield decoded


def frame(number: int, width: int, height: int, layout: str = "yuv420p") -> av.VideoFrame:
    """Flat, but for a black top left corner that tells which way is up."""
    made = av.VideoFrame(width, height, layout)
    scale = 4 if "10" in layout else 1
    dtype = np.uint16 if scale == 4 else np.uint8
    for index, plane in enumerate(made.planes):
        pixels = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)
        pixels[...] = scale * (luma(number) if index == 0 else 128)
    pixels = np.frombuffer(memoryview(made.planes[0]), dtype).reshape(made.planes[0].height, -1)
    pixels[: height // 8, : width // 8] = 0
    return made


def write_clip(
    path: Path,
    pts: Sequence[int] = UNEVEN,
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    size: tuple[int, int] = (64, 48),
    layout: str = "yuv420p",
    time_base: Fraction = TICK,
    rotation: int = 0,
    sound: bool = False,
    sound_codec: str = "aac",
    subtitles: bool = False,
    chapters: Iterable[dict[str, Any]] = (),
    tags: dict[str, str] | None = None,
    format_: str | None = None,
    covers: int = 0,
) -> Path:
    """Write a clip with one video track and whatever else is asked for."""
    ticks_a_second = {"video_track_timescale": str(time_base.denominator)} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", format=format_, container_options=ticks_a_second) as out:
        out.metadata.update(tags or {})
        video = out.add_stream(codec, rate=Fraction(30), options=options or {"crf": "12"})
        video.width, video.height, video.pix_fmt = *size, layout
        video.codec_context.time_base = video.time_base = time_base
        if rotation:
            video.set_display_rotation(rotation)
        audio = out.add_stream(sound_codec, rate=48000) if sound else None
        if chapters:
            out.set_chapters(list(chapters))
        for number, ticks in enumerate(pts):
            picture = frame(number, *size, layout)
            picture.pts, picture.time_base = ticks, time_base
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        if audio is not None:
            _write_sound(out, audio, seconds=float((pts[-1] - pts[0]) * time_base) + 0.1)
    return path


def _write_sound(out: Any, audio: Any, seconds: float) -> None:
    samples = (np.sin(np.arange(int(48000 * seconds)) / 20) * 9000).astype(np.int16)
    resampler = av.AudioResampler(format=audio.format.name, layout="stereo", rate=48000)
    stereo = np.repeat(samples[None, :], 2, axis=0).T.reshape(1, -1)
    source = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo), format="s16", layout="stereo")
    source.sample_rate, source.pts, source.time_base = 48000, 0, Fraction(1, 48000)
    for part in resampler.resample(source):
        out.mux(audio.encode(part))
    out.mux(audio.encode(None))


def packets_of(path: Path, kind: str, nth: int = 0) -> list[tuple[int, bytes]]:
    """Each packet of the first stream of a kind, or of another one: pts and content."""
    with av.open(str(path)) as container:
        stream = [stream for stream in container.streams if stream.type == kind][nth]
        return [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.size]


def an_info(frames: int = 10, keys: Iterable[int] = (0,), **changes: Any) -> VideoInfo:
    """A source that exists nowhere: even frames of 64x48."""
    is_key = np.zeros(frames, np.bool_)
    is_key[list(keys)] = True
    values: dict[str, Any] = {
        "path": Path("nowhere.mp4"),
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "video": 0,
        "streams": (StreamInfo(0, "video", "h264", TICK, 0, frames, ("default",), {}),),
        "coded_width": 64,
        "coded_height": 48,
        "rotation": 0,
        "mirrored": False,
        "coded_sample_aspect": None,
        "pixel_format": "yuv420p",
        "bit_depth": 8,
        "colour": ColourTags(),
        "interlaced": False,
        "time_base": TICK,
        "average_rate": Fraction(30),
        "timed": True,
        "pts": np.arange(frames, dtype=np.int64) * 20,
        "keys": is_key,
        "resets": np.zeros(frames, np.bool_),
        "decode_order": np.arange(frames, dtype=np.int64),
        "end_pts": frames * 20,
        "metadata": {},
        "chapters": (),
    }
    return VideoInfo(**{**values, **changes})


def mux_proved(info: VideoInfo, parts: Sequence[Path], out: Path, **options: Any) -> tuple[str, ...]:
    """`mux` with the proof that a run makes before it publishes."""
    left_out = options.get("left_out", ())
    return mux(info, parts, out, prove=lambda path, kept: check_output(path, info, kept, left_out), **options)
