"""Small films for tests."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (160, 96)
TICK = Fraction(1, 600)


def write_traffic(path: Path, frames: int = 40, *, gop: int = 8, sound: bool = True, step: int = 20) -> Path:
    """Three squares: one drives to the right by 2 px a frame, two small ones stand, the upper one up to frame 9."""
    options = {
        "x264-params": f"keyint={gop}:min-keyint={gop}:open-gop=1:bframes=2:scenecut=0",
        "crf": "16",
        "preset": "ultrafast",
    }
    with av.open(str(path), "w", container_options={"video_track_timescale": "600"}) as out:
        video = out.add_stream("libx264", rate=Fraction(30), options=options)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.time_base = video.time_base = TICK
        audio = out.add_stream("aac", rate=48000) if sound else None
        for number in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
            left = 4 + 2 * (number % 50)
            picture[30:60, left : left + 30] = 220
            picture[70:86, 120:136] = 220
            picture[4:16, 144:156] = 220 if number < 10 else 40
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number * step + (number % 3), TICK
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            tone = (np.sin(np.arange(1600 * frames) / 20) * 9000).astype(np.float32)[None] / 32768
            sounded = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone), "fltp", "mono")
            sounded.sample_rate, sounded.pts, sounded.time_base = 48000, 0, Fraction(1, 48000)
            resampler = av.AudioResampler("fltp", "stereo", 48000, frame_size=1024)
            for part in [*resampler.resample(sounded), *resampler.resample(None)]:
                out.mux(audio.encode(part))
            out.mux(audio.encode(None))
    return path


def write_damaged(source: Path, path: Path, frames: Iterable[int]) -> Path:
    """The video with these frames, numbered as they are shown, overwritten by zeros."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = sorted((p for p in container.demux(video=0) if p.size), key=lambda packet: packet.pts)
    for number in frames:
        start, size = packets[number].pos, packets[number].size
        content[start : start + size] = bytes(size)
    path.write_bytes(content)
    return path


def run_in_chunks(*words) -> int:
    """Exit code of the command line in this process, with a chunk for each of the traffic's keyframes."""
    from pipeline import cli

    return cli.main([*map(str, words), "--workers", "0", "--chunk-frames", "8", "--quiet"])
